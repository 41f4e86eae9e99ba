"""The atoms of one geometry of a molecule in the order of another one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, permutations, product
from typing import Final

import numpy as np

from mlip_compose.core.records import FloatArray, IntArray, Molecule
from mlip_compose.molecules.perception import rdkit_of_graph

MOST_MATCHES: Final = 1000
"""Most ways that are tried to lay the heavy atoms of a molecule on themselves."""
MOST_ORDERS: Final = 5000
"""Most orders of hydrogens that are tried where fewer than three heavy atoms tell no directions."""
NEAR: Final = 3
"""Bonds out to which heavy atoms tell the directions of an atom's hydrogens."""


def order_as_in(
    reference: Molecule, reference_positions: FloatArray, molecule: Molecule, positions: FloatArray
) -> IntArray:
    """Return the order that turns the atoms of a geometry into those of another one.

    The atoms are mapped by the graph of bonds. Of several mappings that of least displacement is
    taken: heavy atoms by the superposition of all of them, the hydrogens of each heavy atom by that
    of the heavy atoms within ``NEAR`` bonds.

    Parameters
    ----------
    reference
        The molecule with its atoms in the wanted order.
    reference_positions : (N, 3) float
        A geometry of it, Angstrom.
    molecule
        The same molecule with its atoms in another order.
    positions : (N, 3) float
        The geometry, Angstrom.

    Returns
    -------
    (N,) int
        ``positions[order]`` has the atoms in the wanted order.

    Raises
    ------
    ValueError
        The graphs are not the same.
    """
    wanted, found = _Heavy(reference), _Heavy(molecule)
    if not len(wanted.atoms):
        return np.arange(reference.n_atoms)
    matches = _matches(wanted, found)
    if not matches:
        raise ValueError("graphs that are not the same")
    if len(wanted.atoms) < 3:
        orders = (order for match in matches for order in _orders(wanted, found, match))
        return min(
            islice(orders, MOST_ORDERS),
            key=lambda order: _displacement(reference_positions, positions[order]),
        )
    heavy = reference_positions[wanted.atoms]
    best = min(matches, key=lambda match: _displacement(heavy, positions[found.atoms[match]]))
    order = np.empty(reference.n_atoms, dtype=int)
    order[wanted.atoms] = found.atoms[best]
    for index, atom in enumerate(wanted.atoms):
        own, other = wanted.hydrogens[index], found.hydrogens[best[index]]
        if len(own) == 1:
            order[own] = other
        elif len(own):
            steps = reference.separations[atom, wanted.atoms]
            near = wanted.atoms[(steps >= 0) & (steps <= NEAR)]
            order[own] = _nearest(
                reference_positions, positions, near, order[near], own, np.array(other)
            )
    return order


class _Heavy:
    """The heavy atoms of a molecule, and the hydrogens of each.

    Hydrogens that are bonded to no heavy atom, as in dihydrogen, belong to none.
    """

    def __init__(self, molecule: Molecule) -> None:
        self.molecule = molecule
        self.atoms = np.flatnonzero(molecule.numbers > 1)
        self.hydrogens = [
            [other for other, _ in molecule.neighbours[atom] if molecule.numbers[other] == 1]
            for atom in self.atoms.tolist()
        ]


def _matches(wanted: _Heavy, found: _Heavy) -> list[IntArray]:
    """Return the ways to lay one set of heavy atoms on the other, as indices of the latter."""
    graphs = []
    for heavy in (wanted, found):
        m = heavy.molecule
        single, neutral = np.ones(len(m.bonds), dtype=int), np.zeros(m.n_atoms, dtype=int)
        atoms = heavy.atoms.tolist()
        graphs.append(rdkit_of_graph(m.numbers, m.bonds, single, neutral, atoms))
    pattern, target = graphs
    matches = target.GetSubstructMatches(pattern, uniquify=False, maxMatches=MOST_MATCHES)
    counts = [list(map(len, heavy.hydrogens)) for heavy in (wanted, found)]
    return [
        np.array(match) for match in matches if [counts[1][atom] for atom in match] == counts[0]
    ]


def _orders(wanted: _Heavy, found: _Heavy, match: IntArray) -> Iterator[IntArray]:
    """Yield all orders of atoms that a mapping of the heavy atoms allows."""
    choices = [permutations(found.hydrogens[index]) for index in match]
    for chosen in product(*choices):
        order = np.empty(wanted.molecule.n_atoms, dtype=int)
        order[wanted.atoms] = found.atoms[match]
        for own, other in zip(wanted.hydrogens, chosen, strict=True):
            order[own] = other
        yield order


def superposed(target: FloatArray, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the rotation (3, 3) and the shift (3,) that lay points (N, 3) on a target (Kabsch).

    ``points @ rotation + shift`` is nearest to the target; the rotation is no reflection.
    """
    centre, goal = points.mean(axis=0), target.mean(axis=0)
    u, _, vt = np.linalg.svd((points - centre).T @ (target - goal))
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * signs) @ vt
    return rotation, goal - centre @ rotation


def _displacement(target: FloatArray, points: FloatArray) -> float:
    rotation, shift = superposed(target, points)
    return float(((points @ rotation + shift - target) ** 2).sum())


def _nearest(
    target: FloatArray,
    points: FloatArray,
    near: IntArray,
    near_points: IntArray,
    own: list[int],
    other: IntArray,
) -> IntArray:
    """Return the hydrogens of an atom in the order in which they are nearest to their targets."""
    rotation, shift = superposed(target[near], points[near_points])
    moved = points @ rotation + shift
    orders = [np.array(order) for order in permutations(other.tolist())]
    return min(orders, key=lambda order: float(((moved[order] - target[own]) ** 2).sum()))
