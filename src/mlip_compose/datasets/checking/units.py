"""Check of units: energies are in eV and forces in eV/Angstrom."""

from __future__ import annotations

from collections import Counter

import numpy as np

from mlip_compose.core.units import ENERGY_UNITS, FORCE_UNITS
from mlip_compose.datasets.checking.finding import CheckResult, Material, counted
from mlip_compose.datasets.recognised_units import FEWEST_FRAMES, Fit, recognise
from mlip_compose.datasets.slope import LabelledFrames, pair_sums

RIGHT = ("eV", "eV/Angstrom")


class Units:
    """The units that numbers themselves show, molecule by molecule, are eV and eV/Angstrom."""

    name = "units"

    def __init__(self) -> None:
        self._votes: Counter[tuple[str, str]] = Counter()
        self._first: dict[tuple[str, str], tuple[str, Fit]] = {}
        self._unclear = 0

    def see(self, material: Material) -> None:
        """Take in one molecule."""
        frames = max(material.trajectories, key=len, default=None)
        molecule = material.molecule
        seen = frames and recognise(
            pair_sums(
                [
                    LabelledFrames(
                        molecule.name,
                        molecule.numbers,
                        frames.positions,
                        frames.energy,
                        frames.forces,
                    )
                ],
                molecules=1,
            )
        )
        if not seen or not seen.reading.is_plain:  # the check of forces against energies says it
            self._unclear += 1
            return
        pair = (seen.reading.energy, seen.reading.forces)
        self._votes[pair] += 1
        self._first.setdefault(pair, (molecule.name, seen))

    def result(self) -> CheckResult:
        """Say which units the molecules show."""
        details = {
            "molecules": {" and ".join(pair): count for pair, count in self._votes.items()},
            "unclear": self._unclear,
        }
        if not self._votes:
            finding = (
                f"not clear: {counted(self._unclear, 'molecule')}, none with {FEWEST_FRAMES} "
                "thermal frames whose energies follow from their forces"
            )
            return CheckResult(self.name, None, finding, details)
        wrong = [pair for pair, _ in self._votes.most_common() if pair != RIGHT]
        clear = sum(self._votes.values())
        unclear = f", {self._unclear} not clear" if self._unclear else ""
        if not wrong:
            finding = f"eV and eV/Angstrom by {counted(clear, 'molecule')}{unclear}"
            return CheckResult(self.name, True, finding, details)
        name, seen = self._first[wrong[0]]
        reading = seen.reading
        details |= {
            "energy_factor": ENERGY_UNITS[reading.energy],
            "forces_factor": FORCE_UNITS[reading.forces],
        }
        votes = f"{self._votes[wrong[0]]} of {counted(clear, 'molecule')}{unclear}"
        finding = (
            f"{_energies(reading.energy)}, {_forces(reading.forces)}: by {votes}; "
            f"first {name}: {seen.evidence}"
        )
        return CheckResult(self.name, False, finding, details)


def _energies(unit: str) -> str:
    if unit == RIGHT[0]:
        return "energies are in eV"
    factor = _short(ENERGY_UNITS[unit])
    return f"energies look like {unit} (1 {unit} = {factor} eV, multiply by that)"


def _forces(unit: str) -> str:
    if unit == RIGHT[1]:
        return "forces are in eV/Angstrom"
    factor = _short(FORCE_UNITS[unit])
    return f"forces like {unit} (1 {unit} = {factor} eV/Angstrom, multiply by that)"


def _short(factor: float) -> str:
    return np.format_float_positional(factor, precision=5, fractional=False, trim="-")
