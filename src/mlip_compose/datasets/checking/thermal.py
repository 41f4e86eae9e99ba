"""Check of energies: above the relaxed minimum by as much as those of thermal frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from mlip_compose.core.units import BOLTZMANN
from mlip_compose.datasets.checking.finding import CheckResult, Material, counted, first_of, place

BELOW: Final = 0.5
"""eV by which another conformer, such as a hydrogen-bonded one, may lie below the minimum."""
MEAN: Final = (0.7, 1.5)
"""Mean potential energy over kT/2 a vibration; 1.00 in mini-v1, 0.88 to 1.16 over 40 frames."""
STANDARD_ERRORS: Final = 4.0
"""Number of statistical errors by which the mean of a molecule's frames may leave that range."""


class EnergiesAboveMinimum:
    """Frames lie above the minimum, and on average by kT/2 for each vibration.

    Parameters
    ----------
    sampling
        The sampling protocol in the header, whose ``temperature_K`` is the temperature.
    """

    name = "energies above the minimum"

    def __init__(self, sampling: Mapping[str, Any]) -> None:
        temperature = sampling.get("temperature_K")
        self._temperature = (
            float(temperature)
            if isinstance(temperature, int | float) and 0 < temperature < 1e5
            else None
        )
        self._frames = self._molecules = 0
        self._lowest, self._lowest_where = np.inf, ""
        self._means: list[tuple[float, str]] = []
        self._below: list[str] = []
        self._off: list[str] = []

    def see(self, material: Material) -> None:
        """Take in one molecule."""
        if material.minimum is None or not any(map(len, material.trajectories)):
            return
        self._molecules += 1
        bottom = float(material.minimum.energy[0])
        for frames in material.trajectories:
            above = frames.energy - bottom
            self._frames += len(frames)
            row = int(np.argmin(above))
            if above[row] < self._lowest:
                self._lowest, self._lowest_where = float(above[row]), place(frames, row)
            self._below += [place(frames, row) for row in np.flatnonzero(above < -BELOW)]
        if self._temperature is None:
            return
        above = np.concatenate([frames.energy for frames in material.trajectories]) - bottom
        vibrations = max(3 * material.molecule.n_atoms - 6, 1)
        mean = float(above.mean()) / (vibrations * BOLTZMANN * self._temperature / 2)
        slack = STANDARD_ERRORS * np.sqrt(2 / vibrations / len(above))
        self._means.append((mean, material.molecule.name))
        if not MEAN[0] - slack <= mean <= MEAN[1] + slack:
            self._off.append(f"{material.molecule.name} ({mean:.2f})")

    def result(self) -> CheckResult:
        """Say how energies stand above the minima."""
        if not self._molecules:
            return CheckResult(self.name, None, "no relaxed minima with frames")
        over = f"{counted(self._frames, 'frame')} of {counted(self._molecules, 'molecule')}"
        finding = f"lowest {self._lowest:+.3f} eV from its minimum ({self._lowest_where}) in {over}"
        details: dict[str, Any] = {"lowest_eV": self._lowest, "below": len(self._below)}
        if self._below:
            finding = (
                f"{counted(len(self._below), 'frame')} below the minimum by more than {BELOW} eV: "
                f"{first_of(self._below)}; {finding}"
            )
        if self._means:
            low, high = min(self._means), max(self._means)
            mean = float(np.mean([value for value, _ in self._means]))
            details |= {"mean_over_half_kT": mean, "least": low, "most": high}
            finding += (
                f"; mean {mean:.2f} kT/2 a vibration at {self._temperature:.0f} K, "
                f"{low[0]:.2f} ({low[1]}) to {high[0]:.2f} ({high[1]})"
            )
            if self._off:
                finding += (
                    f"; outside {MEAN[0]} to {MEAN[1]}, beyond the statistical error, in "
                    f"{counted(len(self._off), 'molecule')}: {first_of(self._off)}"
                )
        else:
            finding += "; the header gives no sampling temperature for their mean"
        return CheckResult(self.name, not (self._below or self._off), finding, details)
