"""Geometries of a molecule: bonds that are kept, superposition, forces that are no outliers."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from mlip_compose.core.records import BoolArray, FloatArray, IntArray, Molecule

BONDED: Final = 1.3
"""Atoms of unknown bonds are bonded where they are closer than this times the sum of their radii.

In the frames of mini-v1 (500 K) the longest bond is 1.23 times the sum (C-H). The closest atoms
that are not bonded are 1.39 times the sum apart (C and S, next but one to each other).
"""
STRETCHED: Final = 1.45
"""A bond is broken where it is longer than this times the sum of the covalent radii."""
FORMED: Final = 1.15
"""Atoms that are not bonded have formed a bond where they are closer than this times the sum."""
FORCE_LIMIT: Final = 30.0
"""eV/Angstrom on an atom; bond stretches at 500 K reach about a third of it."""
OUTLIER_FACTOR: Final = 6.0
"""A frame is an outlier where its largest force is this many times the trajectory's median."""


def covalent_sums(numbers: IntArray) -> FloatArray:
    """Return the (N, N) sums of covalent radii in Angstrom (Cordero et al. 2008, as in ASE)."""
    from ase.data import covalent_radii

    radii = covalent_radii[np.asarray(numbers)]
    return np.asarray(radii[:, None] + radii[None, :])


def unwrapped(
    numbers: IntArray, positions: FloatArray, cell: FloatArray, periodic: BoolArray
) -> FloatArray:
    """Return a geometry in a periodic box with its bonded atoms beside each other.

    From the first atom on, each atom is put at its image that is nearest to an atom that it is
    bonded to (closer than ``BONDED`` times the sum of covalent radii). A geometry that reaches over
    less than half of the box in every periodic direction is returned as it is.

    Parameters
    ----------
    numbers : (N,) int
        Atomic numbers.
    positions : (N, 3) float
        Angstrom.
    cell : (3, 3) float
        Vectors of the box, one a row, Angstrom.
    periodic : (3,) bool
        Whether the box repeats in each direction.

    Returns
    -------
    (N, 3) float
        Angstrom. Atoms that no bonds connect with the first one stay in their places.
    """
    if not periodic.any() or abs(np.linalg.det(cell)) < 1e-6:
        return positions
    fractions = np.linalg.solve(cell.T, positions.T).T
    if (np.ptp(fractions, axis=0)[periodic] <= 0.5).all():
        return positions
    limits = BONDED * covalent_sums(numbers)
    placed = fractions.copy()
    is_open = np.ones(len(numbers), dtype=bool)
    is_open[0] = False
    front = [0]
    while front:
        atom = front.pop()
        others = np.flatnonzero(is_open)
        steps = fractions[others] - fractions[atom]
        steps[:, periodic] -= np.round(steps[:, periodic])
        bonded = np.linalg.norm(steps @ cell, axis=1) < limits[atom, others]
        placed[others[bonded]] = placed[atom] + steps[bonded]
        is_open[others[bonded]] = False
        front += others[bonded].tolist()
    return placed @ cell


def topology_kept(molecule: Molecule, positions: FloatArray) -> BoolArray:
    """Return for each frame whether its bonds are exactly those of the molecule.

    Parameters
    ----------
    positions : (F, N, 3) float
        Angstrom.

    Returns
    -------
    (F,) bool
    """
    _, _, is_bond, ratio = _pairs(molecule, positions)
    kept = np.where(is_bond, ratio < STRETCHED, ratio > FORMED)
    return np.asarray(kept.all(axis=1))


class ChangedBond(NamedTuple):
    """Two atoms of a geometry whose bond broke, or formed.

    Attributes
    ----------
    first, second
        Indices of the atoms, from 0.
    is_bond
        Whether they are bonded in the molecule: the bond broke then.
    distance
        Angstrom.
    """

    first: int
    second: int
    is_bond: bool
    distance: float

    def __str__(self) -> str:
        bonded = "are bonded" if self.is_bond else "are not bonded"
        return (
            f"atoms {self.first} and {self.second}, which {bonded}, "
            f"{self.distance:.2f} Angstrom apart"
        )


def most_changed_bond(molecule: Molecule, positions: FloatArray) -> ChangedBond:
    """Return the two atoms of a geometry that are farthest beyond ``STRETCHED`` or ``FORMED``.

    Parameters
    ----------
    positions : (N, 3) float
        Angstrom; one geometry whose topology is not kept.
    """
    i, j, is_bond, ratio = _pairs(molecule, positions[None])
    with np.errstate(divide="ignore"):  # two atoms in one place
        excess = np.where(is_bond, ratio[0] / STRETCHED, FORMED / ratio[0])
    worst = int(np.argmax(excess))
    first, second = int(i[worst]), int(j[worst])
    distance = float(np.linalg.norm(positions[first] - positions[second]))
    return ChangedBond(first, second, bool(is_bond[worst]), distance)


def force_outliers(forces: FloatArray) -> BoolArray:
    """Return for each frame whether its largest force is beyond those of molecules.

    The limit is ``FORCE_LIMIT``, or ``OUTLIER_FACTOR`` times the median where that is lower.

    Parameters
    ----------
    forces : (F, N, 3) float
        eV/Angstrom.

    Returns
    -------
    (F,) bool
    """
    largest = np.linalg.norm(forces, axis=-1).max(axis=1)
    limit = min(FORCE_LIMIT, OUTLIER_FACTOR * float(np.median(largest)))
    return np.asarray(~np.isfinite(largest) | (largest > limit))


def superposed_rmsd(a: FloatArray, b: FloatArray) -> float:
    """Root-mean-square distance of two (N, 3) geometries after the best superposition (Kabsch)."""
    from scipy.spatial.transform import Rotation

    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    if len(a) < 2:
        return 0.0
    if len(a) == 2:
        return float(abs(np.linalg.norm(a[1] - a[0]) - np.linalg.norm(b[1] - b[0])) / 2)
    _, rssd = Rotation.align_vectors(a, b)
    return float(rssd / np.sqrt(len(a)))


def _pairs(
    molecule: Molecule, positions: FloatArray
) -> tuple[IntArray, IntArray, BoolArray, FloatArray]:
    """Return the P pairs of atoms.

    Returns
    -------
    i, j : (P,) int
        Their atoms.
    is_bond : (P,) bool
        Whether they are bonded in the molecule.
    ratio : (F, P) float
        Their distances over the sums of covalent radii.
    """
    i, j, is_bond, sums = _pairs_of(molecule)
    arms = positions[:, i] - positions[:, j]
    distances = np.sqrt((arms * arms).sum(axis=-1))  # norm's own sum, without what it looks at
    return i, j, is_bond, distances / sums


@lru_cache(maxsize=32)
def _pairs_of(molecule: Molecule) -> tuple[IntArray, IntArray, BoolArray, FloatArray]:
    """Return the pairs, whether they are bonded, and their sums of covalent radii.

    Files of others have frames of a molecule one at a time.
    """
    i, j = np.triu_indices(molecule.n_atoms, k=1)
    bonded = np.zeros((molecule.n_atoms, molecule.n_atoms), dtype=bool)
    bonded[molecule.bonds[:, 0], molecule.bonds[:, 1]] = True
    return i, j, (bonded | bonded.T)[i, j], covalent_sums(molecule.numbers)[i, j]
