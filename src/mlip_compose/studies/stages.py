"""The stages of a run: each does the units that are missing, and hands on what it has read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from mlip_compose.core.errors import DamagedError
from mlip_compose.core.records import Failure
from mlip_compose.engine.engine import Engine
from mlip_compose.evaluation.ceiling import CeilingScore
from mlip_compose.evaluation.gallery import Gallery
from mlip_compose.evaluation.results import Score
from mlip_compose.evaluation.study_results import StudyResults, UnitFacts
from mlip_compose.predictions.target import Target
from mlip_compose.studies.certificates import Certificates, certify_splits
from mlip_compose.studies.comparisons import Comparisons, compare
from mlip_compose.studies.directory import ResultsDirectory, make_way, read_kept
from mlip_compose.studies.gallery import GalleryRow, update_gallery
from mlip_compose.studies.inventory import Inventory, longest_first
from mlip_compose.studies.opening import OpenStudy, check_potentials
from mlip_compose.studies.plan import Training
from mlip_compose.studies.progress import Listener
from mlip_compose.studies.repairs import Repairs, Unit, attempt
from mlip_compose.studies.scores import CeilingJob, Job, ScoreJob
from mlip_compose.studies.training import TrainingJob, failed_unit, read_progress

AnyUnit = TypeVar("AnyUnit", bound=Unit[Any])
AnyScore = TypeVar("AnyScore")


@contextmanager
def stages_in(
    directory: ResultsDirectory,
    opened: OpenStudy,
    engine: Engine,
    listener: Listener,
    trainings: Sequence[Training] | None = None,
) -> Iterator[Stages]:
    """Hold a directory of results for one run, and give the stages of that run.

    Parameters
    ----------
    directory
        The results.
    opened
        The study with its data.
    engine
        Does the units of work.
    listener
        Is told of progress.
    trainings
        The trainings of a shard; None takes those of the study.

    Raises
    ------
    RequestError
        A potential cannot be made where the units are done, another run is under way, or the
        directory cannot be written.
    """
    trainings = opened.trainings if trainings is None else trainings
    missing = [training for training in trainings if not directory.training(training.id).is_dir()]
    check_potentials((training.entry for training in missing), engine)
    with directory.locked():
        make_way(directory)
        yield Stages(directory, opened, engine, listener, trainings)


class Stages:
    """The stages of a run in one directory of results, which they are called in the order of.

    A unit that meets a damaged file is done again, after the file was set aside and made anew.

    Parameters
    ----------
    directory, opened, engine, listener, trainings
        See :func:`stages_in`.

    Attributes
    ----------
    facts
        Facts of trainings, by their ids: of those that ended, and of those whose worker failed. The
        latter count as failed, and the next run tries them again.
    scores, ceilings
        Scores, and scores against ceilings, by the ids of their targets.
    done
        Number of units that were done, and not only looked at.
    """

    def __init__(
        self,
        directory: ResultsDirectory,
        opened: OpenStudy,
        engine: Engine,
        listener: Listener,
        trainings: Sequence[Training],
    ) -> None:
        self._directory = directory.absolute()
        self._opened = opened
        self._engine = engine
        self._listener = listener
        self._trainings = trainings
        self._inventory = Inventory(trainings, self._directory)
        self._repairs = Repairs(self._directory)
        self._certificates: Certificates = {}
        self._failures: list[str] = []
        self.facts: dict[str, UnitFacts] = {}
        self.scores: dict[str, Score] = {}
        self.ceilings: dict[str, CeilingScore] = {}
        self.done = 0

    @property
    def failures(self) -> tuple[str, ...]:
        """Ids and reasons of trainings, scores and comparisons that failed, now or before."""
        failed = (facts for facts in self.facts.values() if facts.status == "failed")
        return (*(f"{facts.id}: {facts.reason}" for facts in failed), *self._failures)

    @property
    def certificates(self) -> Certificates:
        """The certificates of the splits."""
        return self._certificates

    def find_trainings(self) -> None:
        """Read the records of the trainings that are there with all their predictions."""
        for training in longest_first(self._trainings):
            facts = self._finished(training)
            if facts is not None:
                self.facts[training.id] = facts

    def find_scores(self) -> None:
        """Read the scores that are there."""
        for target in self._tested():
            score = read_kept(self._directory.score(target.id), Score, self._directory)
            if score is not None:
                self.scores[target.id] = score
        for _, ceiling in self._pairs():
            path = self._directory.ceiling(ceiling.id)
            score_of_both = read_kept(path, CeilingScore, self._directory)
            if score_of_both is not None:
                self.ceilings[ceiling.id] = score_of_both

    @property
    def is_complete(self) -> bool:
        """Whether every training and every score of the study was found."""
        return (
            all(training.id in self.facts for training in self._trainings)
            and all(target.id in self.scores for target in self._tested())
            and all(ceiling.id in self.ceilings for _, ceiling in self._pairs())
        )

    def certify(self, results: StudyResults | None = None) -> None:
        """Certify the splits, but for those whose certificates agree with results of the study."""
        targets = {target.key: target for _, target in self._ordinary()}
        self._certificates = certify_splits(
            targets, self._opened.store, self._directory, results, self._listener
        )

    def train(self) -> None:
        """Do the trainings that are missing, with their predictions."""
        self._train([t for t in longest_first(self._trainings) if t.id not in self.facts])

    def score_given(self) -> None:
        """Score the predictions that the study names; what is wrong with them ends the run."""
        rows = [row for row in self._opened.given if row.target.id not in self.scores]
        self._score(
            "score predictions of others",
            [
                ScoreJob(
                    row.target,
                    self._radius(row.target),
                    self._opened.store.file,
                    self._directory,
                    row.predictions,
                )
                for row in rows
            ],
            self.scores,
        )

    def score(self) -> None:
        """Score the trainings that ended."""
        file = self._opened.store.file
        jobs = [
            ScoreJob(target, self._radius(target), file, self._directory)
            for training, target in self._ordinary()
            if self._has(training) and target.id not in self.scores
        ]
        self._score("score", jobs, self.scores)

    def score_ceilings(self) -> None:
        """Score potentials against their ceilings, where both trainings ended."""
        file = self._opened.store.file
        jobs = [
            CeilingJob(target, ceiling, self._radius(target), file, self._directory)
            for target, ceiling in self._pairs()
            if ceiling.id not in self.ceilings
        ]
        self._score("score ceilings", jobs, self.ceilings)

    def gallery(self) -> tuple[Gallery, bool]:
        """Return the gallery of the study, and whether it was made now."""
        while True:
            rows = [
                GalleryRow(target, self._radius(target), training.entry.shown)
                for training, target in self._ordinary()
                if self._has(training)
            ]
            try:
                return update_gallery(
                    rows, self._opened.store, self._directory, self._inventory.archived
                )
            except DamagedError as error:
                self._repairs.set_aside(error)
                self._train(self._lost())

    def compare(self) -> Comparisons:
        """Compare the potentials of each task and level."""
        scores = [
            (self.scores[target.id], self._directory.score(target.id)) for target in self._scored()
        ]
        comparisons = compare(scores, self._engine, self._listener)
        self._failures += comparisons.failures
        return comparisons

    def in_order(self) -> tuple[list[UnitFacts], list[Score], list[CeilingScore]]:
        """Return facts, scores and scores against ceilings in the order of the study."""
        units = [self.facts[training.id] for training in self._trainings]
        units += [row.facts for row in self._opened.given]
        pairs = (ceiling.id for _, ceiling in self._pairs())
        return (
            units,
            [self.scores[target.id] for target in self._scored()],
            [self.ceilings[name] for name in pairs if name in self.ceilings],
        )

    def _ordinary(self) -> list[tuple[Training, Target]]:
        """Return trainings with each of their targets, without ceilings."""
        return [
            (training, target)
            for training in self._trainings
            if not training.ceiling
            for target in training.targets
        ]

    def _tested(self) -> list[Target]:
        """Return the targets that have a score, or will have one, those of given rows last."""
        targets = [
            t for training in self._usable() if not training.ceiling for t in training.targets
        ]
        return targets + [row.target for row in self._opened.given]

    def _scored(self) -> list[Target]:
        return [target for target in self._tested() if target.id in self.scores]

    def _pairs(self) -> list[tuple[Target, Target]]:
        """Return targets with those of their ceilings, where neither training failed."""
        usable = self._usable()
        ordinary = {
            t.id: t for training in usable if not training.ceiling for t in training.targets
        }
        ceilings = [t for training in usable if training.ceiling for t in training.targets]
        return [(ordinary[c.ceiling_of], c) for c in ceilings if c.ceiling_of in ordinary]

    def _usable(self) -> list[Training]:
        """Return the trainings that did not fail: those that ended, and those to come."""
        failed = {name for name, facts in self.facts.items() if facts.status == "failed"}
        return [training for training in self._trainings if training.id not in failed]

    def _has(self, training: Training) -> bool:
        """Whether there is a potential of this training."""
        return training.id in self.facts and self.facts[training.id].status == "done"

    def _radius(self, target: Target) -> int:
        return self._certificates[target.key].coverage_radius

    def _finished(self, training: Training) -> UnitFacts | None:
        try:
            return self._inventory.finished(training)
        except DamagedError as error:
            self._repairs.set_aside(error)
            return None

    def _lost(self) -> list[Training]:
        """Return the trainings that ended and are no longer there with all their predictions."""
        ended = [training for training in self._trainings if self._has(training)]
        return [training for training in ended if self._finished(training) is None]

    def _train(self, trainings: Sequence[Training]) -> None:
        file = self._opened.store.file
        jobs = [TrainingJob(training, file, self._directory) for training in trainings]
        ended: set[str] = set()

        def tick() -> None:
            for job in jobs:
                if str(job) not in ended:
                    self._listener.training(str(job), *read_progress(self._directory, str(job)))

        for job, outcome in self._do("train and predict", jobs, tick=tick, wants_gpu=_wants_gpu):
            training = job.training
            if isinstance(outcome, Failure):
                facts = failed_unit(training, outcome)
            else:
                facts = outcome.model_copy(update={"levels": training.levels})
            ended.add(training.id)
            self.facts[training.id] = facts
            self._listener.unit(training.id, facts.reason)
        self.done += len(jobs)

    def _score(
        self, stage: str, jobs: Sequence[Job[AnyScore]], scores: dict[str, AnyScore]
    ) -> None:
        for job, outcome in self._do(stage, jobs, self._predicted_again):
            score = None if isinstance(outcome, Failure) else job.kept()
            reason = ""
            if score is not None:
                scores[str(job)] = score
            else:
                reason = outcome.reason if isinstance(outcome, Failure) else "its file is gone"
                self._failures.append(f"score of {job}: {reason}")
            self._listener.unit(str(job), reason)
        self.done += len(jobs)

    def _predicted_again(self, jobs: Sequence[Job[AnyScore]]) -> list[Job[AnyScore]]:
        """Make predictions anew that were damaged; return the scores that have theirs again."""
        self._train(self._lost())
        ended = [training for training in self._trainings if self._has(training)]
        predicted = {target.id for training in ended for target in training.targets}
        return [job for job in jobs if all(target.id in predicted for target in job.targets)]

    def _do(
        self,
        stage: str,
        units: Sequence[AnyUnit],
        redo: Callable[[Sequence[AnyUnit]], Sequence[AnyUnit]] = lambda units: units,
        tick: Callable[[], None] = lambda: None,
        wants_gpu: Callable[[AnyUnit], bool] = lambda unit: False,
    ) -> Iterator[tuple[AnyUnit, Any]]:
        """Do units; yield each with its result, or the failure of its worker.

        A damaged file that a unit meets is set aside. ``redo`` makes it anew, and returns the units
        that can be done now.
        """
        while units:
            self._listener.stage(stage, len(units))
            damaged = []
            for unit, outcome in self._engine.run(attempt, units, tick, wants_gpu):
                if isinstance(outcome, DamagedError):
                    self._repairs.set_aside(outcome)
                    damaged.append(unit)
                else:
                    yield unit, outcome
            units = redo(damaged) if damaged else ()


def _wants_gpu(job: TrainingJob) -> bool:
    return job.training.entry.kind.role == "learned"
