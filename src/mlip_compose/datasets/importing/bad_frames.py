"""Frames that cannot be in a data set: all are named, and left out where the user says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from mlip_compose.core.errors import DataError, MissingLabelsError
from mlip_compose.core.records import BoolArray
from mlip_compose.store.formats.base import RawFrames

NO_LABELS: Final = "no energy or no forces"
SHOWN: Final = 50
"""Most files and reasons in a message."""


class BadFrames:
    """Collects frames that are no sample of a molecule, with the reasons."""

    def __init__(self) -> None:
        self._frames: dict[tuple[str, str], list[int]] = {}  # by file and reason

    def __len__(self) -> int:
        return sum(map(len, self._frames.values()))

    def add(self, file: str, reason: str, frames: Sequence[int]) -> None:
        """Note frames of a file, by their indices in it."""
        self._frames.setdefault((file, reason), []).extend(frames)

    def check(self, file: str, frames: RawFrames) -> BoolArray:
        """Return which frames have finite numbers, (F,), and note the others."""
        good = np.ones(len(frames), dtype=bool)
        for label in ("positions", "energy", "forces"):
            values = getattr(frames, label).reshape(len(frames), -1)
            wrong = ~np.isfinite(values).all(axis=1) & good
            for index in np.flatnonzero(wrong):
                value = values[index][~np.isfinite(values[index])][0]
                reason = frames.fault or f"{label} of {value}"
                self.add(file, reason, [frames.first + int(index)])
            good &= ~wrong
        return good

    def told(self) -> Iterator[tuple[str, str]]:
        """Yield the file, and the reason with the indices of its frames."""
        for (file, reason), frames in self._frames.items():
            yield file, f"{reason} in frame{'s' * (len(frames) > 1)} {ranges(frames)}"

    def refuse(self) -> None:
        """Raise ``DataError`` where there are such frames, with all of them.

        Raises
        ------
        DataError
            Names the files, the reasons and the frames; a ``MissingLabelsError`` where frames lack
            labels alone.
        """
        if not self._frames:
            return
        lacking = all(reason.startswith("no ") for _, reason in self._frames)
        kind = MissingLabelsError if lacking else DataError
        told = [f"{reason} of {file}" for file, reason in self.told()]
        more = f"; and {len(told) - SHOWN} more reasons" if len(told) > SHOWN else ""
        raise kind(
            "finite numbers, energies and forces, and all bonds of the molecule in every frame",
            f"{len(self)} bad frames: {'; '.join(told[:SHOWN])}{more}",
            "A reaction is no sample of a molecule, and a failed calculation no label. Leave such "
            "frames out with --leave-bad, or label them anew.",
        )


def ranges(numbers: Sequence[int]) -> str:
    """Return whole numbers in words: ``3, 7 to 9``."""
    ordered = sorted(numbers)
    words = []
    start = 0
    for end in range(1, len(ordered) + 1):
        if end == len(ordered) or ordered[end] != ordered[end - 1] + 1:
            first, last = ordered[start], ordered[end - 1]
            words.append(str(first) if first == last else f"{first} to {last}")
            start = end
    return ", ".join(words)
