"""Files of results that are damaged are kept in ``damaged/``, named, and made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from mlip_compose.core.errors import DamagedError, DataError
from mlip_compose.core.files import set_aside
from mlip_compose.predictions.file import Predictions, read_predictions
from mlip_compose.studies.directory import ResultsDirectory

Result = TypeVar("Result")

IN_THE_WAY: Final = "something else is in its place"


@contextmanager
def derived(path: Path) -> Iterator[None]:
    """Read, within this context, what the program made of other files and can make anew.

    Parameters
    ----------
    path
        What is to be made anew where that cannot be read.

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


def predicted(directory: ResultsDirectory, target: str) -> Predictions:
    """Read predictions of a target that the program made.

    Raises
    ------
    DamagedError
        They cannot be read.
    """
    path = directory.predictions(target)
    with derived(path):
        return read_predictions(path)[0]


def repaired(directory: ResultsDirectory, attempt: Callable[[], Result]) -> Result:
    """Return what an attempt returns; whatever it finds damaged is set aside, and it begins anew.

    Parameters
    ----------
    directory
        Of the results. What is damaged elsewhere is not touched.
    attempt
        Does what is missing, and raises DamagedError.

    Raises
    ------
    DamagedError
        What is damaged lies elsewhere, or was made anew and is damaged again.
    """
    seen: set[Path] = set()
    while True:
        try:
            return attempt()
        except DamagedError as error:
            path = error.path.absolute()
            if path in seen or not path.is_relative_to(directory.root.absolute()):
                raise
            seen.add(path)
            set_aside(error.path, directory.damaged, error.found)


def make_way(directory: ResultsDirectory) -> None:
    """Set aside what is in the place of files and directories of results and is not of their kind.

    That is a directory under the name of a file, or a file under that of a directory.
    """
    for path in (directory.results, directory.gallery, directory.report):
        if path.is_dir():
            set_aside(path, directory.damaged, IN_THE_WAY)
    for name in ResultsDirectory.FOLDERS:
        folder = directory.root / name
        if folder.exists() and not folder.is_dir():
            set_aside(folder, directory.damaged, IN_THE_WAY)
        holds_files = name not in ("trainings", "work")
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.is_dir() == holds_files:
                set_aside(path, directory.damaged, IN_THE_WAY)
