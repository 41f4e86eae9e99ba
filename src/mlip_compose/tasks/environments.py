"""Environments of atoms: env(a, r), the subgraph around atom a out to r bonds.

An environment is written as a canonical label, for comparison, or as a SMILES, for people. Its
label is a graph invariant of the rooted induced subgraph with its elements, formal charges and bond
orders, aromatic ones among them, hydrogens included: renumbering the atoms of a molecule reorders
its labels and changes none. Two environments have the same label if and only if they are the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from mlip_compose.core.records import Molecule, Neighbours
from mlip_compose.molecules.perception import rdkit_of

MAX_RADIUS: Final = 6
"""The largest radius, in bonds, at which coverage and divergence are reported."""

_DIGITS: Final = 20  # hexadecimal, 80 bits

_Rows = tuple[tuple[str, ...], ...]  # labels by radius, then by atom

_Label = TypeVar("_Label", int, str)

_CACHE: WeakKeyDictionary[Molecule, _Rows] = WeakKeyDictionary()


def environment_labels(molecule: Molecule, radius: int) -> tuple[str, ...]:
    """Label the environment of every atom of a molecule.

    Parameters
    ----------
    molecule
        A molecule of N atoms. Labels depend on its elements, charges, bonds and bond orders, which
        must not change afterwards: the labels are kept for as long as the record.
    radius
        r, in bonds; 0 is the element alone.

    Returns
    -------
    tuple of str
        N labels, in the order of the atoms. A label is a hash (20 hexadecimal digits of SHA-256),
        the same in every process. Labels are comparable at one radius only.

    Notes
    -----
    An environment without a ring is a rooted tree. Its label is made as Aho, Hopcroft and Ullman
    test trees for isomorphism (see :func:`tree_labels`). An environment with a ring is written as
    canonical SMILES with the root marked.
    """
    rows = _CACHE.get(molecule, ())
    if len(rows) <= radius:
        rows = _CACHE[molecule] = _label(molecule, max(radius, MAX_RADIUS + 1))
    return rows[radius]


def rooted_smiles(molecule: Molecule, atom: int, radius: int) -> str:
    """Write env(atom, radius) as a canonical SMILES with the root marked.

    All atoms of the environment, hydrogens included, stand in the SMILES; the root alone has an
    atom map number, 1. Atoms at the rim lack the neighbours that are farther out, so that RDKit
    reads the SMILES with ``sanitize=False`` only. Read as SMARTS it finds the environment in a
    molecule with explicit hydrogens.

    Two environments have the same SMILES if and only if an isomorphism that keeps elements,
    charges, bond orders and the root takes one to the other (as far as RDKit's canonical numbering
    is canonical).
    """
    ball = atoms_within(molecule, atom, radius)
    return rooted_part(molecule, [atom, *(other for other in ball if other != atom)])


def rooted_part(molecule: Molecule, atoms: Sequence[int]) -> str:
    """Write the part of a molecule on some atoms, the root first, as :func:`rooted_smiles` does."""
    from rdkit import Chem

    part = rdkit_of(molecule, atoms)
    part.GetAtomWithIdx(0).SetAtomMapNum(1)
    return str(Chem.MolToSmiles(part))


def atom_kinds(molecule: Molecule) -> list[int]:
    """Return a number for the element and formal charge of each atom: 6 for C, 1007 for N+."""
    numbers, charges = molecule.numbers.astype(int), molecule.charges.astype(int)
    kinds: list[int] = (numbers + 1000 * charges).tolist()
    return kinds


def atoms_within(molecule: Molecule, atom: int, radius: int) -> list[int]:
    """Return the atoms at most ``radius`` bonds away from ``atom``, itself included, ascending."""
    away = molecule.separations[atom]
    return np.flatnonzero((away >= 0) & (away <= radius)).tolist()


@lru_cache(maxsize=1 << 17)
def _tree(order: int, kind: int, branches: tuple[str, ...]) -> str:
    """Label a tree: the bond order that leads to it (0 to a root), its top, its sorted branches."""
    return _digest(f"{order}:{kind}({','.join(branches)})")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _label(molecule: Molecule, radius: int) -> _Rows:
    """Label all environments out to ``radius``."""
    rows = tree_labels(atom_kinds(molecule), molecule.neighbours, radius, _tree)
    if _has_ring(molecule):
        return tuple(_with_rings(molecule, r, row) for r, row in enumerate(rows))
    return rows


def tree_labels(
    kinds: Sequence[int],
    neighbours: Neighbours,
    radius: int,
    label: Callable[[int, int, tuple[_Label, ...]], _Label],
) -> tuple[tuple[_Label, ...], ...]:
    """Label the tree of all walks from every atom that do not turn back at once.

    The label of a node holds the sorted labels of its branches (Aho, Hopcroft and Ullman, *The
    Design and Analysis of Computer Algorithms*, 1974). The branch behind a directed bond, cut at a
    depth, is shared by all roots from which it is seen, so that one more radius costs one pass over
    the bonds. Rings are unrolled: without a ring, equal labels are equal environments.

    Parameters
    ----------
    kinds
        A number for each atom (:func:`atom_kinds`).
    neighbours
        For every atom, the atoms bonded to it with the orders of the bonds.
    radius
        Length of the longest walk, bonds.
    label
        Returns the label of a tree: ``label(order of the bond that leads to it, or 0 for a root;
        kind of its top; sorted labels of its branches)``.

    Returns
    -------
    tuple of tuple
        Labels by radius, 0 to ``radius``, then by atom.
    """
    edges = [(a, b, order) for a, bonded in enumerate(neighbours) for b, order in bonded]
    place = {(a, b): e for e, (a, b, _) in enumerate(edges)}
    leaving = [[place[a, b] for b, _ in bonded] for a, bonded in enumerate(neighbours)]
    beyond = [[e for e in leaving[b] if edges[e][1] != a] for a, b, _ in edges]

    branches = [label(order, kinds[b], ()) for _, b, order in edges]  # cut at depth 0
    rows = [tuple(label(0, kind, ()) for kind in kinds)]
    for _ in range(radius):
        rows.append(
            tuple(
                label(0, kind, tuple(sorted([branches[e] for e in out])))
                for kind, out in zip(kinds, leaving, strict=True)
            )
        )
        branches = [
            label(order, kinds[b], tuple(sorted([branches[e] for e in out])))
            for (_, b, order), out in zip(edges, beyond, strict=True)
        ]
    return tuple(rows)


def _has_ring(molecule: Molecule) -> bool:
    """Return whether the graph has a ring: more bonds than atoms less connected parts."""
    n_parts = len(np.unique(molecule.separations >= 0, axis=0))
    return len(molecule.bonds) > molecule.n_atoms - n_parts


def _with_rings(molecule: Molecule, radius: int, row: tuple[str, ...]) -> tuple[str, ...]:
    """Replace the labels of environments with a ring, which a tree's label would unroll."""
    labels = list(row)
    for atom in range(molecule.n_atoms):
        ball = atoms_within(molecule, atom, radius)
        n_bonds = int(np.isin(molecule.bonds, ball).all(axis=1).sum())
        if n_bonds >= len(ball):
            labels[atom] = _digest(f"ring {rooted_smiles(molecule, atom, radius)}")
    return tuple(labels)
