"""Every unit conversion of the package.

Inside, lengths are Angstrom, energies eV, forces eV/Angstrom, times fs and temperatures K. Whatever
arrives in or leaves for another unit passes through this module. Values are CODATA 2018, as in
``scipy.constants``.
"""

from typing import Final

HARTREE: Final = 27.211386245988  # eV
BOHR: Final = 0.529177210903  # Angstrom
KCAL_PER_MOL: Final = 0.0433641153087705  # eV
BOLTZMANN: Final = 8.617333262e-5  # eV/K
MILLI: Final = 1e-3

EV_IN_KCAL_PER_MOL: Final = 1.0 / KCAL_PER_MOL
EV_IN_MEV: Final = 1.0 / MILLI
HARTREE_PER_BOHR: Final = HARTREE / BOHR  # eV/Angstrom
KELVIN_IN_HARTREE: Final = BOLTZMANN / HARTREE
