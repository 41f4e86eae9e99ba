"""Scores as units of work: of predictions, or of a potential against its ceiling."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from mlip_compose.core.files import write_text
from mlip_compose.evaluation.ceiling import CeilingScore
from mlip_compose.evaluation.results import Score
from mlip_compose.predictions.scoring import score_against_ceiling, score_predictions
from mlip_compose.predictions.target import Target
from mlip_compose.store.reader import StoreFile
from mlip_compose.studies.directory import ResultsDirectory, read_kept
from mlip_compose.studies.given import GivenPredictions
from mlip_compose.studies.repairs import read_derived_predictions

Made = TypeVar("Made", covariant=True)


class Job(Protocol[Made]):
    """A score that is made from files, and left in one."""

    @property
    def path(self) -> Path:
        """File of the score."""
        ...

    @property
    def targets(self) -> Iterable[Target]:
        """The targets of the study's own potentials whose predictions it is made from."""
        ...

    def kept(self) -> Made | None:
        """Return the score in the file; None where it is absent or damaged."""
        ...

    def do(self) -> None:
        """Make the score."""
        ...


@dataclass(frozen=True, eq=False)
class ScoreJob:
    """The score of a target, as a worker process makes it.

    Attributes
    ----------
    target
        The frames that were predicted.
    coverage_radius
        r* of the split.
    dataset
        The data set.
    directory
        The results, by an absolute path.
    given
        Predictions that the study names; None for those that the program made.
    """

    target: Target
    coverage_radius: int
    dataset: StoreFile
    directory: ResultsDirectory
    given: GivenPredictions | None = None

    def __str__(self) -> str:
        return self.target.id

    @property
    def path(self) -> Path:
        """File of the score."""
        return self.directory.score(self.target.id)

    @property
    def targets(self) -> tuple[Target, ...]:
        """The target, where the study made its predictions."""
        return (self.target,) if self.given is None else ()

    def kept(self) -> Score | None:
        """Return the score in the file; None where it is absent or damaged."""
        return read_kept(self.path, Score, self.directory)

    def do(self) -> None:
        """Make the score from the file of predictions.

        Raises
        ------
        DamagedError
            Predictions that the program made cannot be read.
        DataError, CoverageError
            Predictions that the study names cannot be read, changed since they were opened, are of
            another data set, or lack frames.
        """
        if self.given is None:
            predictions = read_derived_predictions(self.directory, self.target.id)
        else:
            predictions = self.given.read()
        store = self.dataset.open()
        score = score_predictions(predictions, store, self.target, self.coverage_radius)
        write_text(self.path, score.model_dump_json(indent=1) + "\n")


@dataclass(frozen=True, eq=False)
class CeilingJob:
    """The score of a potential against its ceiling, as a worker process makes it.

    Attributes
    ----------
    ordinary, ceiling
        The frames that each predicted.
    coverage_radius
        r* of the ordinary split.
    dataset
        The data set.
    directory
        The results, by an absolute path.
    """

    ordinary: Target
    ceiling: Target
    coverage_radius: int
    dataset: StoreFile
    directory: ResultsDirectory

    def __str__(self) -> str:
        return self.ceiling.id

    @property
    def path(self) -> Path:
        """File of the score."""
        return self.directory.ceiling(self.ceiling.id)

    @property
    def targets(self) -> tuple[Target, ...]:
        """Both targets."""
        return (self.ordinary, self.ceiling)

    def kept(self) -> CeilingScore | None:
        """Return the score in the file; None where it is absent or damaged."""
        return read_kept(self.path, CeilingScore, self.directory)

    def do(self) -> None:
        """Make the score from both files of predictions.

        Raises
        ------
        DamagedError
            Predictions cannot be read.
        CoverageError
            Predictions lack frames.
        """
        ordinary = read_derived_predictions(self.directory, self.ordinary.id)
        ceiling = read_derived_predictions(self.directory, self.ceiling.id)
        store, radius = self.dataset.open(), self.coverage_radius
        score = score_against_ceiling(ordinary, ceiling, store, self.ordinary, self.ceiling, radius)
        write_text(self.path, score.model_dump_json(indent=1) + "\n")
