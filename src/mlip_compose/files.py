"""Files that appear under their name whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mlip_compose.errors import RequestError, UnwritableError


def exists(path: Path) -> bool:
    """Return whether there is something; not where the path is none that the system takes."""
    try:
        return path.exists()
    except OSError:
        return False


def refuse_existing(path: Path) -> None:
    """Raise RequestError where there is something under the name of a file to be made."""
    if exists(path):
        raise RequestError(f"no file {path} yet", "one", "Remove it, or name another with --out.")


@contextmanager
def appearing_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under its name when the context ends without an error.

    Until then it has a hidden name beside it, which is removed on any error. What was there under
    the name before stays until then.

    Parameters
    ----------
    path
        Of the file; its directory is made where there is none.

    Raises
    ------
    UnwritableError
        The disk is full, or the place cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = temporary.open("w+b", buffering=0)
    except OSError as error:
        raise UnwritableError(path, error) from error
    try:
        with file:
            yield file
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if error.filename not in (None, str(temporary)):
            raise  # of another file, that was read for this one
        raise UnwritableError(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file (UTF-8) that appears whole (see ``appearing_whole``)."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file that appears whole (see ``appearing_whole``)."""
    with appearing_whole(path) as file:
        rest = memoryview(content)
        while rest:
            rest = rest[file.write(rest) :]
