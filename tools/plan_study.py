"""Make the recipe and the study ``plan-v1``, which tests whether labelling a plan pays.

    python tools/plan_study.py

The tests are eight targets with groups that the molecules of the benchmark lack. Every training set
has the same thirty molecules of core-v1 in it, and costs as much to label (frames times atoms to
the power 2.5): the plans of R = 1, 2 and 3 bonds, random fragments of the targets and random
molecules of a public list with the sizes of the plan of R = 2, and nothing else.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import Molecule
from mlip_compose.molecules.assembly import assemble
from mlip_compose.molecules.perception import molecule_of_smiles
from mlip_compose.molecules.series import monofunctional
from mlip_compose.planning.fragments import fragments_around
from mlip_compose.planning.plan import DFT_POWER, plan_labels
from mlip_compose.planning.seen import Environments, Interned

DATA: Final = Path(__file__).parents[1] / "src" / "mlip_compose" / "data"
TARGETS: Final = {
    "phenylhexyl-acetate": "CC(=O)OCCCCCCc1ccccc1",
    "methoxyphenylbutylamine": "CN(C)CCCCc1ccc(OC)cc1",
    "citronellyl-butyrate": "CCCC(=O)OCCC(C)CCC=C(C)C",
    "cyclohexylpentyl-sulfide": "C1CCCCC1CCCCCSC",
    "pyridyloctanoate": "COC(=O)CCCCCCCc1cccnc1",
    "dibutyl-carbitol": "CCCCOCCOCCOCCCC",
    "hexylbenzamide": "O=C(NCCCCCC)c1ccccc1",
    "isobutylphenylheptanone": "CC(C)Cc1ccc(CCCCCC(C)=O)cc1",
}
CHAINS: Final = (2, 4, 6)
"""Chain lengths of the molecules of core-v1 that every set has."""
FRAMES: Final = 12
"""Training frames of each molecule in the plan of R = 2, which sets the cost of all."""
SEED: Final = 1
POTENTIALS: Final = [
    "composition",
    "additive",
    {"potential": "mace-small", "settings": {"steps": 9000, "validations": 15}},
    {"potential": "ani-2x:fine-tuned", "settings": {"steps": 1000, "validations": 10}},
]
"""Parts alone, a network from scratch, and one that other molecules have taught before."""


def dft_cost(molecule: Molecule) -> float:
    """Return what a label of a molecule costs, in the units of a plan."""
    return float(molecule.n_atoms**DFT_POWER)


def base() -> list[Molecule]:
    """Return the molecules of core-v1 that every training set has."""
    return [assemble(parts) for parts in monofunctional(CHAINS)]


def targets() -> list[Molecule]:
    """Return the molecules that are tested on, under their names here."""
    return [molecule_of_smiles(smiles).called(name) for name, smiles in TARGETS.items()]


def planned(radius: int) -> list[Molecule]:
    """Return what ``plan`` chooses beside the base."""
    plan = plan_labels(targets(), base(), radius)
    if any(choice.source == "target" for choice in plan.chosen):
        raise SystemExit(f"the plan of R = {radius} has a target in it")
    return [choice.molecule for choice in plan.chosen]


def random_fragments(sizes: Iterable[int], without: Iterable[Molecule]) -> list[Molecule]:
    """Return fragments of the targets of these numbers of atoms, drawn at random."""
    table, pool = Interned(), {}
    for target in targets():
        environments = Environments(target, table)
        for radius in range(1, 6):
            for fragment in fragments_around(environments, range(target.n_atoms), radius):
                pool[fragment.smiles] = fragment
    for molecule in (*without, *base()):
        pool.pop(molecule.smiles, None)
    return _drawn(pool.values(), sizes)


def random_molecules(sizes: Iterable[int], without: Iterable[Molecule]) -> list[Molecule]:
    """Return molecules of NCI's list, as RDKit ships it, of these numbers of atoms."""
    taken = {molecule.smiles for molecule in (*without, *base())}
    pool = [m for m in _listed() if m.smiles not in taken and not m.charge]
    return _drawn(pool, sizes)


