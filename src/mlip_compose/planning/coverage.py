"""What training molecules have shown of each target, atom by atom and as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mlip_compose.core.records import Molecule
from mlip_compose.planning.seen import Environments, Interned, Seen, seen_in

REPORTED: Final = 4
"""Coverage is reported at r = 0 to 4 bonds."""


@dataclass(frozen=True)
class UnseenEnvironment:
    """The smallest environment around some atoms of a target that training has not shown.

    Attributes
    ----------
    radius
        Radius of the environment, bonds: one more than the seen radius of the atoms.
    smiles
        The environment as SMILES; its central atom has the map number 1, and atoms at the rim lack
        the neighbours that are farther out.
    atoms
        Indices of the atoms in the target that have it around them.
    """

    radius: int
    smiles: str
    atoms: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class TargetCoverage:
    """What training has shown of one target.

    Attributes
    ----------
    molecule
        The target.
    seen
        Seen radius of each atom, and where it was seen.
    unseen
        Environments of up to ``REPORTED`` bonds that training has not shown, the smallest first.
    """

    molecule: Molecule
    seen: Seen
    unseen: tuple[UnseenEnvironment, ...]

    @property
    def fractions(self) -> tuple[float, ...]:
        """Share of the atoms whose environment of r bonds was seen, for r = 0 to 4."""
        radii = self.seen.radii
        return tuple(float((radii >= r).mean()) for r in range(REPORTED + 1))

    @property
    def radius(self) -> int:
        """The coverage radius r*: the smallest seen radius of an atom; -1 for a new element."""
        return int(self.seen.radii.min())

    def document(self) -> dict[str, object]:
        """Return what ``--json`` says of the target."""
        return {
            "name": self.molecule.name,
            "smiles": self.molecule.smiles,
            "atoms": self.molecule.n_atoms,
            "charge": self.molecule.charge,
            "coverage": list(self.fractions),
            "radius": self.radius,
            "seen_radius": self.seen.radii.tolist(),
            "seen_in": list(self.seen.where),
            "unseen": [
                {"radius": e.radius, "smiles": e.smiles, "atoms": list(e.atoms)}
                for e in self.unseen
            ],
        }


def coverage_of(targets: Sequence[Molecule], training: Iterable[Molecule]) -> list[TargetCoverage]:
    """Say of each target what training molecules have shown of it.

    Parameters
    ----------
    targets
        The molecules that somebody cares about.
    training
        The molecules that a potential is trained on.

    Returns
    -------
    list of TargetCoverage
        In the order of the targets.
    """
    return [
        TargetCoverage(molecule, seen, _unseen(molecule, seen))
        for molecule, seen in zip(targets, seen_in(targets, training, REPORTED), strict=True)
    ]


def _unseen(molecule: Molecule, seen: Seen) -> tuple[UnseenEnvironment, ...]:
    environments = Environments(molecule, Interned(), REPORTED)
    atoms: dict[tuple[int, str], list[int]] = {}
    for atom, reached in enumerate(seen.radii.tolist()):
        if reached < REPORTED:
            smiles = environments.smiles(atom, reached + 1)
            atoms.setdefault((reached + 1, smiles), []).append(atom)
    return tuple(
        UnseenEnvironment(radius, smiles, tuple(members))
        for (radius, smiles), members in sorted(atoms.items())
    )
