"""Damaged files of results: set aside where they are met, so that they are made anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from mlip_compose.core.errors import DamagedError, DataError
from mlip_compose.core.files import set_aside
from mlip_compose.predictions.file import Predictions, read_predictions
from mlip_compose.studies.directory import ResultsDirectory

Result = TypeVar("Result", covariant=True)


class Unit(Protocol[Result]):
    """A unit of work: made from files, it leaves its result in a file."""

    def do(self) -> Result:
        """Do the unit.

        Raises
        ------
        DamagedError
            A file of results that the unit is made from cannot be read.
        """
        ...


def attempt(unit: Unit[Result]) -> Result | DamagedError:
    """Do a unit, in a worker process; return the error where it meets a damaged file.

    An error that is raised would end the run, and the units beside this one with it.
    """
    try:
        return unit.do()
    except DamagedError as error:
        return error


@contextmanager
def derived(path: Path) -> Iterator[None]:
    """Read, within this context, what the program made of other files and can make anew.

    Parameters
    ----------
    path
        The file or directory that is made anew where it cannot be read.

    Raises
    ------
    DamagedError
        In place of any DataError.
    """
    try:
        yield
    except DamagedError:
        raise
    except DataError as error:
        raise DamagedError(path, error.found) from error


def read_derived_predictions(directory: ResultsDirectory, target: str) -> Predictions:
    """Read the predictions of a target that the program made.

    Raises
    ------
    DamagedError
        They cannot be read.
    """
    path = directory.predictions(target)
    with derived(path):
        return read_predictions(path)


class Repairs:
    """Sets aside the damaged files that a run meets among its results.

    Parameters
    ----------
    directory
        The results. A damaged file elsewhere is not touched.
    """

    def __init__(self, directory: ResultsDirectory) -> None:
        self._directory = directory
        self._paths: set[Path] = set()

    def set_aside(self, error: DamagedError) -> None:
        """Move a damaged file to ``damaged/``, so that the unit that made it is done again.

        Raises
        ------
        DamagedError
            The file lies outside the results, or this run made it anew and it is damaged again.
        """
        path = error.path.absolute()
        if path in self._paths or not path.is_relative_to(self._directory.root.absolute()):
            raise error
        self._paths.add(path)
        set_aside(error.path, self._directory.damaged, error.found)
