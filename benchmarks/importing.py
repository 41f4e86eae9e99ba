"""What a command takes beside its work: starting, small files, and frames of large ones.

Budgets, in CPU seconds of the process, the best of some runs:

- ``--help`` and ``tasks list``: 0.4 s in all.
- ``data import`` of 120 frames and ``predictions import`` of 2,868: at most 1 s beyond starting
  Python and its libraries, and beyond parsing.
- ``data import`` of 20,000 frames in npz, whose parsing is nothing: 20,000 frames a second.

Starting is the same command on what it refuses at once, with its modules imported. Parsing is ASE's
own reading of the file. A last line, without a budget, is for extended XYZ in which each of 20,000
frames has a name of its own: frames then come one at a time.

    python benchmarks/importing.py
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms

from mlip_compose.store.catalogue import open_dataset

HELP = 0.4  # s
SMALL = 1.0  # s
LARGE = 20_000  # frames a second
RUNS = 3
REFERENCE = ("-n", "x", "-r", "gfn2-xtb")
IMPORTS = """
import sys
import mlip_compose.cli.app
import mlip_compose.datasets.importing.importing
import mlip_compose.predictions.exchange.importing
import mlip_compose.store.catalogue
import rdkit.Chem.rdDetermineBonds
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        good = [
            within("--help", command("--help"), HELP),
            within("tasks list", command("tasks", "list"), HELP),
            *small_files(),
            large_file(),
        ]
        names_of_their_own()
    raise SystemExit(not all(good))


def within(what: str, seconds: float, budget: float) -> bool:
    """Print a time beside its budget."""
    print(f"{what:60s} {seconds:6.2f} s (budget: {budget} s)", flush=True)
    return seconds <= budget


def command(*arguments: str) -> float:
    """Return the CPU time of a command, in seconds: the least of some runs."""
    return min(spent(sys.executable, "-m", "mlip_compose", *arguments) for _ in range(RUNS))


def spent(*words: str) -> float:
    for path in Path().glob("out.h5*"):
        path.unlink()
    before = os.times()
    subprocess.run(words, check=True, capture_output=True)
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])


def started() -> float:
    """Return the CPU time of starting Python and the libraries of an import."""
    return min(spent(sys.executable, "-c", IMPORTS) for _ in range(RUNS))


def parsed(path: Path) -> float:
    """Return the CPU time in which ASE reads a file."""
    start = time.process_time()
    ase.io.read(path, ":", format="extxyz")
    return time.process_time() - start


def small_files() -> list[bool]:
    """Import 120 labelled frames, and predictions of a split of mini-v1."""
    images = [image for name in ("OH-4-H", "F-3-H", "H-5-H") for image in labelled(name)]
    ase.io.write("small.xyz", images, format="extxyz")
    export = ("data", "export", "mini-v1", "--task", "length", "-o", "split")
    spent(sys.executable, "-m", "mlip_compose", *export)
    predictions = []
    for part in ("ood", "id"):
        for image in ase.io.read(f"split/{part}.xyz", ":"):
            image.info["ml_energy"] = image.info["REF_energy"] + 0.01
            image.arrays["ml_forces"] = image.arrays["REF_forces"] * 1.01
            predictions.append(image)
    ase.io.write("predictions.xyz", predictions, format="extxyz")
    start = started()
    print(f"{'starting Python and the libraries of an import':60s} {start:6.2f} s")
    jobs = {
        "small.xyz": ("data", "import", "small.xyz", *REFERENCE),
        "predictions.xyz": ("predictions", "import", "predictions.xyz", "--name", "a"),
    }
    return [
        within(
            f"{' '.join(words[:2])} of {len(images if name == 'small.xyz' else predictions):,}"
            " frames, beyond starting and parsing",
            command(*words, "-o", "out.h5") - start - parsed(Path(name)),
            SMALL,
        )
        for name, words in jobs.items()
    ]


def labelled(name: str) -> list[Atoms]:
    """Return the primary frames of a molecule of mini-v1, with labels, as others write them."""
    store = open_dataset("mini-v1")
    frames, numbers = store.frames(name, "primary"), store.molecules[name].numbers
    images = []
    for positions, energy, forces in zip(
        frames.positions, frames.energy, frames.forces, strict=True
    ):
        image = Atoms(numbers, positions.astype(float), info={"REF_energy": energy, "name": name})
        image.arrays["REF_forces"] = forces.astype(float)
        images.append(image)
    return images


def many(count: int) -> tuple[np.ndarray, ...]:
    """Return numbers, positions, energies and forces of frames of ethanol, turned at random."""
    store = open_dataset("core-v1")
    frames, molecule = store.frames("OH-2-H", "primary"), store.molecules["OH-2-H"]
    rows = np.arange(count) % len(frames)
    turns = np.linalg.qr(np.random.default_rng(0).normal(size=(count, 3, 3)))[0]
    turns[np.linalg.det(turns) < 0, :, 0] *= -1
    positions = frames.positions[rows].astype(float) @ turns
    return (
        molecule.numbers,
        positions,
        frames.energy[rows],
        frames.forces[rows].astype(float) @ turns,
    )


def large_file() -> bool:
    """Import 20,000 frames of one molecule from npz."""
    numbers, positions, energies, forces = many(20_000)
    np.savez("large.npz", z=numbers, R=positions, E=energies, F=forces)
    units = ("--energy-unit", "eV", "--force-unit", "eV/Angstrom")
    words = ("data", "import", "large.npz", *REFERENCE, *units, "-o", "out.h5")
    seconds = command(*words) - started()
    rate = len(energies) / seconds
    print(
        f"{'data import of 20,000 frames in npz, beyond starting':60s} {rate:6.0f} frames/s "
        f"(budget: {LARGE:,})",
        flush=True,
    )
    return rate >= LARGE


def names_of_their_own() -> None:
    """Import 20,000 frames that have a name each."""
    numbers, positions, energies, forces = many(20_000)
    images = []
    for row, energy in enumerate(energies):
        image = Atoms(numbers, positions[row], info={"REF_energy": energy, "name": f"frame{row}"})
        image.arrays["REF_forces"] = forces[row]
        images.append(image)
    ase.io.write("named.xyz", images, format="extxyz")
    words = ("data", "import", "named.xyz", *REFERENCE, "-o", "out.h5")
    seconds = spent(sys.executable, "-m", "mlip_compose", *words) - started()
    beyond = seconds - parsed(Path("named.xyz"))
    print(
        f"data import of 20,000 frames with a name each: {seconds:.1f} s beyond starting, "
        f"{len(energies) / beyond:.0f} frames/s beyond parsing"
    )


if __name__ == "__main__":
    main()
