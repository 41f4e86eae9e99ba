"""The training of one potential as a unit of work, with its predictions of the test frames."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from mlip_compose.core.documents import parse_json
from mlip_compose.core.errors import (
    RequestError,
    SchemaError,
    UnreadableError,
    one_line,
)
from mlip_compose.core.files import set_aside, write_text, writing
from mlip_compose.core.host import peak_memory_mb
from mlip_compose.core.records import Failure
from mlip_compose.core.scratch import note_failure
from mlip_compose.engine.locks import held
from mlip_compose.evaluation.study_results import UnitFacts
from mlip_compose.potentials.base import Potential
from mlip_compose.potentials.entry import facts_of
from mlip_compose.potentials.files import check_model
from mlip_compose.potentials.registry import load_potential
from mlip_compose.predictions.file import Predictions, write_predictions
from mlip_compose.predictions.predict import predict_selection
from mlip_compose.predictions.probing import reason_throughout, refuse_throughout
from mlip_compose.predictions.target import Target, training_set
from mlip_compose.store.reader import Store, StoreFile
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.plan import Training
from mlip_compose.studies.repairs import derived

UNIT: Final = "unit.json"
MODEL: Final = "model"
PROGRESS: Final = "progress.json"
PROGRESS_INTERVAL: Final = 0.5  # s


@dataclass(frozen=True, eq=False)
class TrainingJob:
    """A training with the predictions that it serves, as a worker process does it.

    Attributes
    ----------
    training
        The training, with its targets.
    dataset
        The data set.
    directory
        The results, by an absolute path.
    """

    training: Training
    dataset: StoreFile
    directory: ResultsDirectory

    def __str__(self) -> str:
        return str(self.training)

    def do(self) -> UnitFacts:
        """Train unless that was done, predict what is missing, and return the facts.

        Safe to repeat and to kill: a training appears in its directory when it is complete, goes on
        from its last checkpoint where it has one, and predictions are written whole. Where a worker
        that lost its scheduler is still at the same training, this one waits for it.

        Returns
        -------
        UnitFacts
            The facts, with status ``failed`` and the reason where the training failed as science
            may.

        Raises
        ------
        ChecksumError
            The data set is no longer the one that the training was planned on.
        DamagedError
            The training was finished before, and cannot be read.
        """
        training, directory = self.training, self.directory
        store = self.dataset.open()
        final = directory.training(training.id)
        if not self._is_usable():
            with held(directory.work(training.id), wait=True):
                if not self._is_usable():
                    with writing(directory.root):
                        _train(training, store, directory)
        with derived(final):
            unit = read_unit(final)
        if unit.facts.status == "failed":
            return unit.facts
        missing = [t for t in training.targets if not directory.predictions(t.id).is_file()]
        if missing:
            with derived(final):
                check_model(unit.model)
            potential = load_potential(unit.model)
            for target in missing:
                predictions = predict_selection(potential, unit.facts, store, target)
                path = directory.predictions(target.id)
                write_predictions(path, predictions)
        return unit.facts

    def _is_usable(self) -> bool:
        """Whether the training is there, with its model where predictions are to be made.

        An archive may have left out the model.
        """
        final = self.directory.training(self.training.id)
        if not (final / UNIT).is_file():
            return False
        with derived(final):
            failed = read_unit(final).facts.status == "failed"
        if failed or (final / MODEL).exists():
            return True
        targets = self.training.targets
        return all(self.directory.predictions(target.id).is_file() for target in targets)


@dataclass(frozen=True)
class TrainedUnit:
    """A finished training on disk.

    Attributes
    ----------
    facts
        What results say of it.
    identity
        Everything that the result depends on; see :class:`mlip_compose.studies.plan.Training`.
    model
        Directory of the potential.
    """

    facts: UnitFacts
    identity: Mapping[str, Any]
    model: Path


class _Identity(BaseModel):
    """The fields of an identity that are looked at when a training is read."""

    dataset_sha256: str
    train: dict[str, list[int]]


def read_unit(directory: Path) -> TrainedUnit:
    """Read a finished training.

    Raises
    ------
    UnreadableError, SchemaError
        There is no finished training in the directory, or it is damaged.
    """
    path = directory / UNIT
    try:
        document = parse_json(path.read_text("utf-8"))
        facts = UnitFacts.model_validate(document["facts"])
        _Identity.model_validate(document["identity"])
        return TrainedUnit(facts, document["identity"], directory / MODEL)
    except FileNotFoundError as error:
        raise UnreadableError(
            f"a trained potential in {directory} (a file {UNIT})",
            "no such file",
            "Train one with `mlip-compose train`, or name a directory under results/*/trainings.",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(f"a trained potential in {directory}", str(error)) from error
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        reason = one_line(error)
        raise SchemaError(f"the record of a training in {path}", reason) from error


def _train(training: Training, store: Store, directory: ResultsDirectory) -> None:
    final, work = directory.training(training.id), directory.work(training.id)
    data = training_set(store, training.train, training.validation, training.held_out)
    settings = training.entry.resolved()
    wall, cpu = time.perf_counter(), time.process_time()
    checkpoints = work / "fit"
    checkpoints.mkdir(exist_ok=True)
    outcome = training.entry.kind.fit(
        data, settings, training.seed, checkpoints, _progress_file(work / PROGRESS)
    )
    outcome = _tried(training, outcome, store)
    times = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    report = {} if isinstance(outcome, Failure) else outcome.report
    cost: dict[str, Any] = {
        **{key: round(seconds, 2) for key, seconds in total_times(times, report).items()},
        "peak_memory_mb": round(peak_memory_mb(), 1),
        "device": "cpu",
    }
    finished = final.with_name(f".{final.name}.tmp")  # on the file system of what it becomes
    shutil.rmtree(finished, ignore_errors=True)
    finished.mkdir(parents=True)
    facts = _facts(training, outcome, cost)
    if isinstance(outcome, Failure):
        note_failure()
    else:
        outcome.save(finished / MODEL)
    document = {"identity": training.identity, "facts": facts.model_dump(mode="json")}
    write_text(finished / UNIT, json.dumps(document, indent=1, sort_keys=True) + "\n")
    if (final / UNIT).is_file():
        shutil.rmtree(final)  # of an archive that left out the model
    elif final.exists():
        set_aside(final, directory.damaged, f"no {UNIT} in it")
    finished.replace(final)
    shutil.rmtree(work)


def _tried(training: Training, outcome: Potential | Failure, store: Store) -> Potential | Failure:
    """Return the failure of a potential that fails on every frame of all its targets."""
    if isinstance(outcome, Failure) or not training.targets:
        return outcome
    reasons = [reason_throughout(outcome, store, target) for target in training.targets]
    return Failure("prediction", str(training), reasons[0]) if all(reasons) else outcome


def total_times(times: Mapping[str, float], report: Mapping[str, Any]) -> dict[str, float]:
    """Return the times of a training, with those from before it was resumed.

    Parameters
    ----------
    times
        ``wall_s`` and ``cpu_s`` of this process, in seconds.
    report
        The report of the potential. Its ``training_wall_s`` and ``training_cpu_s`` are those of all
        gradient steps, whichever process took them.
    """
    return {key: max(seconds, report.get(f"training_{key}", 0.0)) for key, seconds in times.items()}


def failed_unit(training: Training, failure: Failure) -> UnitFacts:
    """Return the facts of a training whose worker failed; nothing of it is kept."""
    return _facts(training, failure, {})


def _facts(training: Training, outcome: Potential | Failure, cost: dict[str, Any]) -> UnitFacts:
    failed = isinstance(outcome, Failure)
    report: dict[str, Any] = {} if failed else dict(outcome.report)  # type: ignore[union-attr]
    cost |= {key: report.pop(key) for key in COST_KEYS if key in report}
    if packages := training.identity.get("packages"):
        report["software"] = packages | report.get("software", {})
    return UnitFacts(
        id=training.id,
        task=training.task,
        levels=training.levels,
        seed=training.seed,
        train_frames=training.n_train,
        status="failed" if failed else "done",
        reason=str(outcome) if failed else "",
        cost=cost,
        facts=report,
        ceiling=training.ceiling,
        receptive_field=training.entry.resolved().receptive_field(),
        **facts_of(training.entry),
    )


COST_KEYS: Final = ("parameters", "gradient_steps", "device", "peak_memory_mb")
"""Facts of a fit that are shown as its cost."""


def _progress_file(path: Path) -> Callable[[float, str], None]:
    """Return a callback that leaves the fraction done in a file, at most twice a second."""
    last = -PROGRESS_INTERVAL

    def report(fraction: float, message: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= PROGRESS_INTERVAL:
            last = now
            write_text(path, json.dumps({"fraction": fraction, "message": message}))

    return report


def read_progress(directory: ResultsDirectory, unit: str) -> tuple[float, str]:
    """Return the fraction done and the last message of a training under way."""
    try:
        document = parse_json((directory.work(unit) / PROGRESS).read_text("utf-8"))
        return float(document["fraction"]), str(document["message"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0, ""


def predict_unit(unit: TrainedUnit, store: Store, target: Target) -> Predictions:
    """Predict a target with a potential that was trained on exactly its training frames.

    A zero-shot potential, trained elsewhere and on no frame of this data, predicts any target.

    Raises
    ------
    RequestError
        The potential was trained on other frames, which may be among those of the test; or its
        training failed.
    FailedThroughoutError
        It fails on every frame that is tried first, for one reason.
    """
    if unit.facts.status == "failed":
        raise RequestError("a trained potential", f"a training that failed: {unit.facts.reason}")
    if unit.facts.level_of_theory:
        return _predicted(unit, store, target)
    if not target.split.trains:
        raise RequestError(
            f"a potential that was trained elsewhere, for {target.split.task!r}",
            f"{unit.facts.id}, trained on frames of {unit.facts.task!r}",
            "Name the task that it was trained on.",
        )
    trained = {name: list(frames) for name, frames in unit.identity["train"].items()}
    wanted = {name: frames.tolist() for name, frames in target.selection.train.items()}
    if unit.identity["dataset_sha256"] != store.checksum or trained != wanted:
        raise RequestError(
            f"a potential trained on the training frames of {target.split.task!r}, level "
            f"{target.level}, in {store.name}",
            f"{unit.facts.id}, trained on other frames",
            "Its test frames could be among those; name the task and data set it was trained on.",
        )
    return _predicted(unit, store, target)


def _predicted(unit: TrainedUnit, store: Store, target: Target) -> Predictions:
    potential = load_potential(unit.model)
    refuse_throughout(unit.facts.potential, potential, store, target)
    return predict_selection(potential, unit.facts, store, target)
