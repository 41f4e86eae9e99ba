"""Trees: atoms with bonds, numbered in any order, checked to be complete and neutral."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mlip_compose.core.errors import NotOfThisKindError, RequestError
from mlip_compose.core.records import IntArray
from mlip_compose.molecules.groups import END_GROUPS

_SYMBOL: Final = {1: "H", 6: "C", 7: "N", 8: "O", 9: "F", 16: "S", 17: "Cl"}
_VALENCE: Final = {1: 1, 6: 4, 7: 3, 8: 2, 9: 1, 16: 2, 17: 1}
_ORDERS: Final = (1, 2, 3)
_INCOMPLETE: Final = "hydrogens are missing, or it is a radical or an ion"


class Tree(NamedTuple):
    """A molecule without rings.

    Attributes
    ----------
    symbols
        The element of each atom.
    neighbours
        For each atom the atoms bonded to it, with the order of the bond.
    """

    symbols: list[str]
    neighbours: list[dict[int, int]]


def not_of_this_kind(reason: str) -> NotOfThisKindError:
    """Return the error that says why a molecule is not X-(CH2)n-Y."""
    groups = ", ".join(END_GROUPS)
    kind = f"a molecule X-(CH2)n-Y with X and Y among {groups} and n at least 1"
    return NotOfThisKindError(kind, reason)


def read_tree(numbers: ArrayLike, bonds: ArrayLike, bond_orders: ArrayLike | None) -> Tree:
    """Check that atoms and bonds are a closed-shell neutral molecule without rings.

    Parameters
    ----------
    numbers : (N,) int
        Atomic numbers, hydrogens included.
    bonds : (B, 2) int
        Indices of bonded atoms, each bond once.
    bond_orders : (B,) int or None
        1, 2 or 3. None takes them from the valences, which fix every bond order of a molecule
        without rings.

    Raises
    ------
    NotOfThisKindError
        The graph has several fragments, other elements, rings, or an atom whose bonds do not add up
        to its valence (H 1, C 4, N 3, O 2, F 1, S 2, Cl 1).
    RequestError
        The arrays do not describe a graph.
    """
    elements = _integers(numbers, "atomic numbers", ())
    pairs = _integers(bonds, "bonds", (2,))
    orders: IntArray = np.zeros(len(pairs), dtype=np.int64)  # 0 stands for unknown
    if bond_orders is not None:
        orders = _integers(bond_orders, "bond orders", ())
        if len(orders) != len(pairs) or not np.isin(orders, _ORDERS).all():
            raise RequestError(
                f"bond orders 1, 2 or 3 (rings with alternating bonds) for {len(pairs)} bonds",
                f"{len(orders)} values: {', '.join(map(str, np.unique(orders).tolist()))}",
            )
    neighbours = _neighbours(len(elements), pairs, orders)
    check_fragments(_count_fragments(neighbours))
    for atom, number in enumerate(elements.tolist()):
        if number not in _SYMBOL:
            symbols = ", ".join(_SYMBOL.values())
            raise not_of_this_kind(f"atom {atom} has the atomic number {number}, none of {symbols}")
    if len(pairs) >= len(elements):
        raise not_of_this_kind("there is a ring")
    valences = [_VALENCE[number] for number in elements.tolist()]
    if bond_orders is None:
        _infer_orders(valences, neighbours)
    tree = Tree([_SYMBOL[number] for number in elements.tolist()], neighbours)
    _check_valences(tree, valences)
    return tree


def check_fragments(count: int) -> None:
    """Raise NotOfThisKindError unless there is one fragment."""
    if count != 1:
        reason = f"there are {count} separate fragments" if count else "there are no atoms"
        raise not_of_this_kind(reason)


def _integers(values: ArrayLike, name: str, row: tuple[int, ...]) -> IntArray:
    """Return the values as an integer array whose rows have this shape."""
    array = np.asarray(values)
    if array.size == 0:
        return np.zeros((0, *row), dtype=np.int64)
    if array.dtype.kind not in "iu" or array.ndim != 1 + len(row) or array.shape[1:] != row:
        shape = "(any, 2)" if row else "(any,)"
        raise RequestError(
            f"{name} as integers of shape {shape}", f"{array.dtype} of shape {array.shape}"
        )
    return array.astype(np.int64)


def _neighbours(n_atoms: int, bonds: IntArray, orders: IntArray) -> list[dict[int, int]]:
    neighbours: list[dict[int, int]] = [{} for _ in range(n_atoms)]
    for (i, j), order in zip(bonds.tolist(), orders.tolist(), strict=True):
        if not (0 <= i < n_atoms and 0 <= j < n_atoms) or i == j or j in neighbours[i]:
            expected = f"bonds between two different atoms among the {n_atoms}, each bond once"
            raise RequestError(expected, f"a bond between atoms {i} and {j}, counted from 0")
        neighbours[i][j] = neighbours[j][i] = order
    return neighbours


def _count_fragments(neighbours: list[dict[int, int]]) -> int:
    unseen = set(range(len(neighbours)))
    fragments = 0
    while unseen:
        fragments += 1
        front = [unseen.pop()]
        while front:
            reached = neighbours[front.pop()].keys() & unseen
            unseen -= reached
            front.extend(reached)
    return fragments


def _infer_orders(valences: list[int], neighbours: list[dict[int, int]]) -> None:
    """Fill in bond orders from the leaves inwards: a leaf's only bond takes its free valence."""
    free = valences.copy()
    open_bonds = [set(bonded) for bonded in neighbours]
    leaves = [atom for atom, bonded in enumerate(open_bonds) if len(bonded) == 1]
    while leaves:
        leaf = leaves.pop()
        if not open_bonds[leaf]:  # the last bond of all has a leaf at either end
            continue
        other = open_bonds[leaf].pop()
        open_bonds[other].discard(leaf)
        order = free[leaf]
        if order not in _ORDERS or order > free[other]:
            first, second = sorted((leaf, other))
            reason = f"the valences of atoms {first} and {second} do not fit: {_INCOMPLETE}"
            raise not_of_this_kind(reason)
        free[other] -= order
        neighbours[leaf][other] = neighbours[other][leaf] = order
        if len(open_bonds[other]) == 1:
            leaves.append(other)


def _check_valences(tree: Tree, valences: list[int]) -> None:
    for atom, (symbol, bonded) in enumerate(zip(*tree, strict=True)):
        used, full = sum(bonded.values()), valences[atom]
        if used != full:
            why = _INCOMPLETE if used < full else "more than its usual valence, or an ion"
            raise not_of_this_kind(
                f"the bonds of atom {atom} ({symbol}) add up to {used} instead of {full}: {why}"
            )
