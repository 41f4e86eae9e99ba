"""Fragments of a molecule: the surroundings of an atom, cut where chemistry allows, capped with H.

A cap changes the atoms near it, so that what a fragment shows is found from the fragment itself,
never from where it was cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mlip_compose.core.records import Molecule
from mlip_compose.molecules.cutting import capped, closed_part, cuttable_bonds
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
    cuttable = cuttable_bonds(target.molecule)
    seen: set[frozenset[int]] = set()
    smiles: set[str] = {target.molecule.smiles}
    for atom in atoms:
        for extra in EXTRA:
            part = closed_part(target.molecule, target.ball(atom, radius + extra), cuttable)
            if part in seen:
                continue
            seen.add(part)
            fragment = capped(target.molecule, part)
            if fragment is not None and fragment.smiles not in smiles:
                smiles.add(fragment.smiles)
                yield fragment
