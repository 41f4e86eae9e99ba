"""What a file of others claims: energies and forces of some frames, and which frames they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from mlip_compose.core.errors import MissingLabelsError
from mlip_compose.core.records import FloatArray, IntArray

ORIGIN: Final = ("dataset", "dataset_sha256", "task", "level", "seed", "train_frames")
"""What an export says of the frames besides which they are; predictions may say it too."""
NUMBERS_OF_ORIGIN: Final = ("level", "seed", "train_frames")


class NoPredictionsError(MissingLabelsError):
    """A file that can be read and holds no predictions."""


@dataclass(frozen=True, eq=False)
class Claim:
    """A prediction for one frame, as a file has it.

    Attributes
    ----------
    where
        The file and the place in it.
    molecule, trajectory
        Whose frame; empty where nothing says.
    frame
        Index in the data set's trajectory; -1 where nothing says.
    numbers : (N,) int or None
        Atomic numbers, where the file has them.
    positions : (N, 3) float64 or None
        Angstrom, where the file has them.
    energy
        NaN where the prediction failed.
    forces : (N, 3) float64
    origin
        What the file says under the names ``ORIGIN``.
    """

    where: str
    molecule: str
    trajectory: str
    frame: int
    numbers: IntArray | None
    positions: FloatArray | None
    energy: float
    forces: FloatArray
    origin: Mapping[str, str | int] = field(default_factory=dict)


def origin_in(metadata: Mapping[str, Any]) -> dict[str, str | int]:
    """Return what metadata say under the names ``ORIGIN``; numbers as numbers, all else as text."""
    found: dict[str, str | int] = {}
    for key in ORIGIN:
        if key in metadata:
            value = metadata[key]
            number = whole_number(value) if key in NUMBERS_OF_ORIGIN else None
            found[key] = str(value) if number is None else number
    return found


def whole_number(value: Any) -> int | None:
    """Return a whole number that is not negative, or None for anything else."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.item() if value.size == 1 else None
    right = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if right else None
