"""Which trainings of a study are there, with all that follows from them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from mlip_compose.evaluation.study_results import UnitFacts
from mlip_compose.predictions.target import Target
from mlip_compose.studies.archive import read_archived
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.plan import Training
from mlip_compose.studies.repairs import derived
from mlip_compose.studies.training import UNIT, read_unit

ROLE_ORDER: Final = ("learned", "feasibility", "scale")
"""The longest trainings first, so that no process waits for one at the end."""


def longest_first(trainings: Iterable[Training]) -> list[Training]:
    """Return trainings in the order in which they are best done."""
    return sorted(trainings, key=lambda training: ROLE_ORDER.index(training.entry.kind.role))


class Inventory:
    """The trainings of a study that a directory of results has.

    Predictions that an archive left out count as present while every score of them is there.

    Parameters
    ----------
    trainings
        All trainings of the study, or of a shard.
    directory
        The results.

    Attributes
    ----------
    archived
        Checksums of the predictions that an archive left out, by the ids of their targets.

    Raises
    ------
    SchemaError
        The record of an archive is damaged.
    """

    def __init__(self, trainings: Iterable[Training], directory: ResultsDirectory) -> None:
        self._directory = directory
        self.archived = read_archived(directory).predictions
        self._scores: dict[str, list[Path]] = {}
        for target in (target for training in trainings for target in training.targets):
            if target.ceiling_of:
                path = directory.ceiling(target.id)
                self._scores.setdefault(target.ceiling_of, []).append(path)
            else:
                path = directory.score(target.id)
            self._scores.setdefault(target.id, []).append(path)

    def finished(self, training: Training) -> UnitFacts | None:
        """Return the facts of a training, with the levels that this study takes it for.

        None where the training or any of its predictions is still to be made. A training that
        failed as science may is finished.

        Raises
        ------
        DamagedError
            The record of the training cannot be read.
        """
        path = self._directory.training(training.id)
        if not (path / UNIT).is_file():
            return None
        with derived(path):
            facts = read_unit(path).facts
        if facts.status == "done" and not all(map(self._has_predictions, training.targets)):
            return None
        return facts.model_copy(update={"levels": training.levels})

    def _has_predictions(self, target: Target) -> bool:
        if self._directory.predictions(target.id).is_file():
            return True
        return target.id in self.archived and all(
            path.is_file() for path in self._scores[target.id]
        )
