"""Where the force error is: by end group, chain length, element, and place in the molecule.

The error of a group is the mean absolute error over the force components of its atoms, pooled over
all molecules of a test part; its interval is that of the bootstrap over the molecules that have
such atoms (``bootstrap``). All of it follows from one sum of absolute errors for each atom of each
molecule, so that its cost does not grow with the number of frames.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.records import BoolArray, Molecule
from mlip_compose.evaluation.attribution_results import (
    Attribution,
    ForceGrouping,
    ForceRow,
    GroupingName,
)
from mlip_compose.evaluation.bootstrap import RESAMPLES, estimate
from mlip_compose.evaluation.catalogue import FORCE_UNIT
from mlip_compose.evaluation.energy_split import MeanError, split_energies
from mlip_compose.evaluation.metrics import Errors
from mlip_compose.evaluation.pooling import PARTS, Pool, TestPart
from mlip_compose.evaluation.positions_in_molecule import (
    NOWHERE,
    distance_from_end_group,
    distance_from_novel_atom,
)

NO_NOVEL_ATOM: Final = "none"
"""The group of the molecules that have no novel atom."""

_MAE = "mean absolute error over the force components of the group's atoms in all frames"

Key = tuple[int, str]
"""A group as it is sorted and as it is named."""


@dataclass(frozen=True, eq=False)
class MoleculeErrors:
    """The errors on one molecule's frames of one part, and what they are attributed by.

    Attributes
    ----------
    molecule, part
        Whose frames, and which role they play.
    novel : (N,) bool
        See ``records.Comparison``.
    compared
        Number of frames, those that failed included.
    errors
        Of its usable frames.
    offset
        What the per-element offsets add to the molecule's energy, eV; None where there are none.
    """

    molecule: Molecule
    part: TestPart
    novel: BoolArray
    compared: int
    errors: Errors
    offset: float | None


def attribute(
    tested: Iterable[MoleculeErrors],
    resamples: int = RESAMPLES,
    seed: int = 0,
    comparable: bool = True,
) -> Attribution:
    """Return where the error is; the order of what comes in makes no difference.

    Parameters
    ----------
    tested
        At most one for each molecule and part; one without a usable frame is left out.
    resamples, seed
        Number of bootstrap resamples, and the seed of their draws.
    comparable
        Whether predicted energies count from the reference's zero; where not, energies are split
        with the per-element offsets alone.
    """
    usable = sorted((t for t in tested if t.errors.frames), key=lambda t: (t.part, t.molecule.name))
    return Attribution(
        forces=tuple(_grouped(grouping, usable, resamples, seed) for grouping in _GROUPINGS),
        energy=split_energies([_mean_error(t) for t in usable], resamples, seed, comparable),
    )


def end_groups(molecule: Molecule) -> frozenset[str]:
    """Return the end groups whose families a molecule counts in; H only for the alkanes."""
    return frozenset({molecule.left, molecule.right} - {"H"}) or frozenset({"H"})


def _mean_error(tested: MoleculeErrors) -> MeanError:
    molecule, errors = tested.molecule, tested.errors
    return MeanError(
        family=molecule.family,
        groups=end_groups(molecule),
        chain=molecule.chain,
        part=tested.part,
        mean=errors.energy_mean,
        variance=errors.energy_variance,
        frames=errors.frames,
        offset=tested.offset,
    )


@dataclass(frozen=True)
class _Grouping:
    """A property by which atoms are grouped: ``groups`` yields each group with its atoms."""

    name: GroupingName
    label: str
    aggregation: str
    groups: Callable[[MoleculeErrors], Iterator[tuple[Key, BoolArray]]]


def _by_family(tested: MoleculeErrors) -> Iterator[tuple[Key, BoolArray]]:
    for group in sorted(end_groups(tested.molecule)):
        yield (0, group), np.ones(tested.molecule.n_atoms, dtype=bool)


def _by_chain(tested: MoleculeErrors) -> Iterator[tuple[Key, BoolArray]]:
    chain = tested.molecule.chain
    yield (chain, str(chain)), np.ones(tested.molecule.n_atoms, dtype=bool)


def _by_element(tested: MoleculeErrors) -> Iterator[tuple[Key, BoolArray]]:
    from ase.data import chemical_symbols

    numbers = tested.molecule.numbers
    for number in np.unique(numbers).tolist():
        yield (number, chemical_symbols[number]), numbers == number


def _by_distance(away: NDArray[np.int64]) -> Iterator[tuple[Key, BoolArray]]:
    for bonds in np.unique(away[away != NOWHERE]).tolist():
        yield (bonds, str(bonds)), away == bonds


def _by_end_distance(tested: MoleculeErrors) -> Iterator[tuple[Key, BoolArray]]:
    yield from _by_distance(distance_from_end_group(tested.molecule))


def _by_novel_distance(tested: MoleculeErrors) -> Iterator[tuple[Key, BoolArray]]:
    if tested.part == "id":
        return
    away = distance_from_novel_atom(tested.molecule, tested.novel)
    if away is None:
        yield (sys.maxsize, NO_NOVEL_ATOM), np.ones(tested.molecule.n_atoms, dtype=bool)
    else:
        yield from _by_distance(away)


_GROUPINGS: Final = (
    _Grouping(
        "family",
        "end group",
        f"{_MAE}; a molecule with two end groups counts in both, H is the alkanes",
        _by_family,
    ),
    _Grouping("chain", "chain length n", _MAE, _by_chain),
    _Grouping("element", "element", _MAE, _by_element),
    _Grouping(
        "end_distance",
        "bonds from the end group",
        f"{_MAE}; 0 is the end group itself, k the k-th carbon of the chain counted from the "
        "nearest end group other than H, with its hydrogens; in alkanes CH3 is 1",
        _by_end_distance,
    ),
    _Grouping(
        "novel_distance",
        "bonds from the nearest novel atom",
        f"{_MAE}, OOD frames only; 0 are the atoms whose environment of radius r* + 1 occurs in no "
        f"training molecule, {NO_NOVEL_ATOM!r} the molecules without such an atom",
        _by_novel_distance,
    ),
)


@dataclass(frozen=True)
class _Member:
    """What one molecule brings to a group: its sum of absolute errors, and how much is in it."""

    molecule: str
    total: float
    atoms: int
    frames: int


def _grouped(
    grouping: _Grouping, tested: Sequence[MoleculeErrors], resamples: int, seed: int
) -> ForceGrouping:
    rows: list[ForceRow] = []
    for part in PARTS:
        here = [t for t in tested if t.part == part]
        whole = sum(float(t.errors.force_sums.sum()) for t in here)
        groups: dict[Key, list[_Member]] = {}
        for t in here:
            for key, atoms in grouping.groups(t):
                total, count = float(t.errors.force_sums[atoms].sum()), int(atoms.sum())
                member = _Member(t.molecule.name, total, count, t.errors.frames)
                groups.setdefault(key, []).append(member)
        rows += _rows(groups, part, whole, resamples, seed)
    return ForceGrouping(
        name=grouping.name,
        label=grouping.label,
        unit=FORCE_UNIT,
        aggregation=grouping.aggregation,
        rows=tuple(rows),
    )


def _rows(
    groups: Mapping[Key, Sequence[_Member]],
    part: TestPart,
    whole: float,
    resamples: int,
    seed: int,
) -> Iterator[ForceRow]:
    for key in sorted(groups):
        members = groups[key]
        pool = Pool(
            units=tuple(m.molecule for m in members),
            sums=np.array([m.total for m in members]),
            weights=np.array([3.0 * m.atoms * m.frames for m in members]),
            items=np.array([m.frames for m in members]),
            power=1,
            unit_kinds=(frozenset({"frames"}),) * len(members),
        )
        found = estimate(pool, part, resamples, seed)
        if found is not None:
            yield ForceRow(
                group=key[1],
                part=part,
                forces_mae=found.interval(),
                share=float(pool.sums.sum()) / whole if whole else 0.0,
                atoms=sum(m.atoms for m in members),
                molecules=len(members),
                frames=sum(m.frames for m in members),
            )
