"""Locks of directories, each held by one process at a time; and scratch directories."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from mlip_compose.core.errors import RequestError, UnwritableError
from mlip_compose.core.scratch import PREFIX, no_temporary_directory

LOCK: Final = ".lock"
CLAIM: Final = ".claim"
"""The file that a process leaves while it holds a directory on a file system without locks."""
PAUSE: Final = 1.0  # s, between looks at the claim of another process


@contextmanager
def held(directory: Path, wait: bool = False) -> Iterator[None]:
    """Hold a directory for this process; it is made where there is none.

    The system releases the lock when the process ends, however it ends. On a file system without
    locks (some Lustre and NFS mounts) a file names the process that holds the directory. The file
    of a process of this machine that has ended counts for nothing.

    Parameters
    ----------
    directory
        The directory.
    wait
        Whether to wait for another process that holds it.

    Raises
    ------
    UnwritableError
        The directory cannot be written.
    RequestError
        Another process holds it, and ``wait`` is false.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / LOCK).open("a")
    except OSError as error:
        raise UnwritableError(directory, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise RequestError(
                f"no other run in {directory}",
                "one that is under way",
                "Wait for it, or name another place with --out.",
            ) from error
        except OSError:
            with _claimed(directory, wait):
                yield
            return
        yield


@contextmanager
def _claimed(directory: Path, wait: bool) -> Iterator[None]:
    path = directory / CLAIM
    mine = {"host": socket.gethostname(), "process": os.getpid()}
    while True:
        try:
            with path.open("x", encoding="utf-8") as file:
                json.dump(mine, file)
            break
        except FileExistsError as error:
            host, process = _holder(path)
            if host == mine["host"] and not _lives(process):
                path.unlink(missing_ok=True)
            elif wait:
                time.sleep(PAUSE)
            else:
                raise RequestError(
                    f"no other run in {directory}, on a file system without locks",
                    f"the claim of process {process} on {host}",
                    f"Wait for it, or name another place with --out. If it has ended, remove "
                    f"{path}.",
                ) from error
        except OSError as error:
            raise UnwritableError(directory, error) from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _holder(path: Path) -> tuple[str, int]:
    """Return machine and process of a claim; an unknown machine where it cannot be read."""
    try:
        document = json.loads(path.read_text("utf-8"))
        return str(document["host"]), int(document["process"])
    except (OSError, ValueError, KeyError, TypeError):
        return "an unknown machine", 0


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """Make a temporary directory, and remove it with the context.

    Scratch directories of runs that were killed are removed first.

    Raises
    ------
    RequestError
        There is no place for one.
    """
    try:
        root = Path(tempfile.gettempdir())
        _remove_left_over(root)
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
    except OSError as error:
        raise no_temporary_directory(error) from error
    try:
        with ExitStack() as stack:
            with suppress(RequestError):
                stack.enter_context(held(path, wait=True))
            yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _remove_left_over(root: Path) -> None:
    for path in root.glob(f"{PREFIX}*"):
        with suppress(OSError, RequestError):
            if path.stat().st_uid == os.getuid() and (path / LOCK).is_file():
                with held(path):
                    shutil.rmtree(path, ignore_errors=True)
