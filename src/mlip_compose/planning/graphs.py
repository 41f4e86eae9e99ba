"""Any molecule as a graph: rings, aromatic bonds and charges as what they are.

The molecules of a task are those of a data set (:class:`mlip_compose.core.records.Molecule`). The
molecules that somebody cares about come from anywhere: RDKit reads and perceives them here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mlip_compose.core.errors import RequestError, excerpt
from mlip_compose.core.records import IntArray, Molecule

if TYPE_CHECKING:
    from rdkit.Chem import Mol, RWMol

AROMATIC: Final = 4
"""Order of an aromatic bond."""

MOST_ATOMS: Final = 1000
"""Atoms of a molecule, hydrogens included; proteins and polymers are given as pieces."""

NON_METALS: Final = (
    "H",
    "B",
    "C",
    "N",
    "O",
    "F",
    "Si",
    "P",
    "S",
    "Cl",
    "Ge",
    "As",
    "Se",
    "Br",
    "I",
)
"""Elements whose bonds a graph describes; those of a metal have no agreed order."""

_HINT: Final = "Take it off the list, or write it as a neutral or charged closed-shell molecule."


@dataclass(frozen=True, eq=False)
class Graph:
    """Atoms and bonds of one molecule, hydrogens included.

    Attributes
    ----------
    name
        As the file or the user says, such as ``aspirin``; else the SMILES.
    smiles
        Canonical SMILES with charges, without stereochemistry: ``CC(=O)Oc1ccccc1C(=O)O``.
    numbers : (N,) int
        Atomic numbers.
    charges : (N,) int
        Formal charges, elementary charges.
    bonds : (B, 2) int
        Indices of bonded atoms.
    orders : (B,) int
        1, 2, 3, or 4 for an aromatic bond.
    """

    name: str
    smiles: str
    numbers: IntArray
    charges: IntArray
    bonds: IntArray
    orders: IntArray

    @property
    def n_atoms(self) -> int:
        """Number of atoms N."""
        return len(self.numbers)

    @property
    def charge(self) -> int:
        """Total charge, elementary charges."""
        return int(self.charges.sum())


def graph_of_smiles(smiles: str, name: str = "") -> Graph:
    """Read a SMILES.

    Parameters
    ----------
    smiles
        One closed-shell molecule, such as ``OCCBr``. Stereochemistry is read and left out.
    name
        Name of the molecule; empty for its canonical SMILES.

    Raises
    ------
    RequestError
        RDKit cannot read it, or :func:`graph_of_rdkit` refuses it.
    """
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        molecule = Chem.MolFromSmiles(smiles, sanitize=False)
        problems = () if molecule is None else Chem.DetectChemistryProblems(molecule)
    if molecule is None or problems:
        reason = " ".join(problems[0].Message().split()) if problems else "no SMILES"
        raise RequestError(
            "a molecule that RDKit can read", f"{excerpt(smiles)!r}: {reason}", _HINT
        )
    Chem.SanitizeMol(molecule)
    return graph_of_rdkit(molecule, name)


def graph_of_rdkit(molecule: Mol, name: str = "") -> Graph:
    """Return the graph of an RDKit molecule, with all its hydrogens.

    Parameters
    ----------
    molecule
        Sanitized; hydrogens may be atoms of it or implied.
    name
        Name of the molecule; empty for its canonical SMILES.

    Returns
    -------
    Graph
        Atoms in the order of the canonical SMILES, hydrogens last: two writings of one molecule
        give the same arrays.

    Raises
    ------
    RequestError
        No atoms, several fragments, a radical, an isotope, a metal, a dummy atom, a bond that is
        not covalent, or more atoms than ``MOST_ATOMS``.
    """
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        bare = Chem.RemoveHs(molecule)
        Chem.RemoveStereochemistry(bare)
        smiles = Chem.MolToSmiles(bare)
    label = name or smiles
    _check(bare, label)
    full = Chem.AddHs(Chem.MolFromSmiles(smiles))
    if full.GetNumAtoms() > MOST_ATOMS:
        raise RequestError(
            f"molecules of at most {MOST_ATOMS} atoms, hydrogens included",
            f"{excerpt(label)} of {full.GetNumAtoms()}",
            "Give the pieces that matter, capped with hydrogen.",
        )
    kinds = {str(kind): order for order, kind in _bond_types().items()}
    rows = []
    for bond in full.GetBonds():
        kind = str(bond.GetBondType())
        if kind not in kinds:
            expected = "single, double, triple and aromatic bonds"
            raise RequestError(expected, f"a {kind.lower()} bond in {excerpt(label)}", _HINT)
        rows.append((*sorted((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())), kinds[kind]))
    table = np.array(sorted(rows), dtype=np.int64).reshape(-1, 3)
    return Graph(
        name=label,
        smiles=smiles,
        numbers=np.array([a.GetAtomicNum() for a in full.GetAtoms()], dtype=np.int64),
        charges=np.array([a.GetFormalCharge() for a in full.GetAtoms()], dtype=np.int64),
        bonds=table[:, :2],
        orders=table[:, 2],
    )


def graph_of_molecule(molecule: Molecule) -> Graph:
    """Return the graph of a molecule of a data set, read anew so that aromatic bonds are such.

    Atoms are in the order of the canonical SMILES, as those of every other graph.
    """
    return graph_of_smiles(molecule.smiles, molecule.name)


def rdkit_of_graph(graph: Graph, atoms: Sequence[int] | None = None) -> RWMol:
    """Return a graph, or the part of it on some atoms, as an RDKit molecule.

    Parameters
    ----------
    graph
        The whole molecule.
    atoms
        Indices of the atoms to take, in the order of the new molecule; None for all.

    Returns
    -------
    RWMol
        Not sanitized. Atoms have no implied hydrogens.
    """
    from rdkit import Chem

    chosen = range(graph.n_atoms) if atoms is None else atoms
    position = {int(atom): index for index, atom in enumerate(chosen)}
    types = _bond_types()
    molecule = Chem.RWMol()
    for atom in position:
        new = Chem.Atom(int(graph.numbers[atom]))
        new.SetFormalCharge(int(graph.charges[atom]))
        new.SetNoImplicit(True)
        molecule.AddAtom(new)
    for (i, j), order in zip(graph.bonds.tolist(), graph.orders.tolist(), strict=True):
        if i in position and j in position:
            molecule.AddBond(position[i], position[j], types[order])
            if order == AROMATIC:
                for atom in (i, j):
                    molecule.GetAtomWithIdx(position[atom]).SetIsAromatic(True)
    return molecule


def _bond_types() -> dict[int, Any]:
    from rdkit.Chem import BondType

    return {1: BondType.SINGLE, 2: BondType.DOUBLE, 3: BondType.TRIPLE, AROMATIC: BondType.AROMATIC}


def _check(molecule: Mol, label: str) -> None:
    """Refuse what is no single closed-shell molecule of natural isotopes and non-metals."""
    from rdkit import Chem

    pieces = len(Chem.GetMolFrags(molecule))
    faults = [] if pieces == 1 else [f"{pieces} fragments" if pieces else "no atoms"]
    for atom in molecule.GetAtoms():
        symbol, where = atom.GetSymbol(), f"atom {atom.GetIdx()} ({atom.GetSymbol()})"
        if symbol not in NON_METALS:
            faults.append(f"{where}, which is none of {', '.join(NON_METALS)}")
        elif atom.GetNumRadicalElectrons():
            faults.append(f"a radical: unpaired electrons at {where}")
        elif atom.GetIsotope():
            faults.append(f"an isotope: {where} of mass {atom.GetIsotope()}")
    if faults:
        expected = "one closed-shell molecule of non-metals, isotopes not marked"
        raise RequestError(expected, f"{excerpt(label)} with {faults[0]}", _HINT)
