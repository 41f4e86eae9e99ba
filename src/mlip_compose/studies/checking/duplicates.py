"""Check: no frame is, exactly or nearly, another frame of its molecule."""

from __future__ import annotations

import numpy as np

from mlip_compose.studies.checking.base import CheckResult, Material, counted, first_of, place
from mlip_compose.tasks.fingerprints import DUPLICATE_TOLERANCE, Fingerprints


class Duplicates:
    """Duplicates within a trajectory and between the two (see ``tasks.fingerprints``)."""

    name = "duplicates"

    def __init__(self) -> None:
        self._frames = self._within = self._between = 0
        self._examples: list[str] = []

    def see(self, material: Material) -> None:
        """Take in one molecule."""
        frames = [each for each in material.trajectories if len(each)]
        if not frames:
            return
        origin = [(which, row) for which, each in enumerate(frames) for row in range(len(each))]
        self._frames += len(origin)
        positions = np.concatenate([each.positions for each in frames])
        prints = Fingerprints(material.molecule.numbers, positions)
        for first, second, distance in prints.copies(DUPLICATE_TOLERANCE):
            (one, i), (other, j) = origin[first], origin[second]
            self._within += one == other
            self._between += one != other
            if len(self._examples) < 5:
                self._examples.append(
                    f"{place(frames[one], i)} and {frames[other].trajectory} frame "
                    f"{int(frames[other].indices[j])} ({distance:.4f} Angstrom)"
                )

    def result(self) -> CheckResult:
        """Say how many frames are copies of others."""
        details = {
            "frames": self._frames,
            "pairs_within_trajectories": self._within,
            "pairs_between_trajectories": self._between,
            "tolerance_A": DUPLICATE_TOLERANCE,
        }
        found = f"none within {DUPLICATE_TOLERANCE} Angstrom among {counted(self._frames, 'frame')}"
        if self._examples:
            found = (
                f"{counted(self._within, 'pair')} within a trajectory and {self._between:,} "
                f"between the two, of {counted(self._frames, 'frame')}: "
                f"{first_of(self._examples, shown=2)}"
            )
        return CheckResult(self.name, not self._examples, found, details)
