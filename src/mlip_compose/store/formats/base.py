"""Frames as files of others have them: runs of frames with the same atoms."""

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
"""Words in the name of a file or a folder, and the trajectory that its frames are of."""

SPLIT_WORDS: Final = {**PATH_WORDS, "ood": PRIMARY, "id": SECONDARY}
"""Words in ``trajectory`` or ``split`` of a frame, and the trajectory that the frame is of."""


class NoLabelsError(MissingLabelsError):
    """A file that holds neither energies nor forces from its first frame on: not a data set."""


class Units(NamedTuple):
    """Names of units, such as ``kcal/mol`` (see ``mlip_compose.core.units``).

    ``stated`` is true for units that the file itself states, false for the custom of its format.
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
        Number of frames of the file before these.
    units
        Units of the numbers below, stated by the file or by custom of its format.
    numbers : (N,) int
        Atomic numbers.
    positions : (F, N, 3) float64
        In the unit of length.
    energy : (F,) float64
        In the unit of energy.
    forces : (F, N, 3) float64
        In the unit of force.
    name
        Name of the molecule in the frames' metadata; empty where they have none.
    trajectory
        ``primary``, ``secondary``, ``minimum``, or empty where the metadata name none.
    indices : (F,) int
        Indices in the trajectory from the metadata; -1 where they have none.
    charge
        Total charge from the metadata, elementary charges; None where they have none.
    spin
        Spin multiplicity 2S + 1 from the metadata; None where they have none.
    notes
        What the reader took for granted or changed, in words.
    is_label
        Whether the name may be a label of many molecules, such as that of a data set.
    fault
        Why the frames have no labels, such as ``no forces``; their labels are NaN then.
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
    charge: int | None = None
    spin: int | None = None
    notes: tuple[str, ...] = ()
    is_label: bool = False
    fault: str = ""

    def __len__(self) -> int:
        return len(self.energy)


class RawFrame(NamedTuple):
    """One frame, before it is joined with others of the same atoms (see ``RawFrames``).

    ``units`` are those that the frame itself states; None leaves them to the file.
    """

    numbers: IntArray
    positions: FloatArray
    energy: float
    forces: FloatArray
    name: str
    trajectory: str
    index_in_trajectory: int
    charge: int | None = None
    spin: int | None = None
    units: Units | None = None
    notes: tuple[str, ...] = ()
    is_label: bool = False
    fault: str = ""

    @property
    def identity(self) -> tuple[object, ...]:
        """What frames of one run have in common, besides their atoms."""
        return (
            *(self.name, self.is_label, self.trajectory, self.fault),
            *(self.charge, self.spin, self.units, self.notes),
        )


def batched(source: Path, units: Units, frames: Iterable[RawFrame]) -> Iterator[RawFrames]:
    """Join successive frames of the same atoms, name, state and trajectory, at most ``BATCH``."""
    run: list[RawFrame] = []
    first = 0
    for frame in frames:
        if run and (len(run) == BATCH or not _alike(run[0], frame)):
            yield _joined(source, first, units, run)
            first += len(run)
            run = []
        run.append(frame)
    if run:
        yield _joined(source, first, units, run)


def _alike(a: RawFrame, b: RawFrame) -> bool:
    if a.identity != b.identity:
        return False
    return a.forces.shape == b.forces.shape and np.array_equal(a.numbers, b.numbers)


def _joined(source: Path, first: int, units: Units, run: list[RawFrame]) -> RawFrames:
    return RawFrames(
        source=source,
        first=first,
        units=run[0].units or units,
        numbers=run[0].numbers,
        positions=np.stack([frame.positions for frame in run]).astype(np.float64, copy=False),
        energy=np.array([frame.energy for frame in run], dtype=np.float64),
        forces=np.stack([frame.forces for frame in run]).astype(np.float64, copy=False),
        name=run[0].name,
        trajectory=run[0].trajectory,
        indices=np.array([frame.index_in_trajectory for frame in run], dtype=np.int64),
        charge=run[0].charge,
        spin=run[0].spin,
        notes=run[0].notes,
        is_label=run[0].is_label,
        fault=run[0].fault,
    )


class Arrays(NamedTuple):
    """Frames (F) as arrays of a file, of which each may have atoms and a state of its own.

    Attributes
    ----------
    numbers : (N,) or (F, N) int
        Atomic numbers; rows end with zeros where a molecule is smaller than N.
    positions, forces : (F, N, 3) float
        In the units of the file.
    energy : (F,) float
        In the unit of energy.
    charge, spin : (F,) int | None
        Total charges and spin multiplicities; None where the file has none.
    """

    numbers: IntArray
    positions: FloatArray
    energy: FloatArray
    forces: FloatArray
    charge: IntArray | None = None
    spin: IntArray | None = None


def runs_of(
    source: Path,
    first: int,
    units: Units,
    arrays: Arrays,
    name: str = "",
    notes: tuple[str, ...] = (),
) -> Iterator[RawFrames]:
    """Yield frames of arrays as runs with the same atoms and state.

    Parameters
    ----------
    source, first, units, name, notes
        See ``RawFrames``.
    arrays
        The frames.
    """
    count = len(arrays.energy)
    states = [v for v in (arrays.charge, arrays.spin) if v is not None]
    columns = [np.asarray(v).reshape(count, 1) for v in states]
    if arrays.numbers.ndim == 2:
        columns.append(arrays.numbers)
    ends = [count]
    if columns and count:
        table = np.concatenate(columns, axis=1)
        ends = [*(np.flatnonzero((table[1:] != table[:-1]).any(axis=1)) + 1).tolist(), count]
    start = 0
    for end in ends:
        numbers = arrays.numbers[start] if arrays.numbers.ndim == 2 else arrays.numbers
        own = numbers > 0 if arrays.numbers.ndim == 2 else np.ones(len(numbers), dtype=bool)
        rows = slice(start, end)
        yield RawFrames(
            source=source,
            first=first + start,
            units=units,
            numbers=numbers[own],
            positions=arrays.positions[rows][:, own],
            energy=arrays.energy[rows],
            forces=arrays.forces[rows][:, own],
            name=name,
            trajectory="",
            indices=np.full(end - start, -1),
            charge=None if arrays.charge is None else int(arrays.charge[start]),
            spin=None if arrays.spin is None else int(arrays.spin[start]),
            notes=notes,
        )
        start = end


def trajectory_of(path: Path) -> str:
    """Return the trajectory that the names of a file and its folders name; empty where none does.

    Of several words the last one counts, so that the file's name comes before that of its folder.
    """
    return trajectory_word(path)[1]


def trajectory_word(path: Path) -> tuple[str, str]:
    """Return the word in the names of a file and its folders, and the trajectory that it names."""
    words = re.split(r"[^A-Za-z]+", path.as_posix().lower())
    names = [(word, PATH_WORDS[word]) for word in words if word in PATH_WORDS]
    return names[-1] if names else ("", "")


def missing_labels(
    source: Path, index: int, missing: list[str], names: str = ""
) -> MissingLabelsError:
    """Return the error of a frame without labels.

    Parameters
    ----------
    source
        The file.
    index
        Index of the frame, from 0.
    missing
        The labels that the frame lacks: ``energies``, ``forces`` or both.
    names
        The names that the frame has, in words.
    """
    none_at_all = index == 0 and len(missing) == 2
    kind = NoLabelsError if none_at_all else MissingLabelsError
    return kind(
        f"energies and forces in every frame of {source}",
        f"no {' and no '.join(missing)} in frame {index}{f'; {names}' if names else ''}",
        "They are read as REF_energy and REF_forces, from a calculator that is attached, or as the "
        "only pair such as dft_energy and dft_forces; name others with --energy-key and "
        "--forces-key.",
    )
