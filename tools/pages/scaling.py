"""The arithmetic of docs/scaling.md: measured costs, carried to sizes that were not run.

Costs are those of one core of the development machine. Units go to cores as the engine hands them
out: longest first, each to the core that is free first. Cores are taken to be as fast as that one,
and nothing to be lost between them.
"""

import heapq
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType

import numpy as np

from mlip_compose.core.records import Molecule
from mlip_compose.datasets.recipe import load_recipe
from mlip_compose.molecules.assembly import assemble
from mlip_compose.molecules.series import monofunctional
from mlip_compose.store.catalogue import dataset_path
from mlip_compose.store.reader import Store
from mlip_compose.store.schema import TRAJECTORIES
from mlip_compose.studies.plan import Training, plan
from mlip_compose.studies.study import Study
from pages.markdown import code, table

CORES = 1000
MINUTE, HOUR, DAY, YEAR = 60.0, 3600.0, 86400.0, 365.25 * 86400.0  # s

LABELS = {"OH-1-H": 4.3, "OH-2-H": 14.2, "OH-3-H": 27.6, "OH-4-H": 52.0}
"""CPU seconds of one PBE-D3(BJ)/def2-TZVP label, the first primary frame of core-v1."""
CHECKED, CHECKED_WALL = "OH-8-H", 140.0
"""A label that is no part of the fit: seconds on two threads, measured on another day."""
FUNCTIONS = {1: 6, 6: 31, 7: 31, 8: 31, 9: 31, 16: 37, 17: 37}
"""Basis functions of def2-TZVP by atomic number."""

GMD_LEFT_OUT = "CN-6-H"
"""GMD-26 has 118 molecules of ten families; which ones is not public."""
GMD_FRAMES = (2013, 500)

TRAININGS: Mapping[str, tuple[float, float]] = {
    "additive": (3.4, 3.4),
    "schnet": (46, 2.3 * HOUR),
    "painn": (47, 2.0 * HOUR),
    "tensornet": (57, 8.8 * HOUR),
    "nequip": (72, 5.0 * HOUR),
    "mace": (62, 15.8 * HOUR),
    "additive+mace": (67, 15.8 * HOUR),
    "ani-2x:fine-tuned": (193, 193),
}
"""CPU seconds on `length`, level 2, of the small and the standard kind: potentials/settings.md."""


def functions(molecule: Molecule) -> int:
    """Return the number of basis functions of a molecule in def2-TZVP."""
    return sum(FUNCTIONS[number] for number in molecule.numbers.tolist())


@cache
def fit() -> tuple[float, float]:
    """Return factor and power of a label's seconds in the number of basis functions."""
    sizes = [functions(store().molecules[name]) for name in LABELS]
    power, log = np.polyfit(np.log(sizes), np.log(list(LABELS.values())), 1)
    return math.exp(log), float(power)


def seconds(molecule: Molecule) -> float:
    """Return the CPU seconds of one PBE-D3(BJ)/def2-TZVP label."""
    factor, power = fit()
    return factor * functions(molecule) ** power


@cache
def store() -> Store:
    """Return core-v1."""
    return Store(dataset_path("core-v1"))


def labels_of_core() -> list[int]:
    """Return how many labels each molecule of core-v1 has, its minimum counted."""
    return [
        sum(store().n_frames(name, trajectory) for trajectory in TRAJECTORIES) + 1
        for name in store().molecules
    ]


def makespan(units: Iterable[float], cores: int = CORES) -> float:
    """Return the seconds until units are done, longest first, on cores that take the next one."""
    free = [0.0] * cores
    for unit in sorted(units, reverse=True):
        heapq.heapreplace(free, free[0] + unit)
    return max(free)


def number(value: float, digits: int = 2) -> str:
    """Return a number with so many significant digits."""
    rounded, _, power = f"{value:.{digits - 1}e}".partition("e")
    return f"{float(rounded + 'e' + power):,.{max(0, digits - 1 - int(power)) if value else 0}f}"


def duration(value: float) -> str:
    """Return seconds in a unit that suits them."""
    for unit, name in ((YEAR, "years"), (3 * DAY, "days"), (HOUR, "h"), (MINUTE, "min")):
        if value >= unit:
            return f"{number(value / (DAY if name == 'days' else unit))} {name}"
    return f"{number(value)} s"


def labels() -> str:
    """Return the labels that were measured, beside the fit."""
    factor, power = fit()
    rows = []
    for name, cpu in LABELS.items():
        molecule = store().molecules[name]
        rows.append(
            (
                code(name),
                str(molecule.n_atoms),
                str(functions(molecule)),
                f"{cpu:.1f}",
                f"{seconds(molecule):.1f}",
            )
        )
    columns = ("frame of", "atoms", "basis functions", "CPU s, measured", "CPU s, fitted")
    checked = seconds(store().molecules[CHECKED])
    return (
        f"{table(columns, rows)}\n\n"
        f"Seconds = {factor:.2g} × (basis functions)^{power:.2f}, by least squares of logarithms."
        f" Not in the fit: {code(CHECKED)} took {CHECKED_WALL:.0f} s on two threads; the fit says"
        f" {checked:.0f} s of CPU time, {checked / 2:.0f} s on two threads that lose nothing."
    )


