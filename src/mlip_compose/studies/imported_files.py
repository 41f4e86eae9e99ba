"""The passage of files through the recogniser into the spool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mlip_compose.core.errors import SchemaError, UnreadableError
from mlip_compose.core.files import sha256_of
from mlip_compose.core.records import FloatArray, IntArray, Molecule
from mlip_compose.core.units import LENGTH_UNITS
from mlip_compose.store.formats.base import NoLabelsError, RawFrames, trajectory_of
from mlip_compose.store.formats.registry import read_foreign
from mlip_compose.studies.imported_molecules import MoleculeCollector, check_values
from mlip_compose.studies.imported_units import GivenUnits, length_unit
from mlip_compose.studies.spool import Spool, SpoolKey

Watch = Callable[[str, int], None]
"""Called while files are read: the file, and the number of frames so far."""


@dataclass
class Reading:
    """What was read of the files of an import, and what was left.

    Parameters
    ----------
    source
        The file or the directory.
    given
        Units that the user gives.
    spool
        Where frames go.
    watch
        Told of progress.

    Attributes
    ----------
    collector
        Knows the molecules.
    left
        Files that are no data, each with the reason.
    taken
        Files that frames were taken from, each with how many.
    files
        The same with their sha256.
    """

    source: Path
    given: GivenUnits
    spool: Spool
    watch: Watch
    left: list[tuple[str, str]] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    files: list[dict[str, str]] = field(default_factory=list)
    total: int = 0

    def __post_init__(self) -> None:
        self.collector = MoleculeCollector(self._keep)

    def read(self, file: Path) -> None:
        """Take the frames of a file; in a directory, leave files that are no data."""
        shown = file.name if file == self.source else file.relative_to(self.source).as_posix()
        trajectory = trajectory_of(Path(shown))
        try:
            frames = read_foreign(file)
            checksum = _sha256(file)
            twin = next((f["file"] for f in self.files if f["sha256"] == checksum), None)
            if twin is not None:
                self.left.append((shown, f"the same content as {twin}"))
                return
            count = 0
            for run in frames:
                check_values(run)
                self._trajectory = run.trajectory or trajectory
                self._unit = length_unit(run, self.given)
                positions = run.positions * LENGTH_UNITS[self._unit]
                count += self.collector.take(run, positions)
                self.total += len(run)
                self.watch(shown, self.total)
        except (SchemaError, NoLabelsError) as error:
            if file == self.source:
                raise
            self.left.append((shown, str(error.found)))
            return
        if count:
            self.taken.append(f"{shown}: {count} frames")
            self.files.append({"file": shown, "sha256": checksum})

    def _keep(
        self, molecule: Molecule, frames: RawFrames, positions: FloatArray, places: IntArray
    ) -> None:
        units = frames.units._replace(length=self._unit)
        self.spool.add(
            SpoolKey(molecule.name, self._trajectory, units),
            frames.indices[places],
            positions[places],
            frames.energy[places],
            frames.forces[places],
        )


def _sha256(file: Path) -> str:
    try:
        return sha256_of(file)
    except OSError as error:
        raise UnreadableError("a file that can be read", f"{file}: {error.strerror}") from error
