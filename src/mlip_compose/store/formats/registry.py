"""Readers of files of others, by suffix, and the files of a directory.

Other packages add readers through entry points of the group ``mlip_compose.readers``, whose names
are suffixes such as ``.mol2``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from mlip_compose.core.documents import is_directory, is_file
from mlip_compose.core.errors import RequestError, SchemaError, UnreadableError, one_line
from mlip_compose.core.host import is_out_of_memory
from mlip_compose.core.plugins import Plugin, Registry
from mlip_compose.store.formats.ase import read_ase_file
from mlip_compose.store.formats.base import RawFrames
from mlip_compose.store.formats.compressed import OPENERS, decompressed, is_compressed
from mlip_compose.store.formats.hdf5 import read_hdf5
from mlip_compose.store.formats.keys import ANY, Keys
from mlip_compose.store.formats.npz import read_npz
from mlip_compose.store.formats.orca import read_engrad, read_orca_output
from mlip_compose.store.formats.qcschema import read_qcschema

Reader = Callable[..., Iterator[RawFrames]]
"""A function of a path; those of this program take ``Keys``, too."""

READERS: Final[Registry[Reader]] = Registry(
    "reader",
    "mlip_compose.readers",
    {
        ".xyz": read_ase_file,
        ".extxyz": read_ase_file,
        ".traj": read_ase_file,
        ".db": read_ase_file,
        ".npz": read_npz,
        ".h5": read_hdf5,
        ".hdf5": read_hdf5,
        ".json": read_qcschema,
        ".out": read_orca_output,
        ".log": read_orca_output,
        ".engrad": read_engrad,
    },
    "a function that yields the RawFrames of a file",
    lambda suffix, reader: callable(reader),
    pattern=r"\.[a-z0-9_-]+",
)
"""Readers by the suffix of the files that they read, in lower case."""

HDF5_SUFFIXES: Final = (".h5", ".hdf5")


def read_frames(path: Path, keys: Keys = ANY) -> Iterator[RawFrames]:
    """Read a file in the format of its suffix, at most ``base.BATCH`` frames at a time.

    A compressed file (``.xyz.gz``, ``.npz.xz``, ...) is unpacked into a temporary one.

    Parameters
    ----------
    path
        The file.
    keys
        Names of the numbers that the user gives.

    Raises
    ------
    SchemaError
        No format has this suffix, or the layout is unknown.
    MissingLabelsError
        A frame has no energy or no forces.
    UnreadableError
        The file is empty, truncated, or not of its format.
    DataError
        Several pairs of energies and forces fit, or a charge or spin is none.
    RequestError
        Names are given, and a reader of another package takes none.
    """
    inner = Path(path.stem) if is_compressed(path) else path
    suffix = inner.suffix.lower()
    if suffix not in READERS:
        types = f"{', '.join(READERS)}; or one of them with {', '.join(OPENERS)}"
        raise SchemaError(
            f"a file to import ({types})",
            f"{path}, of the type {path.suffix or 'that has no suffix'}",
        )
    if not path.stat().st_size:
        raise UnreadableError(f"frames in {path}", "a file of no bytes", "Fetch it anew.")
    if is_compressed(path):
        return _read_compressed(path, keys)
    return _read(path, suffix, keys)


def _read(path: Path, suffix: str, keys: Keys) -> Iterator[RawFrames]:
    reader, plugin = READERS[suffix], READERS.plugin(suffix)
    if plugin is None:
        return reader(path, keys)
    if keys.given:
        raise RequestError(
            f"no names of numbers for {path}, which {plugin.words} reads",
            ", ".join(keys.given.values()),
            "Leave --energy-key, --forces-key and --keys out.",
        )
    return _read_by_plugin(path, reader, plugin)


def _read_compressed(path: Path, keys: Keys) -> Iterator[RawFrames]:
    with decompressed(path) as copy:
        for frames in _read(copy, copy.suffix.lower(), keys):
            yield replace(frames, source=path)


def _read_by_plugin(path: Path, reader: Reader, plugin: Plugin) -> Iterator[RawFrames]:
    """Yield what a reader of another package yields; whatever it raises is said of the file."""
    try:
        for frames in reader(path):
            yield _checked(frames, plugin)
    except RequestError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise UnreadableError(
            f"frames in {path}, which {plugin.words} reads", one_line(error, 200)
        ) from error


def _checked(frames: object, plugin: Plugin) -> RawFrames:
    if not isinstance(frames, RawFrames):
        raise SchemaError(f"RawFrames from {plugin.words}", type(frames).__name__)
    return frames


def files_of(source: Path) -> tuple[Path, ...]:
    """Return the file, or the files of a directory and its folders in the order of their paths.

    Files and folders whose names begin with a dot are left out.

    Raises
    ------
    UnreadableError
        There is no such file or directory, or the directory has no file.
    """
    if is_file(source):
        return (source,)
    if not is_directory(source):
        raise UnreadableError("a file or a directory to import", f"no {source}")
    try:
        paths = sorted(
            path
            for path in source.rglob("*")
            if path.is_file()
            and not any(part.startswith(".") for part in path.relative_to(source).parts)
        )
    except OSError as error:  # a folder that cannot be looked into, or links in a circle
        reason = f"{error.strerror}: {error.filename}"
        raise UnreadableError(f"files to import in {source}", reason) from error
    if not paths:
        raise UnreadableError(f"files to import in {source}", "none")
    return tuple(paths)
