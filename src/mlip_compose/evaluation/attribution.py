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

from mlip_compose.core.records import OTHER, TEST_PARTS, BoolArray, IntArray, Molecule, TestPart
from mlip_compose.evaluation.bootstrap import RESAMPLES, estimate
from mlip_compose.evaluation.energy_split import MeanError, split_energies
from mlip_compose.evaluation.metric_names import FORCE_UNIT
from mlip_compose.evaluation.metrics import Errors
from mlip_compose.evaluation.pooling import Pool
from mlip_compose.evaluation.results import Attribution, ForceGrouping, ForceRow, GroupingName
from mlip_compose.molecules.perception import chain_of

NOWHERE: Final = -1
_HYDROGEN = 1


def distance_from_end_group(molecule: Molecule) -> NDArray[np.int64]:
    """Return the number of bonds from each atom to the nearest end group other than H.

    An atom of an end group is at 0, whichever it is; the k-th carbon of the chain, counted from the
    end group, is at k, and its hydrogens with it: CH2 is one part. The far end of X-(CH2)n-H is no
    end group in this sense but CH3 at n. An alkane has no other end group than H, which is one of
    three alike hydrogens of CH3; here the two CH3 are at 1, as beside any end group, and nothing
    is at 0.

    An end group is whatever is not of the chain, its hydrogens included. In a molecule that is in
    no series every atom is nowhere.

    Returns
    -------
    (N,) int64
    """
    if molecule.parts is None:
        return np.full(molecule.n_atoms, NOWHERE)
    numbers = molecule.numbers.tolist()
    neighbours = [[other for other, _ in bonded] for bonded in molecule.neighbours]
    heavy = [atom for atom, number in enumerate(numbers) if number != _HYDROGEN]
    chain = set(chain_of(molecule))
    ends = [atom for atom in heavy if atom not in chain]
    tips = [atom for atom in chain if sum(numbers[b] == _HYDROGEN for b in neighbours[atom]) > 2]
    away = _bonds_from(molecule, ends) if ends else _bonds_from(molecule, tips, nearest=1)
    for atom, number in enumerate(numbers):
        if number == _HYDROGEN:
            away[atom] = away[neighbours[atom][0]] if neighbours[atom] else NOWHERE
    return away


def distance_from_novel_atom(molecule: Molecule, novel: BoolArray) -> NDArray[np.int64] | None:
    """Return the number of bonds from each atom, hydrogens included, to the nearest novel atom.

    Parameters
    ----------
    molecule
        The molecule, of N atoms.
    novel : (N,) bool
        Atoms whose environment of radius r* + 1 occurs in no training molecule; they are at 0.

    Returns
    -------
    (N,) int64 | None
        None for a molecule without a novel atom.
    """
    if not novel.any():
        return None
    return _bonds_from(molecule, np.flatnonzero(novel).tolist())


def _bonds_from(molecule: Molecule, start: Sequence[int], nearest: int = 0) -> NDArray[np.int64]:
    """Return, for each atom, ``nearest`` plus the bonds from the nearest atom of ``start``."""
    separations = molecule.separations[:, list(start)]
    far = molecule.n_atoms  # more bonds than lie between any two atoms
    bonds = np.where(separations < 0, far, separations).min(axis=1, initial=far)
    return np.where(bonds < far, bonds + nearest, NOWHERE)


NO_NOVEL_ATOM: Final = "none"
"""The group of the molecules that have no novel atom."""

_MAE = "mean absolute error over the force components of the group's atoms in all frames"

Key = tuple[int, str]
"""A group: its place in the order, and its name."""


@dataclass(frozen=True, eq=False)
class MoleculeErrors:
    """The errors on one molecule's frames of one part, and the atoms that are novel.

    Attributes
    ----------
    molecule, part
        The molecule, and the part that its frames are in.
    novel : (N,) bool
        See ``records.Comparison``.
    compared
        Number of frames, those that failed included.
    errors
        Errors of the usable frames.
    offset
        Sum of the per-element offsets of the molecule, eV; None where there are none.
    seen_radius : (N,) int or None
        See ``records.Comparison``.
    """

    molecule: Molecule
    part: TestPart
    novel: BoolArray
    compared: int
    errors: Errors
    offset: float | None
    seen_radius: IntArray | None = None


