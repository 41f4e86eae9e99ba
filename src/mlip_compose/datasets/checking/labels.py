"""Checks of labels: finite numbers, no outliers, and forces that energies follow from."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from mlip_compose.core.records import Frames
from mlip_compose.datasets.checking.finding import (
    CheckResult,
    Material,
    counted,
    first_of,
    is_finite,
    place,
)
from mlip_compose.datasets.work_of_forces import FRAMES, work_agreement
from mlip_compose.molecules.geometry import FORCE_LIMIT, OUTLIER_FACTOR, force_outliers

ENERGY_OUTLIER: Final = 8.0
"""Deviations from the median of a trajectory, in robust standard deviations; 4.8 in mini-v1."""
FEWEST_OF_MEDIAN: Final = 5
"""Least number of frames for a median."""
FEWEST_OF_SLOPE: Final = 8
"""Least number of frames for a slope; with fewer, chance is too strong."""
RATIO: Final = 0.25
RATIO_FEW: Final = 4.0
"""The logarithm of the ratio may deviate by ``RATIO`` plus this over the number of frames."""
CORRELATION: Final = 0.5
CORRELATION_FEW: Final = 0.2
"""The least correlation, and the least with fewer frames than 12."""


class FiniteLabels:
    """Positions, energies and forces hold no NaN and no infinity."""

    name = "finite numbers"

    def __init__(self) -> None:
        self._frames = 0
        self._places: list[str] = []

    def keep(self, frames: Frames) -> Frames:
        """Take in frames and return those of them that are finite."""
        finite = is_finite(frames)
        self._frames += len(frames)
        self._places += [place(frames, row) for row in np.flatnonzero(~finite)]
        if finite.all():
            return frames
        return Frames(
            frames.molecule,
            frames.trajectory,
            frames.indices[finite],
            frames.positions[finite],
            frames.energy[finite],
            frames.forces[finite],
        )

    def result(self) -> CheckResult:
        """Say which frames hold numbers that are not finite."""
        bad = len(self._places)
        finding = f"all of {counted(self._frames, 'frame')}, minima included"
        if bad:
            finding = (
                f"NaN or infinite numbers in {bad:,} of {counted(self._frames, 'frame')}: "
                f"{first_of(self._places)}; the other checks leave these out"
            )
        return CheckResult(self.name, not bad, finding, {"frames": self._frames, "not_finite": bad})


class ForceOutliers:
    """No force is beyond those of molecules (``geometry.force_outliers``)."""

    name = "outliers of forces"

    def __init__(self) -> None:
        self._frames = 0
        self._largest, self._where = 0.0, ""
        self._places: list[str] = []

    def see(self, material: Material) -> None:
        """Take in one molecule."""
        for frames in material.trajectories:
            self._frames += len(frames)
            norms = np.linalg.norm(frames.forces.astype(float), axis=-1).max(axis=1)
            row = int(np.argmax(norms))
            if norms[row] > self._largest:
                self._largest, self._where = float(norms[row]), place(frames, row)
            outliers = np.flatnonzero(force_outliers(frames.forces.astype(float)))
            self._places += [place(frames, row) for row in outliers]

    def result(self) -> CheckResult:
        """Say which frames have a force that cannot be right."""
        finding = (
            f"largest force on an atom {self._largest:.1f} eV/Angstrom ({self._where}) "
            f"in {counted(self._frames, 'frame')}"
        )
        if self._places:
            finding = (
                f"{counted(len(self._places), 'frame')} with a force above {FORCE_LIMIT:.0f} "
                f"eV/Angstrom or {OUTLIER_FACTOR:.0f} times the median of the trajectory: "
                f"{first_of(self._places)}; {finding}"
            )
        details = {"largest_eV_per_A": self._largest, "outliers": len(self._places)}
        return CheckResult(self.name, not self._places, finding, details)


class EnergyOutliers:
    """No energy is far outside the spread of its trajectory."""

    name = "outliers of energies"

    def __init__(self) -> None:
        self._frames = 0
        self._worst, self._where = 0.0, ""
        self._places: list[str] = []

    def see(self, material: Material) -> None:
        """Take in one molecule."""
        for frames in material.trajectories:
            if len(frames) < FEWEST_OF_MEDIAN:
                continue
            self._frames += len(frames)
            off = np.abs(frames.energy - np.median(frames.energy))
            # 1.4826: the deviation of a normal distribution over its median absolute deviation
            spread = max(1.4826 * float(np.median(off)), _deviation(frames))
            if spread == 0:
                continue
            row = int(np.argmax(off))
            if off[row] / spread > self._worst:
                self._worst, self._where = float(off[row] / spread), place(frames, row)
            self._places += [
                place(frames, r) for r in np.flatnonzero(off > ENERGY_OUTLIER * spread)
            ]

    def result(self) -> CheckResult:
        """Say which frames have an energy that cannot be right."""
        if not self._frames:
            return CheckResult(
                self.name, None, f"no trajectory of {FEWEST_OF_MEDIAN} frames or more"
            )
        finding = (
            f"largest deviation from a trajectory's median {self._worst:.1f} standard deviations "
            f"({self._where}) in {counted(self._frames, 'frame')}"
        )
        if self._places:
            finding = (
                f"{counted(len(self._places), 'frame')} beyond {ENERGY_OUTLIER:.0f}: "
                f"{first_of(self._places)}; {finding}"
            )
        details = {"worst_deviations": self._worst, "outliers": len(self._places)}
        return CheckResult(self.name, not self._places, finding, details)


class ForcesAgainstEnergies:
    """Energies rise by the work of the forces (see ``datasets.work_of_forces``)."""

    name = "forces against energies"

    def __init__(self) -> None:
        self._ratios: list[float] = []
        self._frames = 0
        self._worst, self._where = 2.0, ""
        self._bad: list[str] = []

    def see(self, material: Material) -> None:
        """Take in one molecule."""
        for frames in material.trajectories:
            if len(frames) < FEWEST_OF_SLOPE:
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
            return CheckResult(
                self.name, None, f"no trajectory of {FEWEST_OF_SLOPE} frames or more"
            )
        finding, details = "", dict[str, Any](disagree=len(self._bad), frames=self._frames)
        if self._ratios:
            spread = np.quantile(self._ratios, [0.0, 0.5, 1.0])
            details |= {
                "slope_least_median_most": spread.tolist(),
                "worst_correlation": self._worst,
            }
            finding = (
                f"energy over work of the forces {spread[1]:.2f} ({spread[0]:.2f} to "
                f"{spread[2]:.2f}) over {counted(len(self._ratios), 'trajectory')}, "
                f"{counted(self._frames, 'frame')} (at most {FRAMES} of each); "
                f"worst correlation {self._worst:.2f} ({self._where})"
            )
        if self._bad:
            bad = f"no agreement in {counted(len(self._bad), 'trajectory')}: {first_of(self._bad)}"
            finding = f"{bad}; {finding}" if finding else bad
        return CheckResult(self.name, not self._bad, finding, details)


def _deviation(frames: Frames) -> float:
    """Estimate the standard deviation of the energies from the width of their middle 80 %.

    With few frames the median deviation is sometimes small by chance; then this is seldom so too.
    """
    low, high = np.quantile(frames.energy, [0.1, 0.9])
    return float(high - low) / 2.563  # the width of a normal distribution with deviation 1
