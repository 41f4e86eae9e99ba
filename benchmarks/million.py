"""What a data set of many molecules costs, stage by stage, at 1,000 and at 10,000 molecules.

X-(CH2)n-Y has 4,400 molecules, so these are others: chains of 3 to 12 carbons that bear
substituents, between two of the ten end groups; no two have the same InChIKey. Each has 8 primary
and 2 secondary frames of random numbers, and a minimum. Half of them are trained on. Each stage
runs in a process of its own; shown are seconds of CPU time and how much memory came with the stage,
a molecule, and the power of the number of molecules with which the seconds grow.

    python benchmarks/million.py [--json] [number ...]
    python benchmarks/million.py --isomers [number ...]

The second counts the pairs of molecules that the search for near-duplicate frames has to compare.

``docs/scaling.md`` carries these to a million molecules; nothing here has a budget.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import json
import math
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from mlip_compose.core.records import Comparison, Frames, Molecule, Split
from mlip_compose.molecules.groups import END_GROUPS
from mlip_compose.molecules.perception import molecule_of_rdkit

NUMBERS = (1_000, 10_000)
PRIMARY, SECONDARY = 8, 2
BRANCHES = ("", "", "", "", "(C)", "(CC)", "(O)", "(N)", "(F)", "(Cl)", "(C#N)", "(C(=O)O)")
HEADER = {"reference": "none", "reference_settings": {}, "sampling": {}, "software": {}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("numbers", nargs="*", type=int, default=NUMBERS)
    parser.add_argument("--json", action="store_true", help="stdout is JSON alone")
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--isomers", action="store_true", help="count pairs of one formula alone")
    given = parser.parse_args()
    if given.isomers:
        for number in given.numbers:
            print(f"{number:9,} molecules: {isomers(number):.3f} pairs of one formula each")
        return
    if given.stage:
        print(json.dumps(measured(given.stage, given.folder, given.numbers[0])))
        return
    found = {number: stages(number) for number in given.numbers}
    if given.json:
        print(json.dumps(found))
        return
    first, last = given.numbers[0], given.numbers[-1]
    for stage in STAGES:
        for number in given.numbers:
            result = found[number][stage]
            shown = ", ".join(f"{key} {value:,.4g}" for key, value in result.items())
            print(f"{stage:12s} {number:7,} molecules, each: {shown}")
        if first != last:
            seconds = [found[number][stage]["ms"] * number for number in (first, last)]
            power = math.log(seconds[1] / seconds[0]) / math.log(last / first)
            print(f"{stage:12s} grows with the power {power:.2f}")


def stages(number: int) -> dict[str, dict[str, float]]:
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for stage in STAGES:
            command = [sys.executable, __file__, str(number), "--stage", stage, "--folder", folder]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            found[stage] = json.loads(done.stdout.splitlines()[-1])
            print(stage, found[stage], file=sys.stderr, flush=True)
    return found


def measured(stage: str, folder: Path, number: int) -> dict[str, float]:
    """Return what a stage takes a molecule: CPU time, memory, and what it says itself."""
    prepare, work = STAGES[stage]
    given = prepare(folder, number)
    before, start = peak(), time.process_time()
    said = work(folder, *given) or {}
    milliseconds = 1000 * (time.process_time() - start)
    found = {"ms": milliseconds, "kB of memory": (peak() - before) / 1e3} | said
    return {key: value / number for key, value in found.items()}


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def nothing(folder: Path, number: int) -> tuple[int]:
    return (number,)


def made_up() -> Iterator[str]:
    """Yield SMILES, some of them of the same molecule."""
    rng = np.random.default_rng(0)
    groups = list(END_GROUPS.values())
    while True:
        left, right = (groups[i] for i in rng.integers(len(groups), size=2))
        chain = rng.integers(len(BRANCHES), size=rng.integers(3, 13))
        yield left.left + "".join(f"C{BRANCHES[i]}" for i in chain) + right.right


def isomers(number: int) -> float:
    """Return how many pairs of a training and a test molecule share a formula, a molecule."""
    from rdkit import Chem
    from rdkit.Chem.rdMolDescriptors import CalcMolFormula

    made = made_up()
    formulas: dict[str, str] = {}
    while len(formulas) < number:
        heavy = Chem.MolFromSmiles(next(made))
        formulas[Chem.MolToSmiles(heavy)] = CalcMolFormula(heavy)
    counts = Counter(formulas.values()).values()
    return sum(n * (n - 1) / 4 for n in counts) / number  # half are trained on, at random


def assemble(folder: Path, number: int) -> None:
    """Make the molecules with SMILES and InChIKey, and keep them for the other stages."""
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    made = made_up()
    molecules: dict[str, Molecule] = {}
    with BlockLogs():
        while len(molecules) < number:
            heavy = Chem.MolFromSmiles(next(made))
            key = Chem.MolToInchiKey(heavy)
            if key in molecules:
                continue
            name = f"L{len(molecules)}"  # parts play no role here
            molecules[key] = replace(molecule_of_rdkit(heavy), name=name, parts=None)
    (folder / "molecules").write_bytes(pickle.dumps(list(molecules.values())))


def kept(folder: Path, number: int) -> tuple[list[Molecule]]:
    return (pickle.loads((folder / "molecules").read_bytes()),)


def contents(molecules: list[Molecule]):
    rng = np.random.default_rng(1)
    for molecule in molecules:
        yield (
            molecule,
            [frames(rng, molecule, "primary", PRIMARY)]
            + [
                frames(rng, molecule, name, count)
                for name, count in (("secondary", SECONDARY), ("minimum", 1))
            ],
        )


def frames(rng: np.random.Generator, molecule: Molecule, trajectory: str, count: int) -> Frames:
    shape = (count, molecule.n_atoms, 3)
    positions = rng.normal(scale=3, size=shape).round(4)
    forces = rng.normal(size=shape) if trajectory != "minimum" else np.zeros(shape)
    return Frames(
        molecule.name, trajectory, np.arange(count), positions, rng.normal(size=count), forces
    )


def header():
    from mlip_compose.store.schema import StoreHeader

    return StoreHeader(name="many", **HEADER)


def write(folder: Path, molecules: list[Molecule]) -> dict[str, float]:
    from mlip_compose.store.writer import write_store

    write_store(folder / "store.h5", header(), contents(molecules))
    numbers = (3 * 4 * (2 * (PRIMARY + SECONDARY) + 1) * m.n_atoms for m in molecules)
    return {
        "kB on disk": (folder / "store.h5").stat().st_size / 1e3,
        "kB of positions and forces": sum(numbers) / 1e3,
        "atoms": sum(m.n_atoms for m in molecules),
    }


def parts(folder: Path, molecules: list[Molecule]) -> None:
    """Write each molecule to a file of its own and open them all, as a build does at its end."""
    from mlip_compose.store.reader import Store
    from mlip_compose.store.writer import write_store

    for each in contents(molecules):
        write_store(folder / "parts" / f"{each[0].name}.h5", header(), [each])
    opened = [Store(folder / "parts" / f"{m.name}.h5") for m in molecules]
    assert len(opened) == len(molecules)


def open_dataset(folder: Path, number: int) -> None:
    from mlip_compose.store.reader import Store

    assert len(Store(folder / "store.h5").molecules) == number


def opened(folder: Path, number: int):
    from mlip_compose.store.reader import Store

    store = Store(folder / "store.h5")
    names = list(store.molecules)
    half = len(names) // 2
    shuffled = [names[i] for i in np.random.default_rng(2).permutation(len(names))]
    return store, Split("many", 1, tuple(shuffled[:half]), tuple(shuffled[half:]))


def read(folder: Path, store, split: Split) -> None:
    for name in store.molecules:
        store.frames(name, "primary")


def selected(folder: Path, number: int):
    from mlip_compose.tasks.selection import select_frames

    store, split = opened(folder, number)
    return store, split, select_frames(split, store.n_frames, None, 0)


def plan(folder: Path, store, split: Split) -> dict[str, float]:
    """Choose the frames of a split, and say what a training depends on."""
    from mlip_compose.core.documents import canonical_json
    from mlip_compose.potentials.entry import Entry
    from mlip_compose.studies.plan import training_of
    from mlip_compose.tasks.selection import select_frames

    selection = select_frames(split, store.n_frames, None, 0)
    training = training_of(store, "many", Entry(potential="additive"), 0, selection)
    return {"kB of a training's identity": len(canonical_json(training.identity)) / 1e3}


def certify(folder: Path, store, split: Split) -> dict[str, float]:
    from mlip_compose.tasks.certificate import certify as certificate_of

    certificate = certificate_of(split, store.molecules.values())
    return {"kB of certificate": len(json.dumps(certificate.to_json())) / 1e3}


def leaks(folder: Path, store, split: Split, selection) -> None:
    from mlip_compose.tasks.leaks import shared_frames, shared_molecules

    assert not shared_molecules(
        *((store.molecules[n] for n in p) for p in (split.train, split.ood))
    )
    assert not shared_frames(store.molecules, selection, store.frames)


def compared(folder: Path, number: int):
    """Return comparisons of made-up predictions, with the novel atoms of the OOD molecules."""
    store, split = opened(folder, number)
    rng = np.random.default_rng(3)
    comparisons = []
    for part, names, count in (("id", split.train, SECONDARY), ("ood", split.ood, PRIMARY)):
        for name in names:
            molecule = store.molecules[name]
            label = frames(rng, molecule, "primary", count)
            comparisons.append(
                Comparison(
                    molecule=molecule,
                    part=part,
                    reference_energy=label.energy,
                    predicted_energy=label.energy + 0.1 * rng.normal(size=count),
                    reference_forces=label.forces,
                    predicted_forces=label.forces + 0.1 * rng.normal(size=label.forces.shape),
                    novel=np.zeros(molecule.n_atoms, dtype=bool),
                )
            )
    return split, comparisons


def score(folder: Path, split: Split, comparisons: list[Comparison]) -> dict[str, float]:
    from mlip_compose.evaluation.score import Header
    from mlip_compose.evaluation.score import score as score_of

    about = Header(
        task="many",
        level=1,
        coverage_radius=1,
        potential="made up",
        role="learned",
        seed=0,
        dataset="many",
        dataset_sha256="0" * 64,
        reference="none",
        train_frames=0,
    )
    found = score_of(about, comparisons, train=split.train, ood=split.ood)
    return {"kB of score": len(found.model_dump_json()) / 1e3}


STAGES = {
    "assemble": (nothing, assemble),
    "write": (kept, write),
    "parts": (kept, parts),
    "open": (nothing, open_dataset),
    "read": (opened, read),
    "plan": (opened, plan),
    "certify": (opened, certify),
    "leaks": (selected, leaks),
    "score": (compared, score),
}

if __name__ == "__main__":
    main()
