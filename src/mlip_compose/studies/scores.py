"""Units of work: score the predictions of a target, or a potential against its ceiling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from mlip_compose.core.errors import ChecksumError
from mlip_compose.core.files import sha256_of, write_text
from mlip_compose.core.records import Failure, SplitKey
from mlip_compose.engine.engine import Engine
from mlip_compose.evaluation.ceiling import CeilingScore
from mlip_compose.evaluation.results import Score
from mlip_compose.predictions.file import Predictions
from mlip_compose.predictions.joined import read_part
from mlip_compose.predictions.scoring import score_against_ceiling, score_predictions
from mlip_compose.predictions.target import Target
from mlip_compose.store.reader import Store
from mlip_compose.studies.directory import ResultsDirectory, predicted, read_kept
from mlip_compose.studies.progress import Listener

Found = TypeVar("Found", covariant=True)


class Job(Protocol[Found]):
    """A score to be made from files, and left in one."""

    @property
    def path(self) -> Path:
        """Where the score is, or will be."""
        ...

    def kept(self) -> Found | None:
        """Return the score that is there; None where it is absent or damaged."""
        ...

    def do(self) -> None:
        """Make the score."""
        ...


@dataclass(frozen=True)
class ForeignFile:
    """Predictions that the study did not make.

    Attributes
    ----------
    path, sha256
        The file, and its checksum when it was named.
    key
        The split, in a file of several.
    """

    path: Path
    sha256: str
    key: SplitKey


@dataclass(frozen=True, eq=False)
class ScoreJob:
    """What a worker needs to score a target.

    Attributes
    ----------
    target
        What was predicted.
    coverage_radius
        r* of the split.
    dataset, directory
        Path of the store, and where results are; both absolute.
    foreign
        The file of predictions, where it is somebody else's; None for the study's own.
    """

    target: Target
    coverage_radius: int
    dataset: Path
    directory: ResultsDirectory
    foreign: ForeignFile | None = None

    def __str__(self) -> str:
        return self.target.id

    @property
    def path(self) -> Path:
        """Where the score is, or will be."""
        return self.directory.score(self.target.id)

    def kept(self) -> Score | None:
        """Return the score that is there; None where it is absent or damaged."""
        return read_kept(self.path, Score, self.directory)

    def do(self) -> None:
        """Score from the file of predictions.

        Raises
        ------
        DamagedError
            The study's own predictions cannot be read.
        DataError, CoverageError
            Those of somebody else cannot be read, changed since they were named, are of another
            data set, or lack frames.
        """
        store, radius = Store(self.dataset), self.coverage_radius
        score = score_predictions(self._predictions(), store, self.target, radius)
        write_text(self.path, score.model_dump_json(indent=1) + "\n")

    def _predictions(self) -> Predictions:
        if self.foreign is None:
            return predicted(self.directory, self.target.id)
        if sha256_of(self.foreign.path) != self.foreign.sha256:
            raise ChecksumError(
                f"{self.foreign.path} as it was when this run began",
                "another content",
                "Run again to score the new one.",
            )
        return read_part(self.foreign.path, self.foreign.key)


@dataclass(frozen=True, eq=False)
class CeilingJob:
    """What a worker needs to score a potential against its ceiling.

    Attributes
    ----------
    ordinary, ceiling
        What each predicted.
    coverage_radius
        r* of the ordinary split.
    dataset, directory
        Path of the store, and where results are; both absolute.
    """

    ordinary: Target
    ceiling: Target
    coverage_radius: int
    dataset: Path
    directory: ResultsDirectory

    def __str__(self) -> str:
        return self.ceiling.id

    @property
    def path(self) -> Path:
        """Where the score is, or will be."""
        return self.directory.ceiling(self.ceiling.id)

    def kept(self) -> CeilingScore | None:
        """Return the score that is there; None where it is absent or damaged."""
        return read_kept(self.path, CeilingScore, self.directory)

    def do(self) -> None:
        """Score from both files of predictions.

        Raises
        ------
        DamagedError
            Predictions cannot be read.
        CoverageError
            They lack frames.
        """
        first = predicted(self.directory, self.ordinary.id)
        second = predicted(self.directory, self.ceiling.id)
        store, radius = Store(self.dataset), self.coverage_radius
        score = score_against_ceiling(first, second, store, self.ordinary, self.ceiling, radius)
        write_text(self.path, score.model_dump_json(indent=1) + "\n")


@dataclass(frozen=True, eq=False)
class Scored(Generic[Found]):
    """The scores that are there in the end.

    Attributes
    ----------
    scores
        In the order of the jobs, each with its file.
    done
        How many were to be made now.
    failures
        What was not done because a worker died.
    """

    scores: list[tuple[Found, Path]] = field(default_factory=list)
    done: int = 0
    failures: list[str] = field(default_factory=list)


def score_missing(
    jobs: Sequence[Job[Found]], stage: str, engine: Engine, listener: Listener
) -> Scored[Found]:
    """Make the scores that are not there, and return all of them.

    Parameters
    ----------
    jobs
        All that are wanted.
    stage
        What to call this.
    engine, listener
        Where they are made, and who is told.
    """
    missing = [job for job in jobs if job.kept() is None]
    listener.stage(stage, len(missing))
    failures = []
    for job, outcome in engine.run(_do, missing):
        reason = outcome.reason if isinstance(outcome, Failure) else ""
        if reason:
            failures.append(f"score of {job}: {reason}")
        listener.unit(str(job), reason)
    scores = [(found, job.path) for job in jobs if (found := job.kept()) is not None]
    return Scored(scores, len(missing), failures)


def _do(job: Job[object]) -> None:
    job.do()
