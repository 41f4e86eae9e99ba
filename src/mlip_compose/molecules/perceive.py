"""From atoms in space to a molecule: bonds from distances, then the grammar."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from mlip_compose.core.records import IntArray, Molecule
from mlip_compose.molecules.assembly import assemble
from mlip_compose.molecules.recognise import recognise_graph
from mlip_compose.molecules.trees import read_tree

BONDED: Final = 1.3
"""Atoms closer than this times the sum of their covalent radii are bonded.

In the frames of mini-v1 (500 K) the longest bond is 1.23 times the sum (C-H), and the closest atoms
that are not bonded are 1.39 times the sum apart (C and S, next but one to each other).
"""


def perceive_bonds(numbers: ArrayLike, positions: ArrayLike) -> IntArray:
    """Find the bonds of a molecule from distances alone.

    Parameters
    ----------
    numbers : (N,) int
        Atomic numbers.
    positions : (N, 3) float
        Angstrom. Thermal geometries (500 K) are as good as relaxed ones.

    Returns
    -------
    (B, 2) int64
        Indices of bonded atoms, each pair ascending, rows in lexicographic order. Atoms are bonded
        that are closer than 1.3 times the sum of their covalent radii (Cordero et al. 2008, as in
        ASE).
    """
    from ase.data import covalent_radii

    radii = covalent_radii[np.asarray(numbers)]
    where = np.asarray(positions, dtype=np.float64)
    i, j = np.triu_indices(len(radii), k=1)
    distances = np.linalg.norm(where[i] - where[j], axis=-1)
    bonded = distances < BONDED * (radii[i] + radii[j])
    return np.stack([i[bonded], j[bonded]], axis=1)


def recognise_geometry(numbers: ArrayLike, positions: ArrayLike) -> Molecule:
    """Find which molecule X-(CH2)n-Y a geometry is of.

    Parameters
    ----------
    numbers : (N,) int
        Atomic numbers, hydrogens included, in any order.
    positions : (N, 3) float
        Angstrom.

    Returns
    -------
    Molecule
        With its atoms in the order given, unlike that of ``assemble``.

    Raises
    ------
    NotOfThisKindError
        The atoms are not such a molecule; says why not.
    """
    elements = np.asarray(numbers)
    bonds = perceive_bonds(elements, positions)
    named = assemble(recognise_graph(elements, bonds))
    neighbours = read_tree(elements, bonds, None).neighbours
    orders = np.array([neighbours[i][j] for i, j in bonds.tolist()], dtype=np.uint8)
    arrays = elements.astype(np.uint8), bonds.astype(np.uint8), orders
    for array in arrays:
        array.flags.writeable = False
    return replace(named, numbers=arrays[0], bonds=arrays[1], bond_orders=arrays[2])
