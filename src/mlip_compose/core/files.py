"""Files that appear under their name whole, or not at all, and are set aside when damaged."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid4

from mlip_compose.core.errors import RequestError, UnwritableError

_log = logging.getLogger(__name__)

NO_ROOM: Final = {
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "EIO")
    if hasattr(errno, name)
}


def exists(path: Path) -> bool:
    """Return whether a path exists; False also for a path that the system does not take."""
    try:
        return path.exists()
    except OSError:
        return False


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def slug(name: str) -> str:
    """Return a name as file names and ids have it: ``my-model`` for ``my model`` or ``my_model``.

    Letters, digits, points, plus signs and hyphens stay; each run of other characters is a hyphen.
    An underscore is no part of it, since it stands between the parts of an id.
    """
    return re.sub(r"[^A-Za-z0-9.+-]+", "-", name)


def refuse_existing(path: Path, option: str = "--out") -> None:
    """Raise RequestError where a file that is to be made exists; ``option`` names another."""
    if exists(path):
        raise RequestError(
            f"no file {path} yet", "one", f"Remove it, or name another with {option}."
        )


@contextmanager
def appearing_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under its name when the context ends without an error.

    The file has a hidden name in the same directory until then, and is removed on any error. An
    older file of the name stays until then.

    Parameters
    ----------
    path
        Path of the file; its directory is made where there is none.

    Raises
    ------
    UnwritableError
        The disk is full, or the place cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary, file = _temporary(path)
    except OSError as error:
        raise UnwritableError(path, error) from error
    with file:
        try:
            yield file
            os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException as error:
            temporary.unlink(missing_ok=True)
            # an error of another file, that was read for this one, stays what it is
            if isinstance(error, OSError) and error.filename in (None, str(temporary)):
                raise UnwritableError(path, error) from error
            raise


def _temporary(path: Path) -> tuple[Path, BinaryIO]:
    """Open an empty hidden file beside another one, for reading and writing.

    Its name is always the same, so that the rest of a killed process is used up. It is another one
    where a second process writes the same file, or the file system has no locks.
    """
    usual = path.with_name(f".{path.name}.tmp")
    with suppress(OSError), ExitStack() as stack:
        file = stack.enter_context(_opened(usual, os.O_NOFOLLOW))
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(file.fileno()), usual.stat()):  # not renamed meanwhile
            file.truncate()
            stack.pop_all()
            return usual, file
    own = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    return own, _opened(own, os.O_EXCL)


def _opened(path: Path, flags: int) -> BinaryIO:
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | flags, 0o666)
    return os.fdopen(number, "r+b", buffering=0)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Write at or below a path in this context.

    Raises
    ------
    UnwritableError
        There is no room or no permission; other errors stay what they are.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise UnwritableError(path, error) from error


def write_text(path: Path, text: str) -> None:
    """Write a text file (UTF-8), whole or not at all (see ``appearing_whole``)."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all (see ``appearing_whole``)."""
    with appearing_whole(path) as file:
        rest = memoryview(content)
        while rest:
            rest = rest[file.write(rest) :]


def set_aside(path: Path, folder: Path, reason: str) -> None:
    """Move a damaged file or directory into a folder, and warn of it; it can be made anew then.

    Parameters
    ----------
    path
        The file or directory; nothing happens where it does not exist.
    folder
        The folder, made where there is none. Files in it keep their names: a second
        ``results.json`` becomes ``results.json.1``.
    reason
        Reason why it cannot be used, for the warning.

    Raises
    ------
    UnwritableError
        The file cannot be moved.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        numbers = ("" if i == 0 else f".{i}" for i in count())
        kept = next(to for n in numbers if not (to := folder / f"{path.name}{n}").exists())
        shutil.move(path, kept)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UnwritableError(path, error) from error
    _log.warning("%s is damaged (%s): it is kept as %s, and made anew", path, reason, kept)
