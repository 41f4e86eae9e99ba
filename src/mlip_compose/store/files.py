"""HDF5 files: read, or one clear message why not; written whole, or not at all."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import h5py

from mlip_compose.errors import UnreadableError
from mlip_compose.files import appearing_whole


@contextmanager
def open_hdf5(path: Path, what: str) -> Iterator[Any]:
    """Open an HDF5 file for reading.

    Parameters
    ----------
    path
        Of the file.
    what
        What it should hold, for messages.

    Raises
    ------
    UnreadableError
        No such file, or one that HDF5 cannot read, now or while the context is open.
    """
    if not path.is_file():
        raise UnreadableError(f"a file of {what}", f"no file {path}")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UnreadableError(
            f"a file of {what} (HDF5) that can be read to its end",
            f"{path}, {path.stat().st_size} bytes: {reason}",
            "It is truncated, damaged or not HDF5; make or fetch it anew.",
        ) from error


@contextmanager
def create_hdf5(path: Path) -> Iterator[Any]:
    """Create an HDF5 file that appears under its name when the context ends without an error.

    The format is that of HDF5 1.10 and holds no times, so that equal content gives equal bytes.

    Raises
    ------
    UnwritableError
        The disk is full, or the place cannot be written.
    """
    with appearing_whole(path) as raw:
        sink = _Sink(raw)
        with h5py.File(sink, "w", libver=("v110", "v110")) as file:
            yield file
        if sink.error is not None:
            raise sink.error


class _Sink(io.RawIOBase):
    """A file that keeps the first error of writing to itself.

    HDF5 ends the process (segmentation fault) when a write fails, as on a full disk. So a failure
    is remembered here, what comes after it is dropped, and ``create_hdf5`` raises it at the end.
    """

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self.error: OSError | None = None

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        return self._raw.tell()

    def readinto(self, buffer: Any, /) -> int:
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: Any, /) -> int:
        rest = memoryview(data).cast("B")
        size = len(rest)
        try:
            while rest and self.error is None:
                rest = rest[self._raw.write(rest) :]
        except OSError as error:
            self.error = error
        return size

    def truncate(self, size: int | None = None, /) -> int:
        try:
            if self.error is None:
                return self._raw.truncate(size)
        except OSError as error:
            self.error = error
        return size or 0
