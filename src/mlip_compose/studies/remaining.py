"""The work that remains of a study: which trainings are there, and which a run would do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.inventory import Inventory, longest_first
from mlip_compose.studies.opening import open_study
from mlip_compose.studies.plan import Training
from mlip_compose.studies.study import Study
from mlip_compose.studies.training import UNIT, read_progress

State = Literal["done", "failed", "begun", "missing"]


@dataclass(frozen=True, eq=False)
class TrainingState:
    """A training of a study, and how far it is.

    Attributes
    ----------
    training
        The training, with its targets.
    state
        ``begun`` says that it goes on from a checkpoint, or that predictions are missing.
    fraction
        Fraction of its gradient steps that are done.
    """

    training: Training
    state: State
    fraction: float


def training_states(study: Study, directory: ResultsDirectory) -> Iterator[TrainingState]:
    """Yield the trainings of a study in the order in which a run takes them; nothing is written.

    Raises
    ------
    RequestError
        The data cannot be used, or files of predictions that the study names do not belong to it.
    """
    opened = open_study(study)
    _ = opened.given  # refused where they do not belong to the study
    inventory = Inventory(opened.trainings, directory)
    for training in longest_first(opened.trainings):
        if facts := inventory.finished(training):
            yield TrainingState(training, facts.status, 1.0)
        elif (directory.training(training.id) / UNIT).is_file():
            yield TrainingState(training, "begun", 1.0)
        else:
            fraction, _ = read_progress(directory, training.id)
            yield TrainingState(training, "begun" if fraction else "missing", fraction)