def _listed() -> Iterator[Molecule]:
    from rdkit import RDConfig

    path = Path(RDConfig.RDDataDir) / "NCI" / "first_5K.smi"
    with path.open(newline="") as file:
        for row in csv.reader(file, delimiter="\t"):
            try:
                molecule = molecule_of_smiles(row[0].split()[0])
            except RequestError:
                continue
            if set(molecule.numbers.tolist()) <= {1, 6, 7, 8, 16} and not molecule.charges.any():
                yield molecule


def _drawn(pool: Iterable[Molecule], sizes: Iterable[int]) -> list[Molecule]:
    """Draw a molecule of each number of atoms, or of the nearest number that there is."""
    rng = random.Random(SEED)
    left = sorted(pool, key=lambda molecule: molecule.smiles)
    chosen = []
    for size in sizes:
        nearest = min(abs(molecule.n_atoms - size) for molecule in left)
        chosen.append(rng.choice([m for m in left if abs(m.n_atoms - size) == nearest]))
        left.remove(chosen[-1])
    return chosen


def task(name: str, summary: str, extra: Sequence[Molecule], cost: float) -> dict[str, Any]:
    """Return the task of a training set of this cost, as a study file has it."""
    molecules = [*base(), *extra]
    frames = round(cost / (sum(map(dft_cost, molecules)) / len(molecules)))
    return {
        "name": name,
        "summary": summary,
        "train": [{"smiles": [molecule.smiles for molecule in molecules]}],
        "ood": [{"smiles": [molecule.smiles for molecule in targets()]}],
        "train_frames": frames,
    }


def main() -> None:
    """Write the recipe and the study."""
    plans = {radius: planned(radius) for radius in (1, 2, 3)}
    everything = [*targets(), *(m for plan in plans.values() for m in plan)]
    sizes = [molecule.n_atoms for molecule in plans[2]]
    sets = {
        **{
            f"plan-r{radius}": (f"the plan of R = {radius} beside core molecules", plan)
            for radius, plan in plans.items()
        },
        "random-fragments": (
            "random fragments of the targets, of the sizes of the plan of R = 2",
            random_fragments(sizes, everything),
        ),
        "random-molecules": (
            "random molecules of NCI's list, of the sizes of the plan of R = 2",
            random_molecules(sizes, everything),
        ),
        "core-alone": ("core molecules alone", []),
    }
    cost = FRAMES * sum(map(dft_cost, [*base(), *plans[2]]))
    tasks = [task(name, f"train on {text}, test on eight targets", extra, cost)
             for name, (text, extra) in sets.items()]  # fmt: skip
    labelled = {m.smiles: m for _, extra in sets.values() for m in extra}
    molecules = [
        *(molecule.name for molecule in base()),
        *sorted(smiles for smiles in labelled),
        *(f"{smiles} {name}" for name, smiles in TARGETS.items()),
    ]
    _write(
        DATA / "recipes" / "plan-v1.yaml",
        "Molecules of the study plan-v1: made by tools/plan_study.py.",
        {
            "name": "plan-v1",
            "molecules": molecules,
            "sampling": {
                "primary": 25,
                "secondary": 10,
                "bifunctional_primary": 25,
                "bifunctional_secondary": 10,
            },
        },
    )
    _write(
        DATA / "studies" / "plan-v1.yaml",
        "Does labelling a plan pay? Six training sets of equal cost, eight targets; 1.5 CPU "
        "hours.\n"
        "# Made by tools/plan_study.py.",
        {
            "name": "plan-v1",
            "dataset": "plan-v1",
            "tasks": tasks,
            "potentials": POTENTIALS,
        },
    )
    for document in tasks:
        print(document["name"], document["train_frames"], len(document["train"][0]["smiles"]))


def _write(path: Path, comment: str, document: dict[str, Any]) -> None:
    text = yaml.safe_dump(document, sort_keys=False, width=110, allow_unicode=True)
    path.write_text(f"# {comment}\n{text}", "utf-8")


if __name__ == "__main__":
    main()
