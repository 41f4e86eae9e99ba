"""Every unit conversion of the package.

Inside, lengths are Angstrom, energies eV, forces eV/Angstrom, times fs and temperatures K. Whatever
arrives in or leaves for another unit passes through this module. Values are CODATA 2018, as in
``scipy.constants``.
"""

from collections.abc import Mapping
from typing import Final

HARTREE: Final = 27.211386245988  # eV
RYDBERG: Final = HARTREE / 2  # eV
BOHR: Final = 0.529177210903  # Angstrom
KCAL_PER_MOL: Final = 0.0433641153087705  # eV
BOLTZMANN: Final = 8.617333262e-5  # eV/K
KJ_PER_MOL: Final = KCAL_PER_MOL / 4.184  # eV
MILLI: Final = 1e-3

EV_IN_KCAL_PER_MOL: Final = 1.0 / KCAL_PER_MOL
EV_IN_MEV: Final = 1.0 / MILLI
HARTREE_PER_BOHR: Final = HARTREE / BOHR  # eV/Angstrom
KELVIN_IN_HARTREE: Final = BOLTZMANN / HARTREE

ENERGY_UNITS: Final[Mapping[str, float]] = {
    "eV": 1.0,
    "meV": MILLI,
    "kcal/mol": KCAL_PER_MOL,
    "kJ/mol": KJ_PER_MOL,
    "Hartree": HARTREE,
    "Ry": RYDBERG,
}
"""What one of each unit of energy is in eV."""

LENGTH_UNITS: Final[Mapping[str, float]] = {"Angstrom": 1.0, "Bohr": BOHR, "nm": 10.0}
"""What one of each unit of length is in Angstrom."""

FORCE_UNITS: Final[Mapping[str, float]] = {
    f"{energy}/{length}": in_ev / in_angstrom
    for energy, in_ev in ENERGY_UNITS.items()
    for length, in_angstrom in LENGTH_UNITS.items()
}
"""What one of each unit of force is in eV/Angstrom."""
