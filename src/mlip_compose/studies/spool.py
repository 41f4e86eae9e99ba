"""Frames by molecule in temporary files, so that they need not be in memory nor come in order."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.errors import UnwritableError
from mlip_compose.core.records import FloatArray, IntArray
from mlip_compose.store.formats.base import Units

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
