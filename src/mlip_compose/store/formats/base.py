"""What every reader of a foreign format gives: runs of frames with the same atoms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from mlip_compose.core.errors import MissingLabelsError
from mlip_compose.core.records import MINIMUM, PRIMARY, SECONDARY, FloatArray, IntArray

BATCH: Final = 256
"""Largest number of frames in one run."""

PATH_WORDS: Final = {
    "primary": PRIMARY,
    "train": PRIMARY,
    "training": PRIMARY,
    "secondary": SECONDARY,
    "val": SECONDARY,
    "valid": SECONDARY,
    "validation": SECONDARY,
    "test": SECONDARY,
    "minimum": MINIMUM,
    "minima": MINIMUM,
    "relaxed": MINIMUM,
    "optimised": MINIMUM,
    "optimized": MINIMUM,
}
"""Words in the name of a file or a folder that say which trajectory its frames are of."""

SPLIT_WORDS: Final = {**PATH_WORDS, "ood": PRIMARY, "id": SECONDARY}
"""Words that say so as ``trajectory`` or ``split`` of a frame."""


class NoLabelsError(MissingLabelsError):
    """A file that holds neither energies nor forces from its first frame on: not a data set."""


class Units(NamedTuple):
    """Names of units (see ``mlip_compose.core.units``).

    ``stated`` tells units that the file itself states from those that are the format's custom.
    """

    energy: str
    forces: str
    length: str
    stated: bool = False


CUSTOM_OF_ASE: Final = Units("eV", "eV/Angstrom", "Angstrom")
CUSTOM_OF_MD17: Final = Units("kcal/mol", "kcal/mol/Angstrom", "Angstrom")


@dataclass(frozen=True, eq=False)
class RawFrames:
    """Frames with the same atoms in the same order, as a file has them.

    Attributes
    ----------
    source
        The file.
    first
        How many frames of the file come before these.
    units
        What the numbers below are in, as far as the format or the file says.
    numbers : (N,) int
        Atomic numbers.
    positions : (F, N, 3) float64
    energy : (F,) float64
    forces : (F, N, 3) float64
    name
        What the frames' metadata call the molecule; empty where they do not.
    trajectory
        ``primary``, ``secondary``, ``minimum``, or empty where nothing says.
    indices : (F,) int
        Positions in their trajectory where the metadata say so, else -1.
    """

    source: Path
    first: int
    units: Units
    numbers: IntArray
    positions: FloatArray
    energy: FloatArray
    forces: FloatArray
    name: str
    trajectory: str
    indices: IntArray

    def __len__(self) -> int:
        return len(self.energy)


class RawFrame(NamedTuple):
    """One frame, before it is put together with its like; ``place`` is of ``RawFrames.indices``."""

    numbers: IntArray
    positions: FloatArray
    energy: float
    forces: FloatArray
    name: str
    trajectory: str
    place: int


def batched(source: Path, units: Units, frames: Iterable[RawFrame]) -> Iterator[RawFrames]:
    """Put successive frames of the same atoms, name and trajectory together, ``BATCH`` at most."""
    run: list[RawFrame] = []
    first = 0
    for frame in frames:
        if run and (len(run) == BATCH or not _alike(run[0], frame)):
            yield _together(source, first, units, run)
            first += len(run)
            run = []
        run.append(frame)
    if run:
        yield _together(source, first, units, run)


def _alike(a: RawFrame, b: RawFrame) -> bool:
    if (a.name, a.trajectory) != (b.name, b.trajectory):
        return False
    return a.forces.shape == b.forces.shape and np.array_equal(a.numbers, b.numbers)


def _together(source: Path, first: int, units: Units, run: list[RawFrame]) -> RawFrames:
    return RawFrames(
        source=source,
        first=first,
        units=units,
        numbers=run[0].numbers,
        positions=np.stack([frame.positions for frame in run]).astype(np.float64, copy=False),
        energy=np.array([frame.energy for frame in run], dtype=np.float64),
        forces=np.stack([frame.forces for frame in run]).astype(np.float64, copy=False),
        name=run[0].name,
        trajectory=run[0].trajectory,
        indices=np.array([frame.place for frame in run], dtype=np.int64),
    )


def trajectory_of(path: Path) -> str:
    """Return the trajectory that the names of a file and its folders say; empty where none does.

    The last word counts where several say something, so that the file's name comes before that of
    its folder.
    """
    words = re.split(r"[^A-Za-z]+", path.as_posix().lower())
    said = [PATH_WORDS[word] for word in words if word in PATH_WORDS]
    return said[-1] if said else ""


def missing_labels(source: Path, index: int, missing: list[str]) -> MissingLabelsError:
    """Make the error that says which labels a frame lacks.

    Parameters
    ----------
    source
        The file.
    index
        Of the frame, from 0.
    missing
        ``energies``, ``forces`` or both.
    """
    none_at_all = index == 0 and len(missing) == 2
    kind = NoLabelsError if none_at_all else MissingLabelsError
    return kind(
        f"energies and forces in every frame of {source}",
        f"no {' and no '.join(missing)} in frame {index}",
        "They are read as REF_energy and REF_forces, energy and forces, or from a calculator "
        "that is attached.",
    )