def core() -> str:
    """Return what core-v1 takes at PBE-D3(BJ)/def2-TZVP, by size of the molecule."""
    groups: dict[str, list[tuple[Molecule, int]]] = {}
    for molecule, count in zip(store().molecules.values(), labels_of_core(), strict=True):
        first = 4 * ((molecule.parts.chain - 1) // 4) + 1
        kind = "X-(CH2)n-H" if molecule.is_monofunctional else "X-(CH2)n-Y"
        groups.setdefault(f"{kind}, n = {first} to {first + 3}", []).append((molecule, count))
    rows = [_core_row(key, groups[key]) for key in sorted(groups)]
    return table(
        (
            *("molecules", "how many", "labels", "basis functions", "s a label"),
            "core hours",
        ),
        [*rows, _core_row("all", [each for group in groups.values() for each in group])],
    )


def _core_row(name: str, members: Sequence[tuple[Molecule, int]]) -> tuple[str, ...]:
    sizes = [functions(molecule) for molecule, _ in members]
    costs = [seconds(molecule) for molecule, _ in members]
    total = sum(count * seconds(molecule) for molecule, count in members)
    return (
        name,
        str(len(members)),
        f"{sum(count for _, count in members):,}",
        f"{min(sizes)} to {max(sizes)}",
        f"{number(min(costs))} to {number(max(costs))}",
        number(total / HOUR),
    )


def core_on_many() -> str:
    """Return how long core-v1 takes on 1,000 cores."""
    molecules = zip(store().molecules.values(), labels_of_core(), strict=True)
    costs = [(seconds(molecule), count) for molecule, count in molecules]
    units = [cost for cost, count in costs for _ in range(count)]
    whole = [cost * count for cost, count in costs]
    return table(
        ("what is a unit", "units", "longest", "core hours", f"on {CORES:,} cores", "cores busy"),
        [
            _spread_row("a frame, as `data relabel` does it", units),
            _spread_row("a molecule with all its frames", whole),
        ],
    )


def _spread_row(name: str, units: Sequence[float]) -> tuple[str, ...]:
    wall = makespan(units)
    return (
        name,
        f"{len(units):,}",
        duration(max(units)),
        number(sum(units) / HOUR),
        duration(wall),
        f"{100 * sum(units) / (wall * CORES):.0f} %",
    )


def gmd() -> str:
    """Return what GMD-26 made anew takes, by how its trajectories are cut."""
    protocol = load_recipe("deep-v1").sampling
    start, stride = protocol.equilibration_steps, protocol.stride_steps
    molecules = [assemble(parts) for parts in monofunctional() if parts.name != GMD_LEFT_OUT]
    rows = []
    for length in (max(GMD_FRAMES), 500, 100, 25, 5):
        units = [
            seconds(molecule) * (start + stride * part)
            for molecule in molecules
            for frames in GMD_FRAMES
            for part in _cut(frames, length)
        ]
        rows.append(_spread_row(f"a trajectory of {length:,} frames at most", units))
    units = [seconds(molecule) for molecule in molecules for _ in range(sum(GMD_FRAMES))]
    rows.append(_spread_row("a label; sampled with GFN2-xTB", units))
    return table(
        ("what is a unit", "units", "longest", "core hours", f"on {CORES:,} cores", "cores busy"),
        rows,
    )


def _cut(frames: int, length: int) -> list[int]:
    """Cut a trajectory into as many as are needed, of equal length or nearly."""
    pieces = -(-frames // length)
    return [frames // pieces + (i < frames % pieces) for i in range(pieces)]


def studies() -> str:
    """Return what eight potentials on four tasks at three levels with five seeds take."""
    study = Study(
        name="eight",
        dataset="core-v1",
        tasks=["length", "crossing", "transfer", "recombination"],
        levels=[1, 2, 3],
        potentials=["additive"],
        seeds=[0, 1, 2, 3, 4],
        train_frames=1000,
    )
    trainings = plan(study, store())
    usual = next(t for t in trainings if t.task == "length" and t.targets[0].level == 2)
    weights = [_atoms(training) / _atoms(usual) for training in trainings]
    rows = []
    for name, at in (("small", 0), ("standard", 1)):
        units = [cost[at] * weight for cost in TRAININGS.values() for weight in weights]
        rows.append(_spread_row(f"a training, {name} sizes", units))
    targets = len(TRAININGS) * sum(len(training.targets) for training in trainings)
    note = (
        f"Predictions and scores: {targets}, since levels that train on the same frames share it."
    )
    columns = ("what is a unit", "units", "longest", "core hours", f"on {CORES:,} cores")
    return table((*columns, "cores busy"), rows) + f"\n\n{note}"


def _atoms(training: Training) -> float:
    """Return how many atoms a training frame has on average."""
    atoms = sum(store().molecules[name].n_atoms * len(f) for name, f in training.train.items())
    return atoms / training.n_train


BLOCKS: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "labels": labels,
        "core": core,
        "core on many": core_on_many,
        "gmd": gmd,
        "studies": studies,
    }
)
"""By name of the block, what makes it."""