def attribute(
    tested: Iterable[MoleculeErrors],
    resamples: int = RESAMPLES,
    seed: int = 0,
    comparable: bool = True,
) -> Attribution:
    """Return the error by groups of atoms and molecules; the order of ``tested`` has no effect.

    Parameters
    ----------
    tested
        Errors, at most once for each molecule and part; those without a usable frame are left out.
    resamples, seed
        Number of bootstrap resamples, and the seed of their draws.
    comparable
        Whether predicted energies count from the reference's zero; where not, energies are split
        with the per-element offsets alone.
    """
    usable = sorted((t for t in tested if t.errors.frames), key=lambda t: (t.part, t.molecule.name))
    in_series = [t.molecule.parts is not None for t in usable]
    groupings = [
        grouping
        for grouping in _GROUPINGS
        if (grouping.name not in _OF_SERIES or any(in_series) or not in_series)
        and (grouping.name not in _OF_OTHERS or not all(in_series))
        and (grouping.name != "seen_radius" or any(t.seen_radius is not None for t in usable))
    ]
    return Attribution(
        forces=tuple(_grouped(grouping, usable, resamples, seed) for grouping in groupings),
        energy=split_energies(
            [error for t in usable for error in _mean_errors(t)], resamples, seed, comparable
        ),
    )


def end_groups(molecule: Molecule) -> frozenset[str]:
    """Return the end groups whose families a molecule counts in; H only for the alkanes."""
    if molecule.parts is None:
        return frozenset({OTHER})
    return frozenset({molecule.parts.left, molecule.parts.right} - {"H"}) or frozenset({"H"})


def _mean_errors(tested: MoleculeErrors) -> Iterator[MeanError]:
    """Yield the mean error of a molecule of a series."""
    molecule, errors = tested.molecule, tested.errors
    if molecule.parts is None:
        return
    yield MeanError(
        family=molecule.family,
        groups=end_groups(molecule),
        chain=molecule.parts.chain,
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
    if tested.molecule.parts is not None:
        chain = tested.molecule.parts.chain
        yield (chain, str(chain)), np.ones(tested.molecule.n_atoms, dtype=bool)


def _by_heavy_atoms(tested: MoleculeErrors) -> Iterator[tuple[Key, BoolArray]]:
    heavy = tested.molecule.n_heavy
    yield (heavy, str(heavy)), np.ones(tested.molecule.n_atoms, dtype=bool)


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


def _by_seen_radius(tested: MoleculeErrors) -> Iterator[tuple[Key, BoolArray]]:
    if tested.seen_radius is not None:
        for radius in np.unique(tested.seen_radius).tolist():
            yield (radius, str(radius)), tested.seen_radius == radius


_GROUPINGS: Final = (
    _Grouping(
        "family",
        "end group",
        f"{_MAE}; a molecule with two end groups counts in both, H is the alkanes",
        _by_family,
    ),
    _Grouping("chain", "chain length n", _MAE, _by_chain),
    _Grouping("heavy_atoms", "heavy atoms", _MAE, _by_heavy_atoms),
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
    _Grouping(
        "seen_radius",
        "bonds out to which training shows the atom",
        f"{_MAE}, OOD frames only; at r the environment of r bonds occurs in a training molecule, "
        "and that of r + 1 bonds does not; at 6, the largest radius that is looked at, the latter "
        "may; at -1 not even the element does",
        _by_seen_radius,
    ),
)


_OF_SERIES: Final = ("chain", "end_distance")
"""Groupings that say nothing of molecules in no series."""
_OF_OTHERS: Final = ("heavy_atoms",)
"""Groupings that stand in for them, where there are such molecules."""


@dataclass(frozen=True)
class _Member:
    """One molecule in a group: the sum of its absolute errors, its atoms and its frames."""

    molecule: str
    total: float
    atoms: int
    frames: int


def _grouped(
    grouping: _Grouping, tested: Sequence[MoleculeErrors], resamples: int, seed: int
) -> ForceGrouping:
    rows: list[ForceRow] = []
    for part in TEST_PARTS:
        own = [molecule for molecule in tested if molecule.part == part]
        whole = sum(float(molecule.errors.force_sums.sum()) for molecule in own)
        groups: dict[Key, list[_Member]] = {}
        for molecule in own:
            for key, atoms in grouping.groups(molecule):
                total, count = float(molecule.errors.force_sums[atoms].sum()), int(atoms.sum())
                member = _Member(molecule.molecule.name, total, count, molecule.errors.frames)
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
        mae = estimate(pool, part, resamples, seed)
        assert mae is not None  # as there are members
        yield ForceRow(
            group=key[1],
            part=part,
            forces_mae=mae.interval(),
            share=float(pool.sums.sum()) / whole if whole else 0.0,
            atoms=sum(m.atoms for m in members),
            molecules=len(members),
            frames=sum(m.frames for m in members),
        )
