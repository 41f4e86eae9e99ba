"""What a run of a study would do: which trainings are there, and which are to be done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mlip_compose.store.catalogue import dataset_path
from mlip_compose.store.reader import Store
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.given import foreign_rows
from mlip_compose.studies.plan import Training, plan
from mlip_compose.studies.stages import Done, longest_first
from mlip_compose.studies.study import Study
from mlip_compose.studies.training import UNIT, read_progress

State = Literal["done", "failed", "begun", "missing"]


@dataclass(frozen=True, eq=False)
class PlannedTraining:
    """A training of a study, and whether it is there.

    Attributes
    ----------
    training
        With its targets.
    state
        ``begun`` of one that goes on from a checkpoint, or that has no predictions yet.
    fraction
        Of its gradient steps that are done.
    """

    training: Training
    state: State
    fraction: float


def planned(study: Study, directory: ResultsDirectory) -> Iterator[PlannedTraining]:
    """Yield the trainings of a study in the order in which a run takes them; nothing is written.

    Raises
    ------
    RequestError
        The data cannot be used, or files of predictions that the study names do not belong to it.
    """
    store = Store(dataset_path(study.dataset).resolve())
    trainings = plan(study, store)
    foreign_rows(study, store, trainings)
    done = Done(trainings, directory)
    for training in longest_first(trainings):
        if done.finished(training):
            failed = done.failed(training)
            yield PlannedTraining(training, "failed" if failed else "done", 1.0)
        elif (directory.training(training.id) / UNIT).is_file():
            yield PlannedTraining(training, "begun", 1.0)
        else:
            fraction, _ = read_progress(directory, training.id)
            yield PlannedTraining(training, "begun" if fraction else "missing", fraction)
