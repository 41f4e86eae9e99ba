"""HDF5 files: read, or one clear message why not; written whole, or not at all."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import h5py

from mlip_compose.core.documents import is_file
from mlip_compose.core.errors import SchemaError, UnreadableError, one_line
from mlip_compose.core.files import appearing_whole

SMALL: Final = 64 * 2**20
"""Bytes that an array may have however little of the file it takes."""
DENSEST: Final = 200
"""How many times larger than in the file a larger array may be; labels reach 1.5."""
_COPY: Final = "Copy what it needs into the file: whatever is read lies in the file itself."


@contextmanager
def open_hdf5(path: Path, content: str, *, links_checked: bool = False) -> Iterator[Any]:
    """Open an HDF5 file for reading.

    Parameters
    ----------
    path
        Path of the file.
    content
        Word for the content, such as ``predictions``, for messages.
    links_checked
        Whether the file was opened before, so that its links need no other look.

    Raises
    ------
    UnreadableError
        There is no such file, or HDF5 cannot read it, now or while the context is open.
    SchemaError
        A link in it leads to another file, or to another place in it.
    """
    if not is_file(path):
        raise UnreadableError(f"a file of {content}", f"no file {path}")
    try:
        with h5py.File(path, "r") as file:
            if not links_checked:
                _refuse_links(file)
            yield file
    except (
        OSError,
        RuntimeError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        OverflowError,
        MemoryError,
    ) as error:
        reason = one_line(error, 200)
        raise UnreadableError(
            f"a file of {content} (HDF5) that can be read to its end",
            f"{path}, {path.stat().st_size} bytes: {reason}",
            "It is truncated, damaged or not HDF5; make or fetch it anew.",
        ) from error


def check_stored(where: str, dataset: Any) -> Any:
    """Return a dataset, unless its numbers lie elsewhere or are more than the file can hold.

    Parameters
    ----------
    where
        The file and the place in it, for messages.
    dataset
        The ``h5py.Dataset``.

    Raises
    ------
    SchemaError
        Its numbers are in other files, or it declares more of them than the file can hold.
    """
    properties = dataset.id.get_create_plist()
    layout = properties.get_layout()
    if layout == h5py.h5d.VIRTUAL or properties.get_external_count():
        raise SchemaError(f"numbers in {where}", "numbers in another file", _COPY)
    item = dataset.id.get_type().get_size()
    sizes = [math.prod(dataset.shape or ()) * item]
    if layout == h5py.h5d.CHUNKED:
        sizes.append(math.prod(properties.get_chunk()) * item)
    held = dataset.id.get_storage_size()
    if max(sizes) > max(SMALL, DENSEST * held):
        raise SchemaError(
            f"an array that is written in {where}",
            f"shape {dataset.shape}, {max(sizes):,} bytes, of which the file holds {held:,}",
        )
    return dataset


def _refuse_links(file: Any) -> None:
    hard = h5py.h5l.TYPE_HARD
    link = file.id.links.visit(lambda name, link: None if link.type == hard else name, info=True)
    if link is not None:
        name = link.decode("utf-8", "replace")
        raise SchemaError("a file without links", f"{name}, a link to another place", _COPY)


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
