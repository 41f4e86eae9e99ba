"""HDF5 files: read, or one clear message why not; written whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from mlip_compose.errors import UnreadableError


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
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with h5py.File(temporary, "w", libver=("v110", "v110")) as file:
            yield file
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
