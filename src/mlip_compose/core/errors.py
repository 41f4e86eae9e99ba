"""The exceptions of the package, one tree.

::

    ComposeError
    └── RequestError               the request cannot be served (exit status 2)
        ├── UnknownNameError       no task, potential, molecule ... of this name
        ├── NotOfThisKindError     a molecule that is not X-(CH2)n-Y
        ├── StudyError             a study file that does not say what to do
        ├── DataError              a file of data that cannot be used
        │   ├── UnreadableError    missing, truncated, not of this format
        │   ├── SchemaError        another schema, or one that is not kept
        │   ├── ChecksumError      altered since it was written
        │   ├── DamagedError       one that this program made, and can make anew
        │   └── MissingLabelsError no energies or no forces
        ├── UnwritableError        no room or no permission to write a file
        ├── CoverageError          the data lacks what a task or a budget needs
        ├── FailedThroughoutError  work that fails on every frame, for one reason
        ├── MissingExtraError      a package that an optional part needs
        └── PluginError            an entry point of another package that cannot be used

An expected scientific failure (an SCF that does not converge, a bond that broke in dynamics) is
no exception: it is a returned :class:`mlip_compose.core.records.Failure`. All else is a bug.
"""

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

LONGEST: Final = 4000
"""Largest number of characters of each part of a message."""


class ComposeError(Exception):
    """Base of all exceptions that this package raises on purpose."""


class RequestError(ComposeError):
    """The request cannot be served; the message says why, and what to do.

    Parameters
    ----------
    expected
        The thing that would have been right, such as ``a file of predictions``.
    found
        The thing in its place, such as ``no file p.h5``.
    hint
        A sentence on what to do; may be empty.
    """

    def __init__(self, expected: str, found: str, hint: str = "") -> None:
        self.expected = expected
        self.found = found
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        expected, found, hint = map(_printable, (self.expected, self.found, self.hint))
        text = f"expected {expected}; found {found}"
        return f"{text}. {hint}" if hint else text

    def __reduce__(self) -> tuple[object, ...]:  # survives the way back from a worker process
        return _rebuild, (type(self), dict(self.__dict__))


def excerpt(value: object, most: int = 80) -> str:
    """Return the beginning of a value as text, for a message."""
    try:
        text = str(value)
    except (ValueError, RecursionError):  # a whole number of too many digits
        text = f"{type(value).__name__} that cannot be shown"
    return text if len(text) <= most else f"{text[: most - 3]}..."


def one_line(error: BaseException, most: int | None = None) -> str:
    """Return the message of an error of others on one line; its class where it has no message.

    Parameters
    ----------
    error
        The error.
    most
        Characters to keep, such as 200; None keeps all.
    """
    return " ".join(str(error).split())[:most] or type(error).__name__


def class_and_line(error: BaseException, most: int | None = None) -> str:
    """Return the class and the message of an error on one line: ``KeyError: 'forces'``."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:most]}"


def _printable(text: str) -> str:
    """Return a text of bounded length, with control characters written out.

    Names in files of others stand in messages, and a terminal would obey what they contain.
    """
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}..."
    return text if text.isprintable() else "".join(map(_letter, text))


def _letter(letter: str) -> str:
    if letter.isprintable():
        return letter
    return " " if letter == "\n" else letter.encode("unicode_escape").decode("ascii")


def _rebuild(cls: type[RequestError], state: dict[str, object]) -> RequestError:
    error = cls.__new__(cls)
    error.__dict__.update(state)
    Exception.__init__(error, str(error))
    return error


class UnknownNameError(RequestError):
    """A name that is not among those of its kind; the message offers the nearest.

    Parameters
    ----------
    kind
        Kind of the thing, such as ``task``.
    name
        The name.
    names
        All names of this kind; the message shows thirty.
    """

    def __init__(self, kind: str, name: str, names: Iterable[str]) -> None:
        names = list(names)
        name = excerpt(name, 200)
        near = difflib.get_close_matches(name.lower(), [n.lower() for n in names], n=1, cutoff=0.5)
        nearest = next((n for n in names if near and n.lower() == near[0]), None)
        listing = ", ".join(names[:30]) + (", ..." if len(names) > 30 else "")
        hint = f"Did you mean {nearest!r}?" if nearest else ""
        article = "an" if kind[:1] in "aeiou" else "a"
        super().__init__(f"{article} {kind} (one of {listing})", f"{name!r}", hint)


class NotOfThisKindError(RequestError):
    """A molecule that the grammar X-(CH2)n-Y does not make."""


class StudyError(RequestError):
    """A study file that does not say what to do."""


class DataError(RequestError):
    """A file of data that cannot be used."""


class UnreadableError(DataError):
    """A file that is missing, truncated or not of the expected format."""


class SchemaError(DataError):
    """A file of another schema version, or one that breaks its schema."""


class ChecksumError(DataError):
    """A file whose content is not what was written."""


class DamagedError(DataError):
    """A file that this program made from other files, and can make anew.

    Parameters
    ----------
    path
        Path of the file, or of the directory that is made anew with it.
    reason
        Reason why it cannot be used.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            f"{path} as it was written", reason, "Run again to have it made anew, or remove it."
        )


class MissingLabelsError(DataError):
    """A file without energies or without forces."""


class UnwritableError(RequestError):
    """A file that cannot be written: the disk is full, or the place is not writable."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(
            f"room and permission to write {path}",
            error.strerror or str(error),
            "Make room, or name another place with --out, and run again; finished work is kept.",
        )


class CoverageError(RequestError):
    """The data lacks molecules or frames that the task or the budget asks for."""


class FailedThroughoutError(RequestError):
    """Work that was begun and fails on every frame: a command ends with status 1, not 2."""


class MissingExtraError(RequestError):
    """An optional part whose packages are not installed.

    Parameters
    ----------
    part
        The part in words, such as ``training mace-small``.
    package
        Name of the package, such as ``graph_pes``.
    extra
        Extra of this program that installs it, such as ``train``.
    """

    def __init__(self, part: str, package: str, extra: str) -> None:
        super().__init__(
            f"the package {package!r}, which {part} needs",
            "no such package installed",
            f"Install it with: pip install 'mlip-compose[{extra}]'",
        )


class PluginError(RequestError):
    """An entry point of another package that cannot be used."""

    def __init__(self, expected: str, found: str, package: str) -> None:
        super().__init__(expected, found, f"Update {package}, or uninstall it.")
