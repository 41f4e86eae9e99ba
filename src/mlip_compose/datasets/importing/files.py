"""Files of others through the recogniser into temporary files by molecule."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.errors import SchemaError, UnreadableError, UnwritableError
from mlip_compose.core.files import sha256_of
from mlip_compose.core.records import FloatArray, IntArray, Molecule
from mlip_compose.core.units import LENGTH_UNITS
from mlip_compose.datasets.importing.molecules import MoleculeCollector, check_values
from mlip_compose.datasets.importing.units import GivenUnits, length_unit
from mlip_compose.store.formats.base import NoLabelsError, RawFrames, Units, trajectory_of
from mlip_compose.store.formats.registry import read_foreign

BUFFERED: Final = 64 * 2**20
"""Bytes that are kept in memory before they are written."""


class SpoolKey(NamedTuple):
    """Whose frames, of which trajectory (empty: not known), in which units."""

    molecule: str
    trajectory: str
    units: Units


class Spool:
    """Temporary files beside a file that is being made; gone when the context ends.

    Parameters
    ----------
    out
        The file that is being made.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._count: dict[SpoolKey, int] = defaultdict(int)
        self._types: dict[SpoolKey, np.dtype[Any]] = {}
        self._waiting: dict[SpoolKey, list[NDArray[Any]]] = defaultdict(list)
        self._bytes = 0

    def __enter__(self) -> Self:
        parent = next(p for p in self._out.absolute().parents if p.is_dir())
        try:
            self._directory = Path(tempfile.mkdtemp(prefix=f".{self._out.name}.", dir=parent))
        except OSError as error:
            raise UnwritableError(self._out, error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)

    @property
    def keys(self) -> list[SpoolKey]:
        """What there is, in the order of its first frames."""
        return list(self._types)

    def add(
        self,
        key: SpoolKey,
        indices: IntArray,
        positions: FloatArray,
        energy: FloatArray,
        forces: FloatArray,
    ) -> None:
        """Add frames, in float64: indices (F,), positions (F, N, 3), energy (F,), forces."""
        shape = positions.shape[1:]
        kind = self._types.setdefault(
            key,
            np.dtype(
                [
                    ("index", np.int64),
                    ("energy", np.float64),
                    ("positions", np.float64, shape),
                    ("forces", np.float64, shape),
                ]
            ),
        )
        records = np.empty(len(energy), dtype=kind)
        records["index"], records["energy"] = indices, energy
        records["positions"], records["forces"] = positions, forces
        self._waiting[key].append(records)
        self._count[key] += len(records)
        self._bytes += records.nbytes
        if self._bytes > BUFFERED:
            self._flush()

    def count(self, key: SpoolKey) -> int:
        """Return the number of frames."""
        return self._count.get(key, 0)

    def read(self, key: SpoolKey, most: int = -1) -> NDArray[Any]:
        """Return frames as records (index, energy, positions, forces), ``most`` at most."""
        self._flush()
        return np.fromfile(self._file(key), dtype=self._types[key], count=most)

    def _flush(self) -> None:
        try:
            for key, waiting in self._waiting.items():
                with self._file(key).open("ab") as file:
                    for records in waiting:
                        file.write(records.tobytes())
        except OSError as error:
            raise UnwritableError(self._out, error) from error
        self._waiting.clear()
        self._bytes = 0

    def _file(self, key: SpoolKey) -> Path:
        return self._directory / str(self.keys.index(key))


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
