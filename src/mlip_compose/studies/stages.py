"""The stages of a run up to its scores, each a list of units of which what is missing is done."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mlip_compose.core.files import write_text
from mlip_compose.core.records import Failure, SplitKey
from mlip_compose.engine.engine import Engine
from mlip_compose.evaluation.study_results import UnitFacts
from mlip_compose.predictions.target import Target, certify_target
from mlip_compose.store.reader import Store
from mlip_compose.studies.archive import read_archived
from mlip_compose.studies.directory import ResultsDirectory, derived
from mlip_compose.studies.plan import Training
from mlip_compose.studies.progress import Listener
from mlip_compose.studies.scores import CeilingJob, ScoreJob
from mlip_compose.studies.training import (
    UNIT,
    TrainingJob,
    do_training,
    failed_unit,
    read_progress,
    read_unit,
)
from mlip_compose.tasks.certificate_schema import Certificate

ROLE_ORDER: Final = ("learned", "feasibility", "scale")
"""The longest trainings first, so that no process waits for one at the end."""

Splits = Mapping[SplitKey, Certificate]
"""Certificates by split."""


@dataclass(eq=False)
class Trained:
    """What became of the trainings of a run.

    Attributes
    ----------
    units
        Facts of all, by their ids: of those that ended, and of those whose worker died, which count
        as failed and are tried again by the next run.
    done
        How many were to be done now.
    """

    units: dict[str, UnitFacts] = field(default_factory=dict)
    done: int = 0

    @property
    def failures(self) -> list[str]:
        """Ids and reasons of those that failed."""
        failed = (unit for unit in self.units.values() if unit.status == "failed")
        return [f"{unit.id}: {unit.reason}" for unit in failed]

    def has(self, training: Training) -> bool:
        """Whether there is a potential of this training."""
        return training.id in self.units and self.units[training.id].status == "done"


def certify_splits(
    trainings: Sequence[Training], store: Store, directory: ResultsDirectory, listener: Listener
) -> dict[SplitKey, Certificate]:
    """Certify each split that is trained on, and keep its certificate in its file."""
    splits = {target.key: target for _, target in ordinary(trainings)}
    listener.stage("certify", len(splits))
    found = {}
    for key, target in splits.items():
        certificate = certify_target(store, target)
        text = json.dumps(certificate.to_json(), indent=1) + "\n"
        path = directory.certificate(key)
        if not path.is_file() or path.read_bytes() != text.encode():
            write_text(path, text)
        found[key] = certificate
        listener.unit(path.stem, "")
    return found


def shown_certificates(certificates: Splits) -> tuple[dict[str, Any], ...]:
    """Return one certificate a task and level: seeds differ in frames alone, unless one leaks."""
    shown: dict[tuple[str, int], Certificate] = {}
    for key, certificate in certificates.items():
        if certificate.leaks or (key.task, key.level) not in shown:
            shown[key.task, key.level] = certificate
    return tuple(certificate.to_json() for certificate in shown.values())


def train_missing(
    trainings: Sequence[Training],
    dataset: Path,
    directory: ResultsDirectory,
    engine: Engine,
    listener: Listener,
) -> Trained:
    """Do the trainings and predictions that are not there.

    Parameters
    ----------
    trainings
        All that are wanted.
    dataset
        Absolute path of the store.
    directory, engine, listener
        Where they are kept, where they are done, and who is told.
    """
    trained = Trained()
    done = Done(trainings, directory)
    jobs = []
    for training in longest_first(trainings):
        if done.finished(training):
            trained.units[training.id] = _facts_of(training, directory)
        else:
            jobs.append(TrainingJob(training, dataset, directory.absolute()))
    listener.stage("train and predict", len(jobs))

    def tick() -> None:
        for job in jobs:
            if str(job) not in trained.units:
                listener.training(str(job), *read_progress(directory, str(job)))

    for job, outcome in engine.run(do_training, jobs, tick, _wants_gpu):
        if isinstance(outcome, Failure):
            trained.units[str(job)] = failed_unit(job.training, outcome)
        else:
            trained.units[str(job)] = _facts_of(job.training, directory)
        listener.unit(str(job), outcome.reason)
    trained.done = len(jobs)
    return trained


def longest_first(trainings: Iterable[Training]) -> list[Training]:
    """Return trainings in the order in which they are best done."""
    return sorted(trainings, key=lambda training: ROLE_ORDER.index(training.entry.kind.role))


class Done:
    """Which trainings of a study are there with all that follows from them.

    Predictions that an archive left out are as good as there, as long as every score that is made
    of them is there.

    Parameters
    ----------
    trainings
        All of the study.
    directory
        Of its results.
    """

    def __init__(self, trainings: Iterable[Training], directory: ResultsDirectory) -> None:
        self._directory = directory
        self._archived = read_archived(directory).predictions
        self._scores: dict[str, list[Path]] = {}
        for target in (target for training in trainings for target in training.targets):
            if target.ceiling_of:
                path = directory.ceiling(target.id)
                self._scores.setdefault(target.ceiling_of, []).append(path)
            else:
                path = directory.score(target.id)
            self._scores.setdefault(target.id, []).append(path)

    def finished(self, training: Training) -> bool:
        """Whether a training is there with all its predictions, or failed for good."""
        if not (self._directory.training(training.id) / UNIT).is_file():
            return False
        return self.failed(training) or all(self._has(target) for target in training.targets)

    def failed(self, training: Training) -> bool:
        """Whether a training that is there failed for good."""
        return _facts_of(training, self._directory).status == "failed"

    def _has(self, target: Target) -> bool:
        if self._directory.predictions(target.id).is_file():
            return True
        return target.id in self._archived and all(
            path.is_file() for path in self._scores[target.id]
        )


def _facts_of(training: Training, directory: ResultsDirectory) -> UnitFacts:
    """Return what was written of a training, with the levels that this study takes it for."""
    path = directory.training(training.id)
    with derived(path):
        facts = read_unit(path).facts
    levels = tuple(target.level for target in training.targets)
    return facts.model_copy(update={"levels": levels})


def _wants_gpu(job: TrainingJob) -> bool:
    return job.training.entry.kind.role == "learned"


def score_jobs(
    trainings: Sequence[Training],
    trained: Trained,
    certificates: Splits,
    dataset: Path,
    directory: ResultsDirectory,
) -> list[ScoreJob]:
    """Return the scores that follow from the trainings that ended, but for ceilings."""
    directory = directory.absolute()
    return [
        ScoreJob(
            target,
            certificates[target.key].coverage_radius,
            dataset,
            directory,
        )
        for training, target in ordinary(trainings)
        if trained.has(training)
    ]


def ceiling_jobs(
    trainings: Sequence[Training],
    trained: Trained,
    certificates: Splits,
    dataset: Path,
    directory: ResultsDirectory,
) -> list[CeilingJob]:
    """Return the scores against ceilings, where the ordinary training and the ceiling ended."""
    done = [training for training in trainings if trained.has(training)]
    targets = {target.id: target for _, target in ordinary(done)}
    jobs = []
    for ceiling in (target for training in done for target in training.targets):
        if (target := targets.get(ceiling.ceiling_of)) is not None:
            radius = certificates[target.key].coverage_radius
            jobs.append(CeilingJob(target, ceiling, radius, dataset, directory.absolute()))
    return jobs


def ordinary(trainings: Iterable[Training]) -> list[tuple[Training, Target]]:
    """Return trainings with each of their targets, without ceilings."""
    return [(each, target) for each in trainings if not each.ceiling for target in each.targets]
