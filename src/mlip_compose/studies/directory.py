"""A directory of results: the places of its files, and its lock."""

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

    ``trainings/<id>/`` has a finished training (``unit.json`` and ``model/``). At one level,
    ``predictions/<id>.h5`` and ``scores/<id>.json`` follow from it, and from a ceiling
    ``ceilings/<id>.json`` in place of a score. ``certificates/`` has the splits, ``work/<id>/`` a
    training under way with its checkpoints, ``damaged/`` files that were damaged and made anew.
    """

    FOLDERS: ClassVar = ("trainings", "predictions", "scores", "ceilings", "certificates", "work")

    root: Path

    def absolute(self) -> ResultsDirectory:
        """Return the same directory for processes with another working directory."""
        return ResultsDirectory(self.root.absolute())

    @property
    def results(self) -> Path:
        """File of the results, from which the page is made."""
        return self.root / "results.json"

    @property
    def gallery(self) -> Path:
        """File with frames of the tested molecules and the forces of all potentials on them."""
        return self.root / "gallery.json"

    @property
    def report(self) -> Path:
        """File of the page."""
        return self.root / "report.html"

    @property
    def damaged(self) -> Path:
        """Folder of the damaged files."""
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
        """File of the certificate of a split."""
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

    None where the document is absent, or was damaged and is set aside now.
    """
    try:
        return model.model_validate_json(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        set_aside(path, directory.damaged, reason_of(error))
        return None


def reason_of(error: Exception) -> str:
    """Return the reason why a document cannot be read, in one line."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{place}: {first['msg']}" if place else str(first["msg"])
    return one_line(error, 200)


@contextmanager
def made_from(*directories: ResultsDirectory) -> Iterator[None]:
    """Make a page or figures, within this context, from results that anybody may have written.

    Each document keeps its schema. Whether the documents fit together shows when they are used.

    Raises
    ------
    SchemaError
        A value is missing, or cannot be drawn.
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
    """Set aside a directory that has the name of a file of results, or a file that of a folder."""
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
