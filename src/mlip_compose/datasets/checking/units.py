"""Check of units: energies are in eV and forces in eV/Angstrom."""

from __future__ import annotations

from collections import Counter

import numpy as np

from mlip_compose.datasets.checking.finding import CheckResult, Material, counted
from mlip_compose.datasets.recognised_units import FEWEST_FRAMES, RecognisedUnits, recognise_units

RIGHT = ("eV", "eV/Angstrom")


class Units:
    """The units that numbers themselves show, molecule by molecule, are eV and eV/Angstrom."""

    name = "units"

    def __init__(self) -> None:
        self._votes: Counter[tuple[str, str]] = Counter()
        self._first: dict[tuple[str, str], tuple[str, RecognisedUnits]] = {}
        self._unclear = 0

    def see(self, material: Material) -> None:
        """Take in one molecule."""
        frames = max(material.trajectories, key=len, default=None)
        units = frames and recognise_units(
            material.molecule.numbers, frames.positions, frames.energy, frames.forces
        )
        if not units:
            self._unclear += 1
            return
        pair = (units.energy, units.forces)
        self._votes[pair] += 1
        self._first.setdefault(pair, (material.molecule.name, units))

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
        name, units = self._first[wrong[0]]
        details |= {"energy_factor": units.energy_factor, "forces_factor": units.forces_factor}
        finding = (
            f"{_energies(units)}, {_forces(units)}: by {self._votes[wrong[0]]} of "
            f"{counted(clear, 'molecule')}{unclear}; first {name}: {units.evidence}"
        )
        return CheckResult(self.name, False, finding, details)


def _energies(units: RecognisedUnits) -> str:
    if units.energy == RIGHT[0]:
        return "energies are in eV"
    return (
        f"energies look like {units.energy} (1 {units.energy} = {_short(units.energy_factor)} eV, "
        "multiply by that)"
    )


def _forces(units: RecognisedUnits) -> str:
    if units.forces == RIGHT[1]:
        return "forces are in eV/Angstrom"
    return (
        f"forces like {units.forces} (1 {units.forces} = {_short(units.forces_factor)} "
        "eV/Angstrom, multiply by that)"
    )


def _short(factor: float) -> str:
    return np.format_float_positional(factor, precision=5, fractional=False, trim="-")
