"""Scratch directories: each unit of work has a working directory of its own.

Programs that calculators start write files of fixed names into the working directory. Two units in
one directory would read each other's numbers.

A process has one working directory for all its threads. Units of one process therefore take turns:
a lock holds the second until the first has ended. Engines make processes of one thread, in which
nothing waits.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import Failure

PREFIX: Final = "mlip-compose-"
"""First letters of the names of all temporary directories of the program."""

_KEPT: Final = "files of a failure"

Item = TypeVar("Item")


@dataclass
class _Unit:
    """A unit of work under way.

    Attributes
    ----------
    origin
        Working directory before the unit, to which relative paths of the user refer.
    base
        Directory of its scratch directories; None for the system's temporary directory.
    keep
        Whether scratch directories of failures are kept.
    kept
        The directories that are kept so far.
    failed
        For each scratch directory that is open, the innermost last, whether its work failed.
    empty
        A scratch directory that nothing was written to, for the next work: to make and to remove
        one takes as long as a small molecule in a fast calculator.
    """

    origin: Path
    base: Path | None
    keep: bool
    kept: list[Path] = field(default_factory=list)
    failed: list[bool] = field(default_factory=list)
    empty: Path | None = None


_TURN: Final = threading.RLock()
_UNITS: Final[list[_Unit]] = []
"""The unit whose turn it is; more than one where a unit does units, the innermost last."""


class Done(NamedTuple):
    """What became of a unit of work.

    Attributes
    ----------
    outcome
        What the work returned.
    kept
        Where files of its failures are kept, in words.
    """

    outcome: Any
    kept: tuple[str, ...]

    def told(self) -> Any:
        """Say on stderr what is kept, and return the outcome."""
        tell(self.kept)
        return self.outcome


def tell(kept: Iterable[str]) -> None:
    """Say on stderr where files of failures are kept."""
    for words in kept:
        sys.stderr.write(f"{words}\n")


def tell_of(error: BaseException) -> None:
    """Say on stderr where files are kept of a unit that raised this error."""
    tell(note for note in getattr(error, "__notes__", ()) if note.startswith(_KEPT))


def do_unit(
    work: Callable[[Item], Any], item: Item, keep: bool = False, base: Path | None = None
) -> Done:
    """Do a unit of work in a scratch directory, and come back to the working directory.

    The unit has failed where it raises an error, returns a Failure, or calls :func:`note_failure`.

    Parameters
    ----------
    work
        The function that does the unit. Paths in ``item`` are absolute.
    item
        What it is called with.
    keep
        Whether the scratch directory of a failure is kept, unless it is empty. It is then in the
        system's temporary directory.
    base
        Where scratch directories are made that are not kept; the system's temporary directory by
        default.

    Raises
    ------
    RequestError
        There is no place for a directory.
    Exception
        What the work raises, with a note for each directory that is kept.
    """
    kept: list[Path] = []
    try:
        with unit_of_work(keep, base, kept):
            outcome = work(item)
            if isinstance(outcome, Failure):
                note_failure()
    except Exception as error:
        for place in _in_words(item, kept):
            error.add_note(place)
        raise
    return Done(outcome, _in_words(item, kept))


def _in_words(item: object, kept: list[Path]) -> tuple[str, ...]:
    host = socket.gethostname()
    return tuple(f"{_KEPT} of {item} are kept in {path} on {host}" for path in kept)


@contextmanager
def unit_of_work(
    keep: bool = False, base: Path | None = None, kept: list[Path] | None = None
) -> Iterator[None]:
    """Do what is in this context as a unit; see :func:`do_unit`. ``kept`` takes what is kept."""
    with _TURN:
        root = None if keep else base
        _UNITS.append(_Unit(Path.cwd(), root, keep, [] if kept is None else kept))
        try:
            with own_directory():
                yield
        finally:
            unit = _UNITS.pop()
            if unit.empty is not None:
                shutil.rmtree(unit.empty, ignore_errors=True)


@contextmanager
def own_directory() -> Iterator[None]:
    """Work in a directory of its own, within a unit of work or where there is none.

    Whatever ends the context, the working directory is the one before; Ctrl-C, too.

    Raises
    ------
    RequestError
        There is no place for a directory.
    """
    with _TURN:
        if not _UNITS:
            with unit_of_work():
                yield
            return
        unit = _UNITS[-1]
        before = os.open(".", os.O_RDONLY)  # found again where it was renamed
        try:
            path = _opened(unit)
            unit.failed.append(False)
            try:
                os.chdir(path)
                yield
            except Exception:
                note_failure()
                raise
            finally:
                os.fchdir(before)
                _leave(unit, path, unit.failed.pop())
        finally:
            os.close(before)


def _leave(unit: _Unit, path: Path, has_failed: bool) -> None:
    """Keep the scratch directory of a failure that was told of, or remove it, or use it again.

    The program of a failure may still be running, and write: its directory is not used again.
    """
    if has_failed and unit.keep and any(path.iterdir()):
        unit.kept.append(path)
    elif has_failed or unit.empty is not None or not _is_empty(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        unit.empty = path


def _opened(unit: _Unit) -> Path:
    """Return an empty scratch directory of a unit: the one that was left empty, or a new one."""
    path, unit.empty = unit.empty, None
    if path is not None:
        if _is_empty(path):
            return path
        shutil.rmtree(path, ignore_errors=True)
    return _made_in(unit.base, unit.keep)


def _is_empty(path: Path) -> bool:
    try:
        return not os.listdir(path)  # noqa: PTH208  # a third of the time of Path.iterdir
    except OSError:  # the work removed its own directory
        return False


def note_failure() -> None:
    """Say that the work in the present directory failed, where that is no error or Failure."""
    if _UNITS and _UNITS[-1].failed:
        _UNITS[-1].failed[-1] = True


@contextmanager
def where_the_user_is() -> Iterator[None]:
    """Go back, in a unit of work, to the working directory before it, where the user's paths are.

    A calculator is made there, so that files that it opens are those that the user named.
    """
    with _TURN:
        if not _UNITS:
            yield
            return
        before = os.open(".", os.O_RDONLY)
        try:
            os.chdir(_UNITS[-1].origin)
            yield
        finally:
            os.fchdir(before)
            os.close(before)


def user_path(path: str | Path) -> Path:
    """Return a path that the user gave as one that a unit of work can open.

    Parameters
    ----------
    path
        For example ``weights/small.pt``. A relative path is one from the directory in which the
        command was started; of a worker of a cluster, from the directory in which the worker was.
    """
    return _UNITS[-1].origin / path if _UNITS else Path(path)


def _made_in(base: Path | None, keep: bool) -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix=f"{PREFIX}kept-" if keep else PREFIX, dir=base))
    except OSError as error:
        raise no_temporary_directory(error) from error


def no_temporary_directory(error: OSError) -> RequestError:
    """Return the error where no temporary directory can be made."""
    return RequestError(
        "a directory for temporary files that can be written",
        error.strerror or str(error),
        "Make room there, or name another one by the variable TMPDIR.",
    )
