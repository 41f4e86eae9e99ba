"""Compressed files: unpacked beside other temporary files while they are read."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from mlip_compose.core.errors import RequestError, UnreadableError, one_line
from mlip_compose.core.hdf5 import DENSEST, SMALL
from mlip_compose.core.scratch import PREFIX

OPENERS: Final[Mapping[str, Callable[..., Any]]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}
"""How a file is opened, by its last suffix."""

_DAMAGE: Final = (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError)
_PIECE: Final = 2**20


def is_compressed(path: Path) -> bool:
    """Return whether the last suffix of a file is that of a compressed one, such as ``.xyz.gz``."""
    return path.suffix.lower() in OPENERS


@contextmanager
def decompressed(path: Path) -> Iterator[Path]:
    """Yield a temporary file with the content of a compressed one, named without the last suffix.

    Errors that are raised while the context is open name the compressed file.

    Raises
    ------
    UnreadableError
        The file is damaged, there is no room for it, or it is more than ``DENSEST`` times larger
        than the compressed file.
    """
    with tempfile.TemporaryDirectory(prefix=PREFIX) as directory:
        copy = Path(directory, path.stem)
        try:
            _unpack(path, copy)
            yield copy
        except RequestError as error:
            error.expected, error.found, error.hint = (
                text.replace(str(copy), str(path))
                for text in (error.expected, error.found, error.hint)
            )
            raise


def _unpack(path: Path, copy: Path) -> None:
    size = path.stat().st_size
    most = min(max(SMALL, DENSEST * size), shutil.disk_usage(copy.parent).free)
    written = 0
    opener = OPENERS[path.suffix.lower()]
    try:
        with opener(path, "rb") as packed, copy.open("wb") as file:
            while piece := packed.read(_PIECE):
                written += len(piece)
                if written > most:
                    raise ValueError(f"more than {most:,} bytes in it")
                file.write(piece)
    except _DAMAGE as error:
        raise UnreadableError(
            "a compressed file that can be unpacked to its end",
            f"{path}, {size} bytes: {one_line(error, 200)}",
            "It is truncated, damaged, or larger than there is room for.",
        ) from error
