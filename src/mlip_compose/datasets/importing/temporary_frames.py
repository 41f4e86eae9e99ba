"""Frames in temporary files while they are imported, so that memory holds a few of them only."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.errors import UnwritableError
from mlip_compose.core.records import FloatArray, IntArray
from mlip_compose.store.formats.base import Units

BUFFERED: Final = 64 * 2**20
"""Bytes that are kept in memory before they are written."""


class FrameGroup(NamedTuple):
    """Frames of one molecule and trajectory, whose numbers are in the same units.

    Attributes
    ----------
    molecule
        Name, such as ``OH-4-H``.
    trajectory
        ``primary``, ``secondary``, ``minimum``, or empty where nothing says.
    units
        The units that the numbers of the file are in.
    """

    molecule: str
    trajectory: str
    units: Units


class Origin(NamedTuple):
    """Where frames come from.

    Attributes
    ----------
    source
        Number of their file.
    place : (F,) int
        Their indices in it.
    reason
        Number of the reason for which they are of their trajectory.
    """

    source: int
    place: IntArray
    reason: int


@contextmanager
def temporary_frames(out: Path) -> Iterator[TemporaryFrames]:
    """Yield frames in a hidden directory beside ``out``, which is removed at the end.

    Parameters
    ----------
    out
        The file that is made of the frames.

    Raises
    ------
    UnwritableError
        The directory cannot be made.
    """
    parent = next(folder for folder in out.absolute().parents if folder.is_dir())
    try:
        directory = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=parent))
    except OSError as error:
        raise UnwritableError(out, error) from error
    try:
        yield TemporaryFrames(directory, out)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


class TemporaryFrames:
    """Frames by group, one file for each group.

    Parameters
    ----------
    directory
        Where the files are.
    out
        The file that is made of the frames, for messages.
    """

    def __init__(self, directory: Path, out: Path) -> None:
        self._directory = directory
        self._out = out
        self._types: dict[FrameGroup, np.dtype[Any]] = {}
        self._paths: dict[FrameGroup, Path] = {}
        self._counts: dict[FrameGroup, int] = {}
        self._buffer: dict[Path, list[NDArray[Any]]] = {}
        self._buffered = 0

    @property
    def groups(self) -> list[FrameGroup]:
        """The groups, in the order of their first frames."""
        return list(self._types)

    def count(self, group: FrameGroup) -> int:
        """Return the number of frames of a group."""
        return self._counts.get(group, 0)

    def add(
        self,
        group: FrameGroup,
        indices: IntArray,
        positions: FloatArray,
        energy: FloatArray,
        forces: FloatArray,
        origin: Origin,
    ) -> None:
        """Add frames to a group.

        Parameters
        ----------
        group
            Whose frames; all of its frames have the same atoms.
        indices : (F,) int
            Positions in the trajectory, -1 where nothing says.
        positions : (F, N, 3) float
            Angstrom.
        energy : (F,) float
            In the units of the group.
        forces : (F, N, 3) float
            In the units of the group.
        origin
            Where the frames come from.

        Raises
        ------
        UnwritableError
            The disk is full.
        """
        if group not in self._types:
            self._types[group] = _record_type(positions.shape[1])
            self._paths[group] = self._directory / str(len(self._paths))
        records = np.empty(len(energy), dtype=self._types[group])
        records["index"], records["energy"] = indices, energy
        records["positions"], records["forces"] = positions, forces
        records["source"], records["place"], records["reason"] = origin
        self._counts[group] = self.count(group) + len(records)
        self._buffer.setdefault(self._paths[group], []).append(records)
        self._buffered += records.nbytes
        if self._buffered > BUFFERED:
            self._write_buffer()

    def read(self, group: FrameGroup, most: int = -1) -> NDArray[Any]:
        """Return the first frames of a group, ``most`` of them, or all for -1.

        Returns
        -------
        (F,) records
            Fields ``index``, ``energy``, ``positions`` (N, 3), ``forces`` (N, 3), and those of
            :class:`Origin`.
        """
        self._write_buffer()
        return np.fromfile(self._paths[group], dtype=self._types[group], count=most)

    def _write_buffer(self) -> None:
        try:
            for path, chunks in self._buffer.items():
                with path.open("ab") as file:
                    for records in chunks:
                        file.write(records.tobytes())
        except OSError as error:
            raise UnwritableError(self._out, error) from error
        self._buffer.clear()
        self._buffered = 0


def _record_type(n_atoms: int) -> np.dtype[Any]:
    return np.dtype(
        [
            ("index", np.int64),
            ("energy", np.float64),
            ("source", np.int32),
            ("place", np.int64),
            ("reason", np.int32),
            ("positions", np.float64, (n_atoms, 3)),
            ("forces", np.float64, (n_atoms, 3)),
        ]
    )
