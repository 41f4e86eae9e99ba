"""Readings of labels: the quantities and units that numbers may be, and which of these are usual.

A pair of units is looked for only where a program writes it, or people convert one half of what a
program writes: Hartree and Hartree/Bohr (ORCA, Psi4, Q-Chem, Turbomole, CP2K, xtb, SPICE), Hartree
and Hartree/Angstrom (ADF, ANI-1x), eV and eV/Angstrom (ASE, VASP, FHI-aims, SIESTA), kcal/mol and
kcal/mol/Angstrom (MOPAC, Amber, LAMMPS, rMD17), kJ/mol and kJ/mol/nm (GROMACS, OpenMM), Ry and
Ry/Bohr (Quantum ESPRESSO). Nobody writes eV/Bohr.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mlip_compose.core.units import ENERGY_UNITS, FORCE_UNITS

USUAL_PAIRS: Final = (
    ("eV", "eV/Angstrom"),
    ("eV", "kcal/mol/Angstrom"),
    ("eV", "Hartree/Bohr"),
    ("eV", "Hartree/Angstrom"),
    ("eV", "Ry/Bohr"),
    ("eV", "meV/Angstrom"),
    ("kcal/mol", "kcal/mol/Angstrom"),
    ("kcal/mol", "eV/Angstrom"),
    ("kcal/mol", "Hartree/Bohr"),
    ("kJ/mol", "kJ/mol/Angstrom"),
    ("kJ/mol", "kJ/mol/nm"),
    ("kJ/mol", "eV/Angstrom"),
    ("kJ/mol", "Hartree/Bohr"),
    ("Hartree", "Hartree/Bohr"),
    ("Hartree", "Hartree/Angstrom"),
    ("Hartree", "eV/Angstrom"),
    ("Hartree", "kcal/mol/Angstrom"),
    ("Hartree", "kJ/mol/nm"),
    ("Ry", "Ry/Bohr"),
    ("meV", "meV/Angstrom"),
    ("meV", "eV/Angstrom"),
)
"""Units of energies and forces that occur together."""
RARITY: Final = {"Ry": 9.0, "meV": 20.0}
"""What is added to the misfit of a reading in these units, as -2 ln of how rare they are.

Numbers hardly tell Ry from Hartree at another temperature, and labels of molecules in meV are
unheard of, while mistaken conversions end near them. Both are taken where they are given.
"""


@dataclass(frozen=True)
class Reading:
    """One way to read the numbers of labels.

    Attributes
    ----------
    energy, forces
        Units, as in ``units.ENERGY_UNITS`` and ``units.FORCE_UNITS``.
    gradients
        Whether the numbers under the name of forces are gradients, of the opposite sign.
    per_atom
        Whether energies are divided by the number of atoms.
    divided
        Whether somebody divided by the units where they had to multiply. Such numbers are named,
        and never taken.
    """

    energy: str = "eV"
    forces: str = "eV/Angstrom"
    gradients: bool = False
    per_atom: bool = False
    divided: bool = False

    def energy_factor(self, n_atoms: int) -> float:
        """Factor that turns energies of a molecule into eV."""
        unit = ENERGY_UNITS[self.energy] ** (2 if self.divided else 1)
        return unit * (n_atoms if self.per_atom else 1)

    @property
    def forces_factor(self) -> float:
        """Factor that turns the numbers into forces in eV/Angstrom."""
        unit = FORCE_UNITS[self.forces] ** (2 if self.divided else 1)
        return -unit if self.gradients else unit

    @property
    def is_plain(self) -> bool:
        """Whether energies are total ones, and forces are forces."""
        return not (self.gradients or self.per_atom)

    @property
    def rarity(self) -> float:
        """Misfit that a reading has for units that are rare."""
        units = (self.energy, self.forces.rpartition("/")[0])
        return max(RARITY.get(unit, 0.0) for unit in units)

    def __str__(self) -> str:
        energy = f"{self.energy}{' per atom' if self.per_atom else ''}"
        return f"{energy}, {self.forces}{' (gradients)' if self.gradients else ''}"


def readings() -> Iterator[Reading]:
    """Yield every reading that labels are tested for, the plain ones first.

    Energies per atom occur beside forces in the same unit of energy.
    """
    for per_atom in (False, True):
        for gradients in (False, True):
            for energy, forces in USUAL_PAIRS:
                if not per_atom or _is_of_one(energy, forces):
                    yield Reading(energy, forces, gradients, per_atom)


def slips() -> Iterator[Reading]:
    """Yield the readings of numbers that were divided by units in place of a multiplication."""
    for energy, forces in USUAL_PAIRS:
        if _is_of_one(energy, forces) and energy not in ("eV", *RARITY):
            yield Reading(energy, forces, divided=True)


def _is_of_one(energy: str, forces: str) -> bool:
    """Whether both units are of one unit of energy."""
    return forces.rpartition("/")[0] == energy
