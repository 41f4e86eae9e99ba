"""Recognition: from SMILES, a graph or atoms in space to X, n and Y; the inverse of assembly.

Why X, n and Y are unique. Every carbon inside an end group has a double or triple bond; a carbon of
the chain has four single bonds. So the graph alone says which carbons are the chain, and n is their
number. An unbroken, unbranched chain has 2n + 2 other bonds. At each carbon two of them lead to the
hydrogens of CH2; the two remaining bonds lead to X and Y. (At CH3 any two of three hydrogens can
make the CH2: an H remains as end group.) A group is known by its tree, and the ten trees differ. So
no molecule has two readings, except for the left and the right end, which the canonical order
tells apart.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from mlip_compose.core.errors import NotOfThisKindError
from mlip_compose.core.records import IntArray, Molecule, Parts
from mlip_compose.molecules.assembly import assemble, canonical_parts
from mlip_compose.molecules.geometry import BONDED, covalent_sums
from mlip_compose.molecules.groups import END_GROUPS
from mlip_compose.molecules.trees import Tree, check_fragments, not_of_this_kind, read_tree

_ORDER_SIGN: Final = {1: "-", 2: "=", 3: "#"}
_GROUP_OF_BRANCH: Final = {group.branch: group.name for group in END_GROUPS.values()}
_DEEPEST_GROUP: Final = 3  # atoms from the chain outwards, as in -C(-O(-H))(=O)


def recognise_smiles(smiles: str) -> Parts:
    """Find X, n and Y of a molecule given as SMILES.

    Parameters
    ----------
    smiles
        Any SMILES of the neutral molecule, canonical or not, with or without explicit hydrogens,
        such as ``OCCCC``. Atom-map numbers are ignored.

    Returns
    -------
    Parts
        X, n and Y in canonical order.

    Raises
    ------
    NotOfThisKindError
        The text is no valid SMILES, or its molecule is not X-(CH2)n-Y. The message says why; atoms
        are counted from 0 in the order of the SMILES.
    """
    try:
        return recognise_graph(*_read_smiles(smiles.strip()))
    except NotOfThisKindError as error:
        reason = f"{smiles!r}, where {error.found}"
        raise NotOfThisKindError(error.expected, reason, error.hint) from error.__cause__


def recognise_graph(
    numbers: ArrayLike, bonds: ArrayLike, bond_orders: ArrayLike | None = None
) -> Parts:
    """Find X, n and Y of a molecule given as atoms and bonds, numbered in any order.

    Parameters
    ----------
    numbers : (N,) int
        Atomic numbers, hydrogens included.
    bonds : (B, 2) int
        Indices of bonded atoms, counted from 0, each bond once.
    bond_orders : (B,) int, optional
        1, 2 or 3. Without them they follow from the valences.

    Returns
    -------
    Parts
        X, n and Y in canonical order.

    Raises
    ------
    NotOfThisKindError
        The molecule is not X-(CH2)n-Y; the message says why.
    RequestError
        The arrays do not describe a graph.
    """
    return _walk(read_tree(numbers, bonds, bond_orders))


def recognise_geometry(numbers: ArrayLike, positions: ArrayLike) -> Molecule:
    """Find the molecule X-(CH2)n-Y of a geometry.

    Parameters
    ----------
    numbers : (N,) int
        Atomic numbers, hydrogens included, in any order.
    positions : (N, 3) float
        Angstrom.

    Returns
    -------
    Molecule
        The molecule with its atoms in the order of the geometry, unlike that of ``assemble``.

    Raises
    ------
    NotOfThisKindError
        The atoms are not such a molecule; the message says why.
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
        Indices of bonded atoms, each pair ascending, rows in lexicographic order: the atoms that
        are closer than ``BONDED`` (1.3) times the sum of their covalent radii.
    """
    radii = covalent_sums(np.asarray(numbers))
    points = np.asarray(positions, dtype=np.float64)
    i, j = np.triu_indices(len(radii), k=1)
    distances = np.linalg.norm(points[i] - points[j], axis=-1)
    bonded = distances < BONDED * radii[i, j]
    return np.stack([i[bonded], j[bonded]], axis=1)


def _read_smiles(smiles: str) -> tuple[IntArray, IntArray, IntArray]:
    """Read atomic numbers, bonds and bond orders, hydrogens included."""
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    if len(smiles.split()) > 1 or not smiles.isascii():  # RDKit ignores what follows a blank
        raise NotOfThisKindError("a valid SMILES", "there is a blank or a character outside ASCII")
    with BlockLogs():
        molecule = Chem.MolFromSmiles(smiles, sanitize=False)  # keeps explicit hydrogens
        if molecule is None:
            raise NotOfThisKindError("a valid SMILES", "there is a syntax error")
        try:
            Chem.SanitizeMol(molecule)
            Chem.Kekulize(molecule, clearAromaticFlags=True)
        except Chem.MolSanitizeException as error:
            raise NotOfThisKindError("a valid SMILES", f"RDKit finds: {error}") from error
        molecule = Chem.AddHs(molecule)
    check_fragments(len(Chem.GetMolFrags(molecule)))
    for atom in molecule.GetAtoms():
        this = f"atom {atom.GetIdx()} ({atom.GetSymbol()})"
        if atom.GetIsotope():
            raise not_of_this_kind(f"{this} has the isotope label {atom.GetIsotope()}")
        if atom.GetFormalCharge():
            raise not_of_this_kind(f"{this} has the charge {atom.GetFormalCharge():+d}")
    orders = {Chem.BondType.SINGLE: 1, Chem.BondType.DOUBLE: 2, Chem.BondType.TRIPLE: 3}
    rows = []
    for bond in molecule.GetBonds():
        i, j, kind = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), bond.GetBondType()
        if kind not in orders:
            reason = f"the bond between atoms {i} and {j} is {str(kind).lower()}"
            raise not_of_this_kind(f"{reason}, not single, double or triple")
        rows.append((i, j, orders[kind]))
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    elements = np.array([atom.GetAtomicNum() for atom in molecule.GetAtoms()], dtype=np.int64)
    return elements, table[:, :2], table[:, 2]


def _walk(tree: Tree) -> Parts:
    """Walk along the chain, and read off what hangs at its two ends."""
    chain = _chain(tree)
    ends = []
    for atom in sorted(chain):
        outwards = tree.neighbours[atom].keys() - chain
        branches = [_branch(other, atom, tree, _DEEPEST_GROUP) for other in outwards]
        for _ in range(2):  # the two hydrogens of CH2
            branches.remove("-H")
        for branch in branches:
            if branch not in _GROUP_OF_BRANCH:
                raise not_of_this_kind(f"the group {branch} at atom {atom} (C) is none of those")
            ends.append(_GROUP_OF_BRANCH[branch])
    left, right = ends
    return canonical_parts(left, len(chain), right)


def _chain(tree: Tree) -> set[int]:
    """Return the carbons of the chain, which have four neighbours; check that they are a chain."""
    symbols, neighbours = tree
    for atom, bonded in enumerate(neighbours):
        for other, order in bonded.items():
            if order > 1 and symbols[atom] == symbols[other] == "C":
                bond = "double" if order == 2 else "triple"
                raise not_of_this_kind(f"carbon atoms {atom} and {other} have a {bond} bond")
    chain = {a for a, bonded in enumerate(neighbours) if symbols[a] == "C" and len(bonded) == 4}
    if not chain:
        raise not_of_this_kind("there is no CH2 carbon (n = 0)")
    for atom in sorted(chain):
        heavy = sum(symbols[other] != "H" for other in neighbours[atom])
        if heavy > 2:
            reason = f"the chain branches at atom {atom} (C), bonded to {heavy} atoms other than H"
            raise not_of_this_kind(reason)
    _check_unbroken(chain, tree)
    return chain


def _check_unbroken(chain: set[int], tree: Tree) -> None:
    """Check that no other atom lies between two carbons of the chain."""
    start = min(chain)
    came_from = {start: start}
    front = [start]
    for atom in front:  # grows while it is walked
        for other in tree.neighbours[atom].keys() - came_from.keys():
            came_from[other] = atom
            front.append(other)
            if other in chain and atom not in chain:
                between = []
                while atom not in chain:
                    between.append(f"{atom} ({tree.symbols[atom]})")
                    atom = came_from[atom]
                path = " and ".join(reversed(between))
                reason = f"between carbon atoms {atom} and {other} the chain is broken by atom"
                raise not_of_this_kind(f"{reason} {path}")


def _branch(atom: int, parent: int, tree: Tree, depth: int) -> str:
    """Write the branch of ``parent`` that begins with ``atom`` as text: see ``EndGroup.branch``."""
    text = _ORDER_SIGN[tree.neighbours[atom][parent]] + tree.symbols[atom]
    others = [other for other in tree.neighbours[atom] if other != parent]
    if others and depth == 1:
        return f"{text}(...)"  # larger than any end group
    inner = sorted(_branch(other, atom, tree, depth - 1) for other in others)
    return text + "".join(f"({branch})" for branch in inner)
