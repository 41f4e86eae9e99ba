"""Neighbourhoods of atoms as sub-molecules: which atoms they hold, and how to write them down."""

from __future__ import annotations

from collections.abc import Sequence

from mlip_compose.core.records import Molecule

Neighbours = Sequence[Sequence[tuple[int, int]]]
"""For every atom, its (neighbour, bond order) pairs."""


def neighbours_of(molecule: Molecule) -> Neighbours:
    """Return, for every atom of a molecule, its (neighbour, bond order) pairs."""
    neighbours: list[list[tuple[int, int]]] = [[] for _ in range(molecule.n_atoms)]
    for (a, b), order in zip(molecule.bonds.tolist(), molecule.bond_orders.tolist(), strict=True):
        neighbours[a].append((b, order))
        neighbours[b].append((a, order))
    return neighbours


def atoms_within(neighbours: Neighbours, atom: int, radius: int) -> set[int]:
    """Return the atoms at most ``radius`` bonds away from ``atom``, itself included."""
    ball = shell = {atom}
    for _ in range(radius):
        shell = {b for a in shell for b, _ in neighbours[a]} - ball
        ball = ball | shell
    return ball


def rooted_smiles(molecule: Molecule, atom: int, radius: int) -> str:
    """Write env(atom, radius) as a canonical SMILES with the root marked.

    The neighbourhood is the induced subgraph of the atoms within ``radius`` bonds. All its atoms,
    hydrogens included, stand in the SMILES; the root alone has an atom map number, 1. Atoms at the
    rim lack the neighbours that are farther out, so read it with ``sanitize=False``. Read as SMARTS
    it finds the neighbourhood in a molecule that has its hydrogens.

    Two neighbourhoods have the same SMILES if and only if an isomorphism that keeps elements, bond
    orders and the root takes one to the other (as far as RDKit's canonical numbering is canonical).
    """
    from rdkit import Chem

    orders = {1: Chem.BondType.SINGLE, 2: Chem.BondType.DOUBLE, 3: Chem.BondType.TRIPLE}
    neighbours = neighbours_of(molecule)
    ball = sorted(atoms_within(neighbours, atom, radius))
    position = {a: i for i, a in enumerate(ball)}
    fragment = Chem.RWMol()
    for a in ball:
        rd_atom = Chem.Atom(int(molecule.numbers[a]))
        rd_atom.SetNoImplicit(True)
        fragment.AddAtom(rd_atom)
    fragment.GetAtomWithIdx(position[atom]).SetAtomMapNum(1)
    for a in ball:
        for b, order in neighbours[a]:
            if a < b and b in position:
                fragment.AddBond(position[a], position[b], orders[order])
    return str(Chem.MolToSmiles(fragment))
