"""Calculators that are cheap, and calculators that fail in every way, for `module:function`."""

import os
from pathlib import Path

import numpy as np

ZERO = 7.0  # eV an atom, a zero of energy of its own
CONSTANT = 3


class Pairs:
    """Energy sum of strength / r over pairs, with its gradient; another zero than any label's."""

    def __init__(self, strength=1.0, elements=None):
        self.strength = strength
        if elements is not None:
            self.implemented_elements = elements

    def get_potential_energy(self, atoms):
        distances, _ = self._pairs(atoms)
        return ZERO * len(atoms) + 0.5 * self.strength * (1.0 / distances).sum()

    def get_forces(self, atoms):
        distances, arms = self._pairs(atoms)
        return self.strength * (arms / distances[:, :, None] ** 3).sum(axis=1)

    @staticmethod
    def _pairs(atoms):
        arms = atoms.positions[:, None] - atoms.positions
        distances = np.linalg.norm(arms, axis=2)
        np.fill_diagonal(distances, np.inf)
        return distances, arms


class OtherQuantities(Pairs):
    """Energies per atom, or gradients under the name of forces, of GFN2-xTB."""

    def __init__(self, per_atom=False, gradients=False):
        super().__init__()
        self.per_atom, self.gradients = per_atom, gradients
        self.last = None

    def _label(self, atoms):
        from mlip_compose.references.gfn2 import Gfn2Xtb

        if self.last is None or not np.array_equal(self.last[0], atoms.positions):
            label = Gfn2Xtb().label(atoms.numbers, atoms.positions)
            self.last = atoms.positions.copy(), label
        return self.last[1]

    def get_potential_energy(self, atoms):
        return self._label(atoms).energy / (len(atoms) if self.per_atom else 1)

    def get_forces(self, atoms):
        return self._label(atoms).forces * (-1 if self.gradients else 1)


class Told(Pairs):
    """Energy from what stands in ``atoms.info``, which must be charge and spin and nothing else."""

    def get_potential_energy(self, atoms):
        assert set(atoms.info) == {"charge", "spin"}
        return 10.0 * atoms.info["charge"] + atoms.info["spin"]


class Fails(Pairs):
    """Fails where the first atom is to the right of a plane, or there are too many atoms."""

    def __init__(self, way="raise", beyond=0.0, most=1000):
        super().__init__()
        self.way, self.beyond, self.most = way, beyond, most

    def _fails(self, atoms):
        return atoms.positions[0, 0] > self.beyond or len(atoms) > self.most

    def get_potential_energy(self, atoms):
        if self._fails(atoms) and self.way == "infinite":
            return float("inf")
        return super().get_potential_energy(atoms)

    def get_forces(self, atoms):
        if not self._fails(atoms):
            return super().get_forces(atoms)
        if self.way == "raise":
            raise ArithmeticError("no\n  convergence")
        if self.way == "short":
            return np.zeros((1, 3))
        if self.way == "nan":
            return np.full((len(atoms), 3), np.nan)
        return super().get_forces(atoms)


class EnergyOnly(Pairs):
    """Computes energies alone, as an array of one."""

    def get_potential_energy(self, atoms):
        return np.array([super().get_potential_energy(atoms)])

    def get_forces(self, atoms):
        raise NotImplementedError("no forces")


class WantsCell(Pairs):
    """Works in a periodic cell alone, and says for how many atoms."""

    def get_forces(self, atoms):
        if not atoms.cell.rank:
            raise ValueError(f"a cell for {len(atoms)} atoms in {Path.cwd()}")
        return super().get_forces(atoms)


class Stale(Pairs):
    """Keeps the atomic numbers of the molecule before until it is reset, as ASE's EMT does."""

    def __init__(self):
        super().__init__()
        self.numbers = None

    def reset(self):
        self.numbers = None

    def get_potential_energy(self, atoms):
        if self.numbers is None:
            self.numbers = atoms.numbers.copy()
            if 9 in self.numbers:
                raise NotImplementedError("no fluorine")
        return float(self.numbers.sum())


class Dies(Pairs):
    """Takes its process along."""

    def get_forces(self, atoms):
        os._exit(9)


class Nothing:
    """No calculator at all."""


def cannot_be_made(path="weights.pt"):
    raise FileNotFoundError(f"no weights in {path}")


def dies_when_made():
    os._exit(9)


def counted(path):
    """Return pairs, and write down that they were made, by which process."""
    with Path(path).open("a") as file:
        file.write(f"{os.getpid()}\n")
    return Pairs()
