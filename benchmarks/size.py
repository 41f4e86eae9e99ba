"""A data set of the size of GMD-26: imported, checked and read in 2 GB, and faster than by ASE.

118 molecules with 2,013 primary and 500 secondary frames each, 296,534 in all. They are the ten
families with n = 1..12 without methane and one more, for which molecules GMD-26 holds is not known
here. The frames are normal deviates of 0.05 Angstrom around the minima of mini-v1 with the energies
and forces of springs: made up, but forces are the gradients of the energies.

Each step runs in a process of its own, so that its peak memory is its own:

- npz files in the layout of MD17, two a molecule, are imported;
- extended XYZ, the training frames of the task `length` at level 2, is imported;
- the store is checked by ``data check --sample 0``;
- the store is opened, and the training frames of `length` are read, and read again;
- the same frames are read from extended XYZ by ``ase.io.read``: the store must be 20 times faster.

    python benchmarks/size.py [--frames 296534] [--keep FOLDER]

Seconds are of CPU time. The exit status is 1 where a budget is exceeded or a check fails. With
fewer frames the ratio is shown and not judged: opening costs the same however few are read.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from mlip_compose.core.units import KCAL_PER_MOL
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.tasks.rules import TASKS

MOLECULES, FRAMES, SECONDARY_SHARE = 118, 296_534, 500 / 2_513
LEFT_OUT = "CN-6-H"
DEVIATION, SPRING = 0.05, 20.0  # Angstrom, eV/Angstrom^2
TASK, LEVEL = "length", 2
GIGABYTES, FACTOR = 2.0, 20.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=FRAMES, help="in all")
    parser.add_argument("--keep", type=Path, help="where to keep the files")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        print(json.dumps(measured(STEPS[arguments.step], arguments.keep)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        made = make_files(folder, arguments.frames // MOLECULES)
        print(f"{made:,} frames of {MOLECULES} molecules, {size(folder / 'npz'):.2f} GB of npz")
        results = {step: in_process(step, folder) for step in STEPS}
    ratio = results["ase"]["seconds"] / results["read"]["seconds"]
    print(f"the store is read {ratio:.0f} times faster than extended XYZ (budget: {FACTOR:.0f})")
    peak = max(result["peak_GB"] for step, result in results.items() if step != "ase")
    print(f"largest peak {peak:.2f} GB (budget: {GIGABYTES:.0f})")
    too_slow = arguments.frames >= FRAMES and ratio < FACTOR
    sys.exit(too_slow or peak > GIGABYTES or results["check"]["failed_checks"] > 0)


def size(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e9


def make_files(folder, per_molecule):
    """Write the npz files, and the training frames of the task as one file of extended XYZ."""
    mini = open_dataset("mini-v1")
    names = [n for n, m in mini.molecules.items() if m.is_monofunctional and n != LEFT_OUT]
    train = TASKS[TASK].split([mini.molecules[name] for name in names], LEVEL).train
    secondary = round(per_molecule * SECONDARY_SHARE)
    rng = np.random.default_rng(0)
    (folder / "xyz").mkdir(parents=True, exist_ok=True)
    with (folder / "xyz" / "length.xyz").open("w") as xyz:
        for name in names:
            numbers, minimum = mini.molecules[name].numbers, mini.minimum(name)
            rigid = rigid_motions(minimum.positions[0].astype(np.float64))
            target = folder / "npz" / name
            target.mkdir(parents=True, exist_ok=True)
            for kind, count in (("primary", per_molecule - secondary), ("secondary", secondary)):
                shift = rng.normal(scale=DEVIATION, size=(count, len(numbers), 3))
                shift -= (shift.reshape(count, -1) @ rigid @ rigid.T).reshape(shift.shape)
                positions = minimum.positions[0].astype(np.float64) + shift
                energy = minimum.energy[0] + 0.5 * SPRING * (shift**2).sum(axis=(1, 2))
                arrays = {"z": numbers, "R": positions}
                arrays |= {"E": energy[:, None] / KCAL_PER_MOL, "F": -SPRING * shift / KCAL_PER_MOL}
                np.savez(target / f"{kind}.npz", **arrays)
                if kind == "primary" and name in train:
                    write_xyz(xyz, numbers, positions, energy, -SPRING * shift)
    return per_molecule * len(names)


def rigid_motions(positions):
    """Return orthonormal translations and rotations, (3 N, 6): energies do not depend on them."""
    arms = positions - positions.mean(axis=0)
    moves = [np.broadcast_to(axis, arms.shape) for axis in np.eye(3)]
    moves += [np.cross(axis, arms) for axis in np.eye(3)]
    return np.linalg.qr(np.stack(moves).reshape(6, -1).T)[0]


def write_xyz(file, numbers, positions, energy, forces):
    from ase.data import chemical_symbols

    symbols = [chemical_symbols[number] for number in numbers]
    for frame in range(len(energy)):
        file.write(f"{len(symbols)}\nProperties=species:S:1:pos:R:3:REF_forces:R:3 ")
        file.write(f'REF_energy={energy[frame]:.8f} pbc="F F F"\n')
        rows = np.hstack([positions[frame], forces[frame]])
        for symbol, row in zip(symbols, rows, strict=True):
            file.write(f"{symbol} " + " ".join(f"{value:.8f}" for value in row) + "\n")


def in_process(step, folder):
    command = [sys.executable, __file__, "--step", step, "--keep", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result = json.loads(done.stdout.splitlines()[-1])
    shown = ", ".join(f"{key} {value:,.3f}" for key, value in result.items())
    print(f"{step:11s} {shown}", flush=True)
    return result


def measured(step, folder):
    cpu = time.process_time()
    result = step(folder)
    result.setdefault("seconds", time.process_time() - cpu)
    return result | {"peak_GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9}


def import_npz(folder):
    return import_from(folder / "npz", folder / "store.h5")


def import_xyz(folder):
    return import_from(folder / "xyz" / "length.xyz", folder / "slice.h5")


def import_from(source, target):
    from mlip_compose.datasets.importing.importing import ImportOptions, import_data

    target.unlink(missing_ok=True)
    outcome = import_data(source, target, ImportOptions("size", "springs"))
    return {"frames": outcome.frames, "GB_on_disk": target.stat().st_size / 1e9}


def check(folder):
    from mlip_compose.datasets.checking.check import check_store

    report = check_store(folder / "store.h5", sample=0, watch=lambda what, done: None)
    for each in report.checks:
        if each.passed is False:
            print(f"FAILED {each.name}: {each.found}", file=sys.stderr)
    return {"failed_checks": sum(each.passed is False for each in report.checks)}


def read(folder):
    start = time.process_time()
    store = open_dataset(str(folder / "store.h5"))
    opened = time.process_time()
    names = TASKS[TASK].split(store.molecules.values(), LEVEL).train
    frames = sum(len(store.frames(name, "primary")) for name in names)
    first = time.process_time()
    for name in names:
        store.frames(name, "primary")
    again = time.process_time()
    return {
        "frames": frames,
        "opening": opened - start,
        "seconds": first - start,
        "reading_again": again - first,
    }


def ase(folder):
    import ase.io

    start = time.process_time()
    frames = ase.io.read(folder / "xyz" / "length.xyz", ":")
    return {"frames": len(frames), "seconds": time.process_time() - start}


STEPS = {"import": import_npz, "import xyz": import_xyz, "check": check, "read": read, "ase": ase}

if __name__ == "__main__":
    main()
