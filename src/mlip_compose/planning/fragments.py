"""Fragments of a molecule: the surroundings of an atom, cut where chemistry allows, capped with H.

A bond is cut where it is single, in no ring, and no atom of it is charged: ring systems, multiple
bonds and charged groups stay whole, as in the fragmenter of the Open Force Field Initiative. Each
cut bond is capped with a hydrogen. A cap changes the atoms near it, so that what a fragment shows
is found from the fragment itself, never from where it was cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import Molecule
from mlip_compose.molecules.perception import molecule_of_smiles, rdkit_of
from mlip_compose.planning.seen import Environments

EXTRA: tuple[int, ...] = (0, 1)
"""Bonds by which a sphere is larger than the radius that it has to show."""


def fragments_around(target: Environments, atoms: Iterable[int], radius: int) -> Iterator[Molecule]:
    """Yield the fragments around some atoms of a molecule, each once.

    Parameters
    ----------
    target
        The whole molecule.
    atoms
        Centres of the spheres.
    radius
        Radius of the smallest sphere, bonds; spheres one bond larger come after it.

    Yields
    ------
    Molecule
        A closed-shell molecule smaller than the whole, named by its SMILES.
    """
    cuttable = cuttable_bonds(target)
    seen: set[frozenset[int]] = set()
    smiles: set[str] = {target.molecule.smiles}
    for atom in atoms:
        for extra in EXTRA:
            part = closed_part(target, target.ball(atom, radius + extra), cuttable)
            if part in seen:
                continue
            seen.add(part)
            fragment = capped(target, part)
            if fragment is not None and fragment.smiles not in smiles:
                smiles.add(fragment.smiles)
                yield fragment


def cuttable_bonds(target: Environments) -> frozenset[tuple[int, int]]:
    """Return the bonds, as (smaller, larger) index, that may be cut."""
    rings = ring_bonds(target)
    charges, numbers = target.molecule.charges, target.molecule.numbers
    return frozenset(
        (i, j)
        for i, row in enumerate(target.molecule.neighbours)
        for j, order in row
        if i < j
        and order == 1
        and (i, j) not in rings
        and not charges[i]
        and not charges[j]
        and numbers[i] > 1
        and numbers[j] > 1
    )


def ring_bonds(target: Environments) -> frozenset[tuple[int, int]]:
    """Return the bonds of rings, as (smaller, larger) index."""
    from rdkit import Chem

    molecule = rdkit_of(target.molecule)
    Chem.FastFindRings(molecule)
    ends = [(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in molecule.GetBonds() if b.IsInRing()]
    return frozenset((min(i, j), max(i, j)) for i, j in ends)


def closed_part(
    target: Environments, atoms: Iterable[int], cuttable: frozenset[tuple[int, int]]
) -> frozenset[int]:
    """Return the atoms, and all that hang on them by bonds that are not cut."""
    part = set(atoms)
    front = list(part)
    while front:
        i = front.pop()
        for j, _ in target.molecule.neighbours[i]:
            if j not in part and (min(i, j), max(i, j)) not in cuttable:
                part.add(j)
                front.append(j)
    return frozenset(part)


def capped(target: Environments, part: frozenset[int]) -> Molecule | None:
    """Return a part of a molecule with a hydrogen on each cut bond; None where that is none.

    RDKit refuses some parts, such as a ring whose aromaticity hangs on what was cut off.
    """
    from rdkit import Chem
    from rdkit.rdBase import BlockLogs

    atoms = sorted(part)
    fragment = rdkit_of(target.molecule, atoms)
    for place, i in enumerate(atoms):
        for j, _ in target.molecule.neighbours[i]:
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
