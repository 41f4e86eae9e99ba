"""A directory of results: what lies where, and that one run at a time writes it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from mlip_compose.errors import RequestError, SchemaError, UnwritableError, excerpt

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class ResultsDirectory:
    """The files of a study's results.

    ``trainings/<id>/`` has a finished training (``unit.json`` and ``model/``), and
    ``predictions/<id>.h5`` and ``scores/<id>.json`` what follows from it at one level
    (``ceilings/<id>.json`` in place of a score where it is a ceiling); ``certificates/`` has the
    splits, ``work/<id>/`` a training under way, with its checkpoints.
    """

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

    def certificate(self, task: str, level: int, seed: int) -> Path:
        """File of a split's certificate; the seed chooses the frames that it speaks of."""
        return self.root / "certificates" / f"{task}_L{level}_s{seed}.json"

    def locked(self) -> AbstractContextManager[None]:
        """Hold the directory for one run (see ``held``)."""
        return held(self.root)


def read_kept(path: Path, model: type[Model]) -> Model | None:
    """Return a document that an earlier run left; None where it is absent or damaged."""
    try:
        return model.model_validate_json(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError):
        return None


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


@contextmanager
def held(directory: Path, wait: bool = False) -> Iterator[None]:
    """Hold a directory for one process, made where there is none.

    The system lets go of it when the process ends, however it ends.

    Parameters
    ----------
    directory
        What to hold.
    wait
        Whether to wait for another process that holds it.

    Raises
    ------
    UnwritableError
        It cannot be written.
    RequestError
        Another process holds it, and it was not to be waited for.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / ".lock").open("a")
    except OSError as error:
        raise UnwritableError(directory, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError as error:
            raise RequestError(
                f"no other run in {directory}",
                "one that is under way",
                "Wait for it, or name another place with --out.",
            ) from error
        yield
