"""Claims: the energies and forces in a file of others, and the frames that they are for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from mlip_compose.core.errors import MissingLabelsError
from mlip_compose.core.records import FloatArray, IntArray

ORIGIN: Final = ("dataset", "dataset_sha256", "task", "level", "seed", "train_frames")
"""Keys under which an export states the split of its frames; predictions may state it too."""
NUMBERS_OF_ORIGIN: Final = ("level", "seed", "train_frames")

FORCES_TOO: Final = (
    "A score is of energies and of forces: have the forces written, too. They are the negative "
    "gradient of the energy; predict --set numerical_forces=true computes those of a calculator."
)
"""What to do about predictions of energies alone."""


class NoPredictionsError(MissingLabelsError):
    """A file that can be read and holds no predictions."""


@dataclass(frozen=True, eq=False)
class Claim:
    """A prediction for one frame, as a file has it.

    Attributes
    ----------
    where
        The file and the place in it, such as ``ood.xyz, frame 7``.
    molecule, trajectory
        Names; empty where the file has none.
    frame
        Index in the data set's trajectory; -1 where the file has none.
    numbers : (N,) int or None
        Atomic numbers; None where the file has none.
    positions : (N, 3) float64 or None
        Angstrom; None where the file has none.
    energy : float
        In the unit of the file; NaN where the prediction failed.
    forces : (N, 3) float64
        In the unit of the file.
    origin
        The values that the file has under the keys ``ORIGIN``.
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
    """Return the values of metadata under the keys ``ORIGIN``: numbers, or else text."""
    origin: dict[str, str | int] = {}
    for key in ORIGIN:
        if key in metadata:
            value = metadata[key]
            number = whole_number(value) if key in NUMBERS_OF_ORIGIN else None
            origin[key] = str(value) if number is None else number
    return origin


def whole_number(value: Any) -> int | None:
    """Return a whole number that is not negative, or None for anything else."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.item() if value.size == 1 else None
    right = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if right else None
