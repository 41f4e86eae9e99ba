"""ASE calculators that start a program and exchange files of fixed names with it."""

import json
import sys
import tempfile
from pathlib import Path

import ase.io
import numpy as np
from ase.calculators.calculator import FileIOCalculator
from ase.units import Bohr, Hartree

PAIRS = f"{sys.executable} -IS {Path(__file__).with_name('pair_program.py')}"


class PairProgram(FileIOCalculator):
    """Starts ``pair_program.py``; ``toy_calculators.Pairs`` gives the same but for a constant.

    Parameters
    ----------
    strength
        File of the strength, opened when the calculator is made; 1 without.
    """

    implemented_properties = ["energy", "forces"]  # noqa: RUF012 (as ASE has it)
    discard_results_on_any_change = True
    _legacy_default_command = PAIRS

    def __init__(self, strength=None, **arguments):
        self.factor = 1.0 if strength is None else json.loads(Path(strength).read_text())
        super().__init__(label="pairs", **arguments)

    def write_input(self, atoms, properties=None, system_changes=None):
        super().write_input(atoms, properties, system_changes)
        ase.io.write("geometry.xyz", atoms, format="xyz", fmt="%.17g")

    def read_results(self):
        result = json.loads(Path("result.json").read_text())
        self.results = {
            "energy": self.factor * result["energy"],
            "forces": self.factor * np.array(result["forces"]),
        }


def with_tool():
    """Return a calculator of a program in the user's directory."""
    return PairProgram(command=f"{sys.executable} -IS tools/twice.py")


def in_one_directory(place):
    """Return a calculator that writes into the same directory as all others."""
    return PairProgram(directory=place["of"])


def in_new_directories():
    """Return a calculator that writes into a directory of its own."""
    return PairProgram(directory=tempfile.mkdtemp())


class Xtb(FileIOCalculator):
    """The program ``xtb``: GFN2-xTB, as the embedded reference."""

    implemented_properties = ["energy", "forces"]  # noqa: RUF012 (as ASE has it)
    discard_results_on_any_change = True
    _legacy_default_command = "xtb coord.xyz --grad --acc 0.1 > xtb.out 2>&1"

    def write_input(self, atoms, properties=None, system_changes=None):
        super().write_input(atoms, properties, system_changes)
        ase.io.write("coord.xyz", atoms, format="xyz", fmt="%.17g")

    def read_results(self):
        lines = Path("coord.engrad").read_text().splitlines()
        numbers = [
            float(line)
            for line in lines
            if line.strip() and not line.startswith("#") and len(line.split()) == 1
        ]
        count = int(numbers[0])
        gradient = np.array(numbers[2 : 2 + 3 * count]).reshape(count, 3)
        self.results = {
            "energy": numbers[1] * Hartree,
            "forces": -gradient * Hartree / Bohr,
        }
