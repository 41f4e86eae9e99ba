"""A calculator without parameters of its own: springs between all pairs of atoms of a molecule."""

import numpy as np
from ase.calculators.calculator import Calculator, all_changes

LENGTH = 1.5
"""Angstrom, of every spring at rest."""


class Springs(Calculator):
    """Springs that weaken with the distance d, of energy strength * (d - LENGTH)^2 * exp(-d).

    Parameters
    ----------
    strength
        eV/Angstrom^2.
    breaks_beyond
        No answer where the shortest distance is longer, Angstrom; 0 for always an answer.
    """

    implemented_properties = ("energy", "forces")

    def __init__(self, strength=1.0, breaks_beyond=0.0):
        super().__init__()
        self.strength = strength
        self.breaks_beyond = breaks_beyond

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        """Compute energy and forces."""
        super().calculate(atoms, properties, system_changes)
        first, second = np.triu_indices(len(atoms), 1)
        arrows = atoms.positions[second] - atoms.positions[first]
        distances = np.linalg.norm(arrows, axis=1)
        if self.breaks_beyond and distances.min() > self.breaks_beyond:
            raise ArithmeticError("a spring is broken")
        stretch, decay = distances - LENGTH, np.exp(-distances)
        slopes = self.strength * decay * (2 * stretch - stretch**2)
        pulls = (slopes / distances)[:, None] * arrows
        forces = np.zeros((len(atoms), 3))
        np.add.at(forces, first, pulls)
        np.add.at(forces, second, -pulls)
        self.results = {
            "energy": float(self.strength * (stretch**2 * decay).sum()),
            "forces": forces,
        }
