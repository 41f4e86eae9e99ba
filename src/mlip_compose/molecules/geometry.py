"""Geometry against graph: bonds that are kept, superposition, forces that are no outliers."""

from __future__ import annotations

from typing import Final

import numpy as np

from mlip_compose.core.records import BoolArray, FloatArray, IntArray, Molecule

STRETCHED: Final = 1.45
"""A bond is broken where it is longer than this times the sum of covalent radii."""
FORMED: Final = 1.15
"""Atoms that are not bonded have formed a bond where they are closer than this times the sum."""
FORCE_LIMIT: Final = 30.0
"""eV/Angstrom on an atom; bond stretches at 500 K reach about a third of it."""
OUTLIER_FACTOR: Final = 6.0
"""A frame whose largest force is this many times the trajectory's median of that is an outlier."""


def covalent_sums(numbers: IntArray) -> FloatArray:
    """Return the (N, N) sums of covalent radii in Angstrom (Cordero et al. 2008, as in ASE)."""
    from ase.data import covalent_radii

    radii = covalent_radii[np.asarray(numbers)]
    return np.asarray(radii[:, None] + radii[None, :])


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
    i, j = np.triu_indices(molecule.n_atoms, k=1)
    bonded = np.zeros((molecule.n_atoms, molecule.n_atoms), dtype=bool)
    bonded[molecule.bonds[:, 0], molecule.bonds[:, 1]] = True
    is_bond = (bonded | bonded.T)[i, j]
    ratio = np.linalg.norm(positions[:, i] - positions[:, j], axis=-1)
    ratio = ratio / covalent_sums(molecule.numbers)[i, j]
    kept = np.where(is_bond, ratio < STRETCHED, ratio > FORMED)
    return np.asarray(kept.all(axis=1))


def force_outliers(forces: FloatArray) -> BoolArray:
    """Return for each frame whether its largest force cannot be right.

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
