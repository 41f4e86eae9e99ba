"""Pieces of a molecule: bonds that may be cut, and hydrogens in place of what was cut off.

A bond is cut where it is single, in no ring, and no atom of it is charged: ring systems, multiple
bonds and charged groups stay whole, as in the fragmenter of the Open Force Field Initiative. Each
cut bond is capped with a hydrogen.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import Molecule
from mlip_compose.molecules.perception import molecule_of_smiles, rdkit_of


def cuttable_bonds(molecule: Molecule) -> frozenset[tuple[int, int]]:
    """Return the bonds, as (smaller, larger) index, that may be cut."""
    rings = ring_bonds(molecule)
    charges, numbers = molecule.charges, molecule.numbers
    return frozenset(
        (i, j)
        for i, row in enumerate(molecule.neighbours)
        for j, order in row
        if i < j
        and order == 1
        and (i, j) not in rings
        and not charges[i]
        and not charges[j]
        and numbers[i] > 1
        and numbers[j] > 1
    )


def ring_bonds(molecule: Molecule) -> frozenset[tuple[int, int]]:
    """Return the bonds of rings, as (smaller, larger) index."""
    from rdkit import Chem

    graph = rdkit_of(molecule)
    Chem.FastFindRings(graph)
    ends = [(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in graph.GetBonds() if b.IsInRing()]
    return frozenset((min(i, j), max(i, j)) for i, j in ends)


def closed_part(
    molecule: Molecule, atoms: Iterable[int], cuttable: frozenset[tuple[int, int]]
) -> frozenset[int]:
    """Return the atoms, and all that hang on them by bonds that are not cut."""
    part = set(atoms)
    front = list(part)
    while front:
        i = front.pop()
        for j, _ in molecule.neighbours[i]:
            if j not in part and (min(i, j), max(i, j)) not in cuttable:
                part.add(j)
                front.append(j)
    return frozenset(part)


def capped(molecule: Molecule, part: frozenset[int]) -> Molecule | None:
    """Return a part of a molecule with a hydrogen on each cut bond; None where that is none.

    RDKit refuses some parts, such as a ring whose aromaticity hangs on what was cut off.
    """
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    atoms = sorted(part)
    fragment = rdkit_of(molecule, atoms)
    for place, i in enumerate(atoms):
        for j, _ in molecule.neighbours[i]:
            if j not in part:
                cap = fragment.AddAtom(Chem.Atom(1))
                fragment.AddBond(place, cap, Chem.BondType.SINGLE)
    try:
        with BlockLogs():
            Chem.SanitizeMol(fragment)
            smiles = Chem.MolToSmiles(Chem.RemoveHs(fragment))
        return molecule_of_smiles(smiles).called(smiles)
    except (Chem.MolSanitizeException, RequestError):
        return None
