"""A directory of results: what lies where, and that one run at a time writes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, TypeVar

from pydantic import BaseModel, ValidationError

from mlip_compose.core.errors import SchemaError, excerpt, one_line
from mlip_compose.core.files import set_aside
from mlip_compose.core.records import SplitKey
from mlip_compose.engine.locks import held

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class ResultsDirectory:
    """The files of a study's results.

    ``trainings/<id>/`` has a finished training (``unit.json`` and ``model/``), and
    ``predictions/<id>.h5`` and ``scores/<id>.json`` what follows from it at one level
    (``ceilings/<id>.json`` in place of a score where it is a ceiling); ``certificates/`` has the
    splits, ``work/<id>/`` a training under way, with its checkpoints, ``damaged/`` what was found
    damaged and was made anew.
    """

    FOLDERS: ClassVar = ("trainings", "predictions", "scores", "ceilings", "certificates", "work")

    root: Path

    def absolute(self) -> ResultsDirectory:
        """Return the same directory for processes with another working directory."""
        return ResultsDirectory(self.root.absolute())

    @property
    def results(self) -> Path:
        """The document that the report is made from."""
        return self.root / "results.json"

    @property
    def gallery(self) -> Path:
        """Frames of the tested molecules with the forces of all potentials, for the page."""
        return self.root / "gallery.json"

    @property
    def report(self) -> Path:
        """The page."""
        return self.root / "report.html"

    @property
    def damaged(self) -> Path:
        """Where damaged files are kept."""
        return self.root / "damaged"

    def training(self, unit: str) -> Path:
        """Directory of a finished training."""
        return self.root / "trainings" / unit

    def work(self, unit: str) -> Path:
        """Directory of a training under way."""
        return self.root / "work" / unit

    def predictions(self, target: str) -> Path:
        """File of predictions."""
        return self.root / "predictions" / f"{target}.h5"

    def score(self, target: str) -> Path:
        """File of a score."""
        return self.root / "scores" / f"{target}.json"

    def ceiling(self, target: str) -> Path:
        """File of the score of a potential against its ceiling."""
        return self.root / "ceilings" / f"{target}.json"

    def certificate(self, key: SplitKey) -> Path:
        """File of a split's certificate."""
        return self.root / "certificates" / f"{key}.json"

    def locked(self) -> AbstractContextManager[None]:
        """Hold the directory for one run (see ``held``)."""
        return held(self.root)


def results_directory(directory: ResultsDirectory | str | Path) -> ResultsDirectory:
    """Return a directory of results, given as such or by its path."""
    return (
        directory if isinstance(directory, ResultsDirectory) else ResultsDirectory(Path(directory))
    )


def read_kept(path: Path, model: type[Model], directory: ResultsDirectory) -> Model | None:
    """Return a document that an earlier run left in a directory of results.

    None where it is absent, or was damaged and is now set aside.
    """
    try:
        return model.model_validate_json(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        set_aside(path, directory.damaged, reason_of(error))
        return None


def reason_of(error: Exception) -> str:
    """Return why a document cannot be read, in one line."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{place}: {first['msg']}" if place else str(first["msg"])
    return one_line(error, 200)


@contextmanager
def made_from(*directories: ResultsDirectory) -> Iterator[None]:
    """Make a page or figures from results that were read, whoever wrote them.

    Each document keeps its schema; that they fit together shows when they are put together.

    Raises
    ------
    SchemaError
        A value is missing that another one asks for, or is none that can be drawn.
    """
    try:
        yield
    except (
        LookupError,
        ValueError,
        TypeError,
        ArithmeticError,
        AttributeError,
        StopIteration,
    ) as e:
        raise SchemaError(
            f"results that fit together in {', '.join(str(d.root) for d in directories)}",
            f"{type(e).__name__}: {excerpt(e, 200)}",
            "Make them anew with `mlip-compose run`; if it was this that made them, it is a bug.",
        ) from e


IN_THE_WAY: Final = "something else is in its place"


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
