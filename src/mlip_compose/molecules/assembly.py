"""Assembly: from X, n and Y to a molecule, and the series of molecules of the benchmark."""

import operator
import re
from collections.abc import Iterable
from functools import cache
from itertools import combinations_with_replacement
from typing import Final

import numpy as np

from mlip_compose.core.errors import NotOfThisKindError, UnknownNameError
from mlip_compose.core.records import Molecule, Parts
from mlip_compose.molecules.groups import END_GROUPS

MAX_CHAIN: Final = 80
"""Longest chain: with any two end groups, atom indices fit the 8 bits of ``Molecule.bonds``."""

_RANK: Final = {name: rank for rank, name in enumerate(END_GROUPS)}


def canonical_parts(left: str, chain: int, right: str) -> Parts:
    """Put the parts of a molecule in canonical order: that of ``END_GROUPS``, but H on the right.

    Parameters
    ----------
    left, right
        Names of the end groups, in either order.
    chain
        Number of CH2 carbons between them, 1 to 80.

    Returns
    -------
    Parts
        The parts, which are the same for (X, n, Y) and (Y, n, X).

    Raises
    ------
    UnknownNameError
        No end group has this name.
    NotOfThisKindError
        The chain is no whole number from 1 to 80.
    """
    for name in (left, right):
        if name not in END_GROUPS:
            raise UnknownNameError("end group", str(name), END_GROUPS)
    try:
        length = 0 if isinstance(chain, bool) else operator.index(chain)
    except TypeError:
        length = 0
    if not 1 <= length <= MAX_CHAIN:
        raise NotOfThisKindError(
            f"X-(CH2)n-Y with n a whole number from 1 to {MAX_CHAIN}",
            f"n = {chain!r}",
            "Carbons inside an end group do not count in n" if length == 0 else "",
        )
    if left == "H" or (right != "H" and _RANK[right] < _RANK[left]):
        left, right = right, left
    return Parts(left, length, right)


def parse_name(name: str) -> Parts:
    """Read a molecule's name, such as ``OH-4-H``; ends may be in either order.

    Raises
    ------
    UnknownNameError
        No end group has this name.
    NotOfThisKindError
        The name is not of the form X-n-Y, or n is out of range.
    """
    pieces = name.split("-")
    if len(pieces) != 3 or not re.fullmatch(r"0|[1-9][0-9]{0,8}", pieces[1]):
        raise NotOfThisKindError("a name X-n-Y such as OH-4-H", f"{name!r}")
    return canonical_parts(pieces[0], int(pieces[1]), pieces[2])


def assemble(parts: Parts) -> Molecule:
    """Return the molecule X-(CH2)n-Y.

    The heavy atoms come first, from the left end to the right end, then the hydrogens in the order
    of the atoms that bear them. The arrays are shared between calls and read-only.

    Parameters
    ----------
    parts
        End groups and chain length; put in canonical order first.

    Returns
    -------
    Molecule
        The neutral singlet, with RDKit's canonical SMILES and standard InChIKey.

    Raises
    ------
    UnknownNameError, NotOfThisKindError
        See :func:`canonical_parts`.
    """
    return _assemble(canonical_parts(*parts))


def written_smiles(parts: Parts) -> str:
    """Return SMILES from the left end to the right end, not canonical: ``OCCCC`` for OH-4-H."""
    return END_GROUPS[parts.left].left + "C" * parts.chain + END_GROUPS[parts.right].right


@cache
def _assemble(parts: Parts) -> Molecule:
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        heavy = Chem.MolFromSmiles(written_smiles(parts))
        inchikey = Chem.MolToInchiKey(heavy)
        smiles = Chem.MolToSmiles(heavy)
    graph = Chem.AddHs(heavy)
    rows = sorted(
        (*sorted((b.GetBeginAtomIdx(), b.GetEndAtomIdx())), int(b.GetBondTypeAsDouble()))
        for b in graph.GetBonds()
    )
    table = np.array(rows, dtype=np.uint8)
    numbers = np.array([atom.GetAtomicNum() for atom in graph.GetAtoms()], dtype=np.uint8)
    bonds, bond_orders = table[:, :2].copy(), table[:, 2].copy()
    for array in (numbers, bonds, bond_orders):
        array.flags.writeable = False
    left, chain, right = parts
    return Molecule(left, chain, right, smiles, inchikey, numbers, bonds, bond_orders)


METHANE = Parts("H", 1, "H")
"""The grammar makes methane, the series leave it out: the alkanes of GMD-26 begin at ethane."""


def monofunctional(chains: Iterable[int] = range(1, 13)) -> tuple[Parts, ...]:
    """Return X-(CH2)n-H for every end group X (alkanes included) and every n, without methane.

    Parameters
    ----------
    chains
        Chain lengths n; by default 1 to 12, which makes 119 molecules.
    """
    lengths = tuple(chains)
    every = (canonical_parts(x, n, "H") for x in END_GROUPS for n in lengths)
    return tuple(parts for parts in every if parts != METHANE)


def bifunctional(chains: Iterable[int] = (2, 4, 6)) -> tuple[Parts, ...]:
    """Return X-(CH2)n-Y for every pair of end groups other than H, equal ones too, and every n.

    Parameters
    ----------
    chains
        Chain lengths n; by default 2, 4 and 6, which makes 45 pairs x 3 = 135 molecules.
    """
    lengths = tuple(chains)
    pairs = combinations_with_replacement([x for x in END_GROUPS if x != "H"], 2)
    return tuple(canonical_parts(x, n, y) for x, y in pairs for n in lengths)


@cache
def full() -> tuple[Molecule, ...]:
    """Return all 254 molecules: the mono-functional series, then the bifunctional one."""
    return tuple(assemble(parts) for parts in (*monofunctional(), *bifunctional()))
