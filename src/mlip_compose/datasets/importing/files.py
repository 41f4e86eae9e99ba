"""Reading the files of an import: each frame goes to the group of its molecule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from mlip_compose.core.errors import DataError, SchemaError, UnreadableError
from mlip_compose.core.files import sha256_of
from mlip_compose.core.records import BoolArray
from mlip_compose.core.units import ENERGY_UNITS, FORCE_UNITS, LENGTH_UNITS
from mlip_compose.datasets.importing.bad_frames import BadFrames
from mlip_compose.datasets.importing.molecules import MoleculeCollector, check_values, state_of
from mlip_compose.datasets.importing.temporary_frames import FrameGroup, Origin, TemporaryFrames
from mlip_compose.datasets.importing.trajectories import BY_FRAME, NOTHING_SAID, Patterns, Role
from mlip_compose.datasets.importing.units import GivenUnits, length_unit
from mlip_compose.store.formats.base import NoLabelsError, RawFrames, Units
from mlip_compose.store.formats.keys import ANY, Keys
from mlip_compose.store.formats.registry import read_frames

DOUBLET: Final = "an odd number of electrons, whose spin nothing says, is a doublet"
MAPPED: Final = "atoms in another order are put in that of the molecule's first frame, by the bonds"

FrameListener = Callable[[str, int], None]
"""Hears of frames while files are read: the file, and the number of frames so far."""


class SourceReader:
    """Reads the files of an import, one after the other, into temporary files.

    Parameters
    ----------
    source
        The file or the directory that is imported.
    units
        Units that the user gives.
    frames
        Where frames go.
    listener
        Hears of progress.
    keys
        Names of the numbers in the files that the user gives.
    patterns
        What the user says of files by their names.

    Attributes
    ----------
    names
        Names of the files, by the number that frames have in ``Origin``.
    reasons
        Why frames are of their trajectory, by the number that they have in ``Origin``.
    notes
        What readers took for granted, with the number of frames.
    bad
        Frames that are no sample of a molecule.
    collector
        Knows the molecules of the frames.
    skipped
        Files that hold no data, each with the reason.
    taken
        Files that frames were taken from, each with their number, such as ``a.xyz: 40 frames``.
    files
        The same files with their sha256, for the header of the store.
    """

    def __init__(
        self,
        source: Path,
        units: GivenUnits,
        frames: TemporaryFrames,
        listener: FrameListener,
        keys: Keys = ANY,
        patterns: Patterns = NOTHING_SAID,
    ) -> None:
        self._source, self._units, self._keys = source, units, keys
        self._patterns = patterns
        self.names: list[str] = []
        self.reasons: list[str] = []
        self.notes = Counter[str]()
        self.bad = BadFrames()
        self._frames, self._listener = frames, listener
        self._total = 0
        self.collector = MoleculeCollector()
        self.skipped: list[tuple[str, str]] = []
        self.taken: list[str] = []
        self.files: list[dict[str, str]] = []

    def read(self, file: Path) -> None:
        """Take the frames of a file; in a directory, skip a file that holds no data."""
        name = name_in(self._source, file)
        try:
            runs = read_frames(file, self._keys)
            checksum = _sha256(file)
            twin = next((f["file"] for f in self.files if f["sha256"] == checksum), None)
            if twin is not None:
                self.skipped.append((name, f"the same content as {twin}"))
                return
            count = self._take(name, runs)
        except (SchemaError, NoLabelsError) as error:
            if file == self._source:
                raise
            self.skipped.append((name, str(error.found)))
            return
        if count:
            self.taken.append(f"{name}: {count} frames")
            self.files.append({"file": name, "sha256": checksum})

    def _take(self, name: str, runs: Iterable[RawFrames]) -> int:
        """Take the frames of known molecules; return their number."""
        role = self._patterns.role(name)
        self.names.append(name)
        count = 0
        for whole in runs:
            check_values(whole)
            for run in _good_runs(whole, self.bad.check(name, whole)):
                count += self._take_run(_with_known_units(run, self._units), role)
            self._total += len(whole)
            self._listener(name, self._total)
        return count

    def _take_run(self, run: RawFrames, role: Role) -> int:
        """Take the frames of known molecules of a run; return their number."""
        self.notes.update(dict.fromkeys(run.notes, len(run)))
        if run.spin is None and state_of(run)[1] == 2:
            self.notes[DOUBLET] += len(run)
        unit = length_unit(run, self._units)
        positions = run.positions * LENGTH_UNITS[unit]
        trajectory, reason = self._trajectory(run, role)
        count = 0
        for molecule, rows, order in self.collector.sort(run, positions):
            atoms = slice(None) if order is None else order
            if order is not None:
                self.notes[MAPPED] += len(rows)
            self._frames.add(
                FrameGroup(molecule.name, trajectory, run.units._replace(length=unit)),
                run.indices[rows],
                positions[rows][:, atoms],
                run.energy[rows],
                run.forces[rows][:, atoms],
                Origin(len(self.names) - 1, run.first + rows, reason),
            )
            count += len(rows)
        return count

    def _trajectory(self, frames: RawFrames, role: Role) -> tuple[str, int]:
        """Return the trajectory of frames, and the number of the reason."""
        by_frame = bool(frames.trajectory) and not role.is_given
        trajectory, reason = (frames.trajectory, BY_FRAME) if by_frame else role[:2]
        if reason not in self.reasons:
            self.reasons.append(reason)
        return trajectory, self.reasons.index(reason)


def _good_runs(frames: RawFrames, good: BoolArray) -> Iterator[RawFrames]:
    """Yield the good ones of some frames, as runs without a gap."""
    if good.all():
        yield frames
        return
    rows = np.flatnonzero(good)
    for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
        if len(run):
            yield replace(
                frames,
                first=frames.first + int(run[0]),
                positions=frames.positions[run],
                energy=frames.energy[run],
                forces=frames.forces[run],
                indices=frames.indices[run],
            )


def name_in(source: Path, file: Path) -> str:
    """Return the path of a file from the source of an import; its name where it is the source."""
    return file.name if file == source else file.relative_to(source).as_posix()


def _with_known_units(frames: RawFrames, given: GivenUnits) -> RawFrames:
    """Return frames whose stated units the user's ones replace where they have no known name.

    Raises
    ------
    DataError
        A stated unit has no known name, and the user gives none.
    """
    stated = frames.units
    if not stated.stated:
        return frames
    length = given.length or stated.length
    energy = given.energy or stated.energy
    derived = f"{energy}/{length}" if stated.forces == f"{stated.energy}/{stated.length}" else None
    forces = given.forces or derived or stated.forces
    for name, units, option in (
        (length, LENGTH_UNITS, "--length-unit"),
        (energy, ENERGY_UNITS, "--energy-unit"),
        (forces, FORCE_UNITS, "--force-unit"),
    ):
        if name not in units:
            raise DataError(
                f"units among {', '.join(units)} in {frames.source}",
                repr(name),
                f"Give the one that is meant with {option}.",
            )
    return replace(frames, units=Units(energy, forces, length, stated=True))


def _sha256(file: Path) -> str:
    try:
        return sha256_of(file)
    except OSError as error:
        raise UnreadableError("a file that can be read", f"{file}: {error.strerror}") from error
