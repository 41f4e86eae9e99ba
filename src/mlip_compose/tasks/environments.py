"""Environments of atoms: env(a, r), the subgraph around atom a out to r bonds, as canonical labels.

A label is a graph invariant of the rooted induced subgraph with its elements and bond orders,
hydrogens included: renumbering the atoms of a molecule reorders its labels and changes none, and
two neighbourhoods have the same label if and only if they are the same.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final
from weakref import WeakKeyDictionary

from mlip_compose.core.records import Molecule
from mlip_compose.tasks.fragments import Neighbours, atoms_within, neighbours_of, rooted_smiles

MAX_RADIUS: Final = 6
"""The largest radius, in bonds, at which coverage and divergence are reported."""

_DIGITS: Final = 20  # hexadecimal, 80 bits

Rows = tuple[tuple[str, ...], ...]  # labels by radius, then by atom

_KNOWN: WeakKeyDictionary[Molecule, Rows] = WeakKeyDictionary()


def environment_labels(molecule: Molecule, radius: int) -> tuple[str, ...]:
    """Label the environment of every atom of a molecule.

    Parameters
    ----------
    molecule
        Its elements, bonds and bond orders are all that matters. They must not change afterwards:
        the labels are kept for as long as the record is.
    radius
        r, in bonds; 0 is the element alone.

    Returns
    -------
    tuple of str
        N labels, one an atom, in the molecule's order. A label is a hash (20 hexadecimal digits of
        SHA-256), the same in every process, and is to be compared at one radius.

    Notes
    -----
    A neighbourhood without a ring is a rooted tree. Its label is made as Aho, Hopcroft and Ullman
    test trees for isomorphism (*The Design and Analysis of Computer Algorithms*, 1974): a node's
    label holds the sorted labels of its branches. The branch behind a directed bond, cut at a
    depth, is shared by all roots from which it is seen, so that one more radius costs one pass over
    the bonds. A neighbourhood with a ring is written as canonical SMILES with the root marked.
    """
    rows = _KNOWN.get(molecule, ())
    if len(rows) <= radius:
        rows = _KNOWN[molecule] = _label(molecule, max(radius, MAX_RADIUS + 1))
    return rows[radius]


@lru_cache(maxsize=1 << 17)
def _tree(order: int, number: int, branches: tuple[str, ...]) -> str:
    """Label a tree: the bond order that leads to it (0 to a root), its top, its sorted branches."""
    return _digest(f"{order}:{number}({','.join(branches)})")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _label(molecule: Molecule, radius: int) -> Rows:
    """Label all environments out to ``radius``."""
    numbers: list[int] = molecule.numbers.tolist()
    neighbours = neighbours_of(molecule)
    edges = [(a, b, order) for a, bonded in enumerate(neighbours) for b, order in bonded]
    place = {(a, b): e for e, (a, b, _) in enumerate(edges)}
    leaving = [[place[a, b] for b, _ in bonded] for a, bonded in enumerate(neighbours)]
    beyond = [[e for e in leaving[b] if edges[e][1] != a] for a, b, _ in edges]

    branches = [_tree(order, numbers[b], ()) for _, b, order in edges]  # cut at depth 0
    rows = [tuple(_tree(0, number, ()) for number in numbers)]
    for _ in range(radius):
        rows.append(
            tuple(
                _tree(0, number, tuple(sorted([branches[e] for e in out])))
                for number, out in zip(numbers, leaving, strict=True)
            )
        )
        branches = [
            _tree(order, numbers[b], tuple(sorted([branches[e] for e in out])))
            for (_, b, order), out in zip(edges, beyond, strict=True)
        ]
    if _has_ring(neighbours):
        return tuple(_with_rings(molecule, neighbours, r, row) for r, row in enumerate(rows))
    return tuple(rows)


def _has_ring(neighbours: Neighbours) -> bool:
    """Return whether the graph has a ring: more bonds than atoms less connected parts."""
    unseen = set(range(len(neighbours)))
    n_parts = 0
    while unseen:
        unseen -= atoms_within(neighbours, next(iter(unseen)), len(neighbours))
        n_parts += 1
    n_bonds = sum(map(len, neighbours)) // 2
    return n_bonds > len(neighbours) - n_parts


def _with_rings(
    molecule: Molecule, neighbours: Neighbours, radius: int, row: tuple[str, ...]
) -> tuple[str, ...]:
    """Replace the labels of neighbourhoods that hold a ring; as trees these would be unrolled."""
    labels = list(row)
    for atom in range(len(neighbours)):
        ball = atoms_within(neighbours, atom, radius)
        if sum(b in ball for a in ball for b, _ in neighbours[a]) // 2 >= len(ball):
            labels[atom] = _digest(f"ring {rooted_smiles(molecule, atom, radius)}")
    return tuple(labels)
