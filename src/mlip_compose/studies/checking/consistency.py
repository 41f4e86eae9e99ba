"""Check: forces are the derivative of energies, by the work between frames of a trajectory."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from mlip_compose.sampling.work import FRAMES, work_agreement
from mlip_compose.studies.checking.base import CheckResult, Material, counted, first_of

FEWEST: Final = 8  # frames; with fewer, chance is too strong
RATIO: Final = 0.25
RATIO_FEW: Final = 4.0
"""The logarithm of the ratio may deviate by ``RATIO`` and, over the number of frames, this."""
CORRELATION: Final = 0.5
CORRELATION_FEW: Final = 0.2
"""The least correlation, and that with fewer frames than 12."""


class ForcesAgainstEnergies:
    """Energy differences against the work of the forces (see ``sampling.work``)."""

    name = "forces against energies"

    def __init__(self) -> None:
        self._ratios: list[float] = []
        self._frames = 0
        self._worst, self._where = 2.0, ""
        self._bad: list[str] = []

    def see(self, material: Material) -> None:
        """Take in one molecule."""
        for frames in material.trajectories:
            if len(frames) < FEWEST:
                continue
            numbers = material.molecule.numbers
            agreement = work_agreement(numbers, frames.positions, frames.energy, frames.forces)
            name = f"{frames.molecule}/{frames.trajectory}"
            if agreement is None:
                self._bad.append(f"{name} (energies or forces do not vary)")
                continue
            self._ratios.append(agreement.ratio)
            self._frames += agreement.frames
            if agreement.correlation < self._worst:
                self._worst = agreement.correlation
                worst_frame = int(frames.indices[agreement.worst])
                self._where = f"{name}, frame {worst_frame} most of all"
            slack = RATIO + RATIO_FEW / agreement.frames
            least = CORRELATION if agreement.frames >= 12 else CORRELATION_FEW
            if abs(np.log(agreement.ratio)) > slack or agreement.correlation < least:
                self._bad.append(
                    f"{name} (slope {agreement.ratio:.2f}, correlation {agreement.correlation:.2f})"
                )

    def result(self) -> CheckResult:
        """Say how energies follow from forces."""
        if not (self._ratios or self._bad):
            return CheckResult(self.name, None, f"no trajectory of {FEWEST} frames or more")
        found, details = "", dict[str, Any](disagree=len(self._bad), frames=self._frames)
        if self._ratios:
            spread = np.quantile(self._ratios, [0.0, 0.5, 1.0])
            details |= {
                "slope_least_median_most": spread.tolist(),
                "worst_correlation": self._worst,
            }
            found = (
                f"energy over work of the forces {spread[1]:.2f} ({spread[0]:.2f} to "
                f"{spread[2]:.2f}) over {counted(len(self._ratios), 'trajectory')}, "
                f"{counted(self._frames, 'frame')} (at most {FRAMES} of each); "
                f"worst correlation {self._worst:.2f} ({self._where})"
            )
        if self._bad:
            bad = f"no agreement in {counted(len(self._bad), 'trajectory')}: {first_of(self._bad)}"
            found = f"{bad}; {found}" if found else bad
        return CheckResult(self.name, not self._bad, found, details)
