"""Coverage: the radius out to which training shows every environment of the OOD atoms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

import numpy as np

from mlip_compose.core.records import BoolArray, IntArray, Molecule
from mlip_compose.tasks.environments import MAX_RADIUS, environment_labels


@dataclass(frozen=True)
class Coverage:
    """Numbers of OOD atoms whose environment occurs in training, by radius.

    Attributes
    ----------
    covered : tuple of int
        Number of OOD atoms whose env(a, r) occurs in a training molecule, for r = 0..6 bonds.
    atoms : int
        Number of OOD atoms.
    """

    covered: tuple[int, ...]
    atoms: int

    @property
    def fractions(self) -> tuple[float, ...]:
        """Coverage at r = 0..6: 1.0 where every OOD atom is covered, and nowhere else."""
        return tuple(n / self.atoms for n in self.covered)

    @property
    def radius(self) -> int:
        """The coverage radius r*: the largest r, at most 6, up to which coverage is complete.

        It is -1 where coverage is incomplete at r = 0: an element occurs in OOD molecules alone.
        """
        complete = [n == self.atoms for n in self.covered]
        return (complete.index(False) if False in complete else len(complete)) - 1


def environments_of(molecules: Iterable[Molecule], radius: int) -> frozenset[str]:
    """Return the labels of all environments of ``radius`` bonds that occur in ``molecules``."""
    return frozenset(label for m in molecules for label in environment_labels(m, radius))


def coverage(train: Sequence[Molecule], ood: Sequence[Molecule]) -> Coverage:
    """Count the OOD atoms whose environment occurs in training, at r = 0..6 bonds.

    Each molecule counts once, each of its atoms once. ``ood`` has at least one atom.
    """
    covered = []
    for radius in range(MAX_RADIUS + 1):
        seen = environments_of(train, radius)
        covered.append(sum(label in seen for m in ood for label in environment_labels(m, radius)))
    return Coverage(tuple(covered), sum(m.n_atoms for m in ood))


def seen_radii(molecule: Molecule, seen: Sequence[Set[str]]) -> IntArray:
    """Return the radius out to which the environment of each atom occurs in training.

    Parameters
    ----------
    molecule
        A molecule of N atoms.
    seen
        Labels of the environments of training molecules, by radius: 0, 1, 2, ... bonds.

    Returns
    -------
    (N,) int
        -1 where not even the element occurs.
    """
    radii = np.full(molecule.n_atoms, -1)
    for radius, labels in enumerate(seen):
        radii[(radii == radius - 1) & ~unseen_atoms(molecule, labels, radius)] = radius
    return radii


def novel_atoms(molecule: Molecule, train_molecules: Iterable[Molecule], radius: int) -> BoolArray:
    """Mark the atoms whose environment occurs in no training molecule.

    Parameters
    ----------
    molecule
        A molecule of N atoms.
    train_molecules
        The molecules of the training.
    radius
        Radius in bonds; r* + 1 for the novel atoms of a split.

    Returns
    -------
    (N,) bool
        Marks in the molecule's order of atoms.
    """
    return unseen_atoms(molecule, environments_of(train_molecules, radius), radius)


def unseen_atoms(molecule: Molecule, seen: Set[str], radius: int) -> BoolArray:
    """Mark the atoms, (N,), whose environment of ``radius`` bonds is none of those ``seen``."""
    return np.array([label not in seen for label in environment_labels(molecule, radius)])
