"""Run a study: train, predict, score and report what is missing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from mlip_compose.errors import DataError, SchemaError, UnreadableError
from mlip_compose.evaluation.additivity import (
    Additivity,
    reaction_errors,
    reference_additivity,
)
from mlip_compose.evaluation.ceiling_seeds import ceiling_summaries
from mlip_compose.evaluation.horizon import horizons
from mlip_compose.evaluation.learning import levellings
from mlip_compose.evaluation.paired import paired_differences
from mlip_compose.evaluation.ranking import rankings
from mlip_compose.evaluation.relaxations import relaxations
from mlip_compose.evaluation.results import Score
from mlip_compose.evaluation.seeds import seed_summaries
from mlip_compose.files import set_aside, write_text
from mlip_compose.records import Failure
from mlip_compose.report.bundle import DatasetFacts, StudyResults, UnitFacts
from mlip_compose.store.catalogue import dataset_path
from mlip_compose.store.predictions import Predictions
from mlip_compose.store.reader import Store
from mlip_compose.studies.ceilings import score_ceilings
from mlip_compose.studies.damage import derived, make_way, predicted, repaired
from mlip_compose.studies.directory import ResultsDirectory, read_kept, reason_of
from mlip_compose.studies.engine.engine import Engine
from mlip_compose.studies.evaluate import certified
from mlip_compose.studies.foreign_rows import ForeignRow, foreign_rows
from mlip_compose.studies.gallery import Predicted, read_gallery, update_gallery
from mlip_compose.studies.plan import Target, Training, plan
from mlip_compose.studies.preflight import check_there
from mlip_compose.studies.provenance import provenance
from mlip_compose.studies.scoring import score_predictions
from mlip_compose.studies.study import Study
from mlip_compose.studies.training import (
    TrainingJob,
    do_training,
    failed_unit,
    read_progress,
    read_unit,
)
from mlip_compose.tasks.schema import Certificate

END_OF_PAGE: Final = b"</html>"
PAIRED_METRICS: Final = ("forces_mae", "energy_mae_per_atom_within")
ROLE_ORDER: Final = ("learned", "feasibility", "scale")
"""The longest trainings first, so that no process waits for one at the end."""


@dataclass(frozen=True)
class Watch:
    """Who is told of a run's progress; each field is called with what happened.

    Attributes
    ----------
    stage
        A stage begins: its name, and how many units it has.
    unit
        A unit ended: its id, and a failure if any.
    training
        A training under way: its id, the fraction done and a message.
    """

    stage: Callable[[str, int], None]
    unit: Callable[[str, str], None]
    training: Callable[[str, float, str], None]


@dataclass(frozen=True, eq=False)
class RunOutcome:
    """What a run ended with.

    ``done`` counts the units that were done now, trainings, scores and ceilings; it is 0 for a run
    that found everything there. ``failures`` are units that failed, now or before.
    """

    results: StudyResults
    report: Path
    done: int
    failures: tuple[str, ...]


def run_study(
    study: Study, directory: ResultsDirectory, engine: Engine, command: str, watch: Watch
) -> RunOutcome:
    """Run what is missing of a study, and write its results and its report.

    Every unit is kept as it ends: a run that is killed loses what was under way, and trainings go
    on from their last checkpoint.

    Parameters
    ----------
    study
        Checked already (``Study.check``).
    directory
        Of the results.
    engine
        Where trainings and predictions are done.
    command
        With which the result can be made anew.
    watch
        Told of progress.

    Raises
    ------
    RequestError
        The data cannot be used, or the directory cannot be written.
    """
    return repaired(directory, lambda: _run_once(study, directory, engine, command, watch))


def _run_once(
    study: Study, directory: ResultsDirectory, engine: Engine, command: str, watch: Watch
) -> RunOutcome:
    path = dataset_path(study.dataset).resolve()  # workers have other working directories
    store = Store(path)
    trainings = plan(study, store)
    foreign = foreign_rows(study, store, trainings)
    check_there((t.entry for t in trainings if not directory.training(t.id).is_dir()), engine)
    with directory.locked():
        make_way(directory)
        certificates = _certify(trainings, store, directory, watch)
        units, trained = _train(trainings, path, directory, engine, watch)
        scores, scored = _score(trainings, foreign, units, certificates, store, directory, watch)
        shown = [units[training.id] for training in trainings if training.id in units]
        shown += [row.facts for row in foreign]
        ceilings, compared = score_ceilings(
            _with_ceilings(trainings, units, certificates), store, directory
        )
        predicted = _predicted(trainings, units, certificates)
        gallery, remade = update_gallery(predicted, store, directory)
        if remade:
            directory.report.unlink(missing_ok=True)
        done = trained + scored + compared
        results = _kept(directory)
        wanted = (study.model_dump(mode="json"), store.checksum, {unit.id for unit in shown})
        if done or results is None or _made_from(results) != wanted:
            several = len(study.seeds) > 1
            summaries = seed_summaries(scores) if several else ()
            results = StudyResults(
                name=study.name,
                study=study.model_dump(mode="json"),
                dataset=_dataset_facts(store),
                certificates=_shown(certificates),
                units=tuple(shown),
                scores=tuple(scores),
                pairs=paired_differences(scores, PAIRED_METRICS),
                seed_summaries=summaries,
                rankings=rankings(scores),
                additivity=_additivity(store),
                reaction_errors=reaction_errors(scores),
                relaxations=relaxations(scores),
                ceilings=ceilings,
                ceiling_summaries=ceiling_summaries(ceilings) if several else (),
                horizons=horizons(scores, summaries),
                levellings=levellings(
                    {u.id: u.facts.get("validation_curve", ()) for u in units.values()}
                ),
                provenance=provenance(command),
            )
            write_text(directory.results, results.model_dump_json(indent=1) + "\n")
            directory.report.unlink(missing_ok=True)
        results = results.model_copy(update={"gallery": gallery})
        if not _is_whole(directory):
            from mlip_compose.report.page import write_report

            watch.stage("report", 1)
            write_report(results, directory.report)
            watch.unit("report", "")
    failures = tuple(f"{u.id}: {u.reason}" for u in results.units if u.status == "failed")
    return RunOutcome(results, directory.report, done, failures)


def read_results(directory: ResultsDirectory) -> StudyResults:
    """Read the results of a study that was run, with its gallery where it has one.

    Raises
    ------
    UnreadableError, SchemaError
        There are none, or they are damaged.
    """
    try:
        results = StudyResults.model_validate_json(directory.results.read_text("utf-8"))
    except OSError as error:
        raise UnreadableError(
            f"a directory with the results of a study ({directory.results})",
            error.strerror or str(error),
            "Make one with `mlip-compose run`.",
        ) from error
    except (ValidationError, UnicodeDecodeError) as error:
        raise SchemaError(
            f"results of a study in {directory.results}",
            reason_of(error),
            "Run the study again: `mlip-compose run` makes them anew from the scores.",
        ) from error
    return results.model_copy(update={"gallery": read_gallery(directory)})


def _certify(
    trainings: Sequence[Training], store: Store, directory: ResultsDirectory, watch: Watch
) -> dict[tuple[str, int, int], Certificate]:
    splits = {_key(training, target): target for training, target in _ordinary(trainings)}
    watch.stage("certify", len(splits))
    found = {}
    for key, target in splits.items():
        certificate = certified(store, target)
        text = json.dumps(certificate.to_json(), indent=1) + "\n"
        path = directory.certificate(*key)
        if not path.is_file() or path.read_bytes() != text.encode():
            write_text(path, text)
        found[key] = certificate
        watch.unit(path.stem, "")
    return found


def _shown(
    certificates: Mapping[tuple[str, int, int], Certificate],
) -> tuple[dict[str, Any], ...]:
    """Return one certificate a task and level: seeds differ in frames alone, unless one leaks."""
    shown: dict[tuple[str, int], Certificate] = {}
    for (task, level, _), certificate in certificates.items():
        if certificate.leaks or (task, level) not in shown:
            shown[task, level] = certificate
    return tuple(certificate.to_json() for certificate in shown.values())


def _train(
    trainings: Sequence[Training],
    dataset: Path,
    directory: ResultsDirectory,
    engine: Engine,
    watch: Watch,
) -> tuple[dict[str, UnitFacts], int]:
    units: dict[str, UnitFacts] = {}
    jobs = []
    for training in trainings:
        if _finished(training, directory):
            units[training.id] = _facts(training, directory)
        else:
            jobs.append(TrainingJob(training, dataset, directory.absolute()))
    jobs.sort(key=lambda job: ROLE_ORDER.index(job.training.entry.kind.role))
    watch.stage("train and predict", len(jobs))

    def tick() -> None:
        for job in jobs:
            if str(job) not in units:
                watch.training(str(job), *read_progress(directory, str(job)))

    for job, outcome in engine.run(do_training, jobs, tick, _wants_gpu):
        if isinstance(outcome, Failure):
            units[str(job)] = failed_unit(job.training, outcome)
            watch.unit(str(job), outcome.reason)
        else:
            units[str(job)] = outcome
            watch.unit(str(job), outcome.reason)
    return units, len(jobs)


def _wants_gpu(job: TrainingJob) -> bool:
    return job.training.entry.kind.role == "learned"


def _facts(training: Training, directory: ResultsDirectory) -> UnitFacts:
    path = directory.training(training.id)
    with derived(path):
        return read_unit(path).facts


def _finished(training: Training, directory: ResultsDirectory) -> bool:
    """Whether a training is there with all its predictions, or failed for good."""
    if not (directory.training(training.id) / "unit.json").is_file():
        return False
    if _facts(training, directory).status == "failed":
        return True
    return all(directory.predictions(target.id).is_file() for target in training.targets)


def _score(
    trainings: Sequence[Training],
    foreign: Sequence[ForeignRow],
    units: Mapping[str, UnitFacts],
    certificates: Mapping[tuple[str, int, int], Certificate],
    store: Store,
    directory: ResultsDirectory,
    watch: Watch,
) -> tuple[list[Score], int]:
    made: list[tuple[tuple[str, int, int], Target, Predictions | None]] = [
        (_key(training, target), target, None)
        for training, target in _ordinary(trainings)
        if _is_done(training, units)
    ]
    made += [(row.key, row.target, row.predictions) for row in foreign]
    kept = {
        target.id: read_kept(directory.score(target.id), Score, directory) for _, target, _ in made
    }
    missing = sum(score is None for score in kept.values())
    watch.stage("score", missing)
    scores = []
    for key, target, predictions in made:
        score = kept[target.id]
        if score is None:
            if predictions is None:
                predictions = predicted(directory, target.id)
            radius = certificates[key].coverage_radius
            score = score_predictions(predictions, store, target, radius)
            write_text(directory.score(target.id), score.model_dump_json(indent=1) + "\n")
            watch.unit(target.id, "")
        scores.append(score)
    return scores, missing


def _with_ceilings(
    trainings: Sequence[Training],
    units: Mapping[str, UnitFacts],
    certificates: Mapping[tuple[str, int, int], Certificate],
) -> list[tuple[Target, Target, int]]:
    """Return the targets of ordinary trainings and of their ceilings, with r*, where both ended."""
    done = [training for training in trainings if _is_done(training, units)]
    ordinary = {target.id: (training, target) for training, target in _ordinary(done)}
    found = []
    for ceiling in (target for training in done for target in training.targets):
        if ceiling.ceiling_of in ordinary:
            training, target = ordinary[ceiling.ceiling_of]
            radius = certificates[_key(training, target)].coverage_radius
            found.append((target, ceiling, radius))
    return found


def _predicted(
    trainings: Sequence[Training],
    units: Mapping[str, UnitFacts],
    certificates: Mapping[tuple[str, int, int], Certificate],
) -> list[Predicted]:
    """Return the targets of ordinary trainings that ended, with seed and r*."""
    return [
        Predicted(target, training.seed, certificates[_key(training, target)].coverage_radius)
        for training, target in _ordinary(trainings)
        if _is_done(training, units)
    ]


def _is_done(training: Training, units: Mapping[str, UnitFacts]) -> bool:
    return training.id in units and units[training.id].status == "done"


def _ordinary(trainings: Iterable[Training]) -> list[tuple[Training, Target]]:
    """Return trainings with each of their targets, without ceilings."""
    return [(each, target) for each in trainings if not each.ceiling for target in each.targets]


def _key(training: Training, target: Target) -> tuple[str, int, int]:
    return training.task, target.level, training.seed


def _is_whole(directory: ResultsDirectory) -> bool:
    """Whether the page is there; what ends as no page does is set aside."""
    try:
        with directory.report.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - len(END_OF_PAGE)))
            end = file.read()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise UnreadableError(f"the page {directory.report}", str(error)) from error
    if end != END_OF_PAGE:
        set_aside(directory.report, directory.damaged, "its end is missing")
    return end == END_OF_PAGE


def _kept(directory: ResultsDirectory) -> StudyResults | None:
    """Return the results that are there; none, or damaged ones, are made anew from the scores."""
    try:
        return read_results(directory)
    except DataError as error:
        if directory.results.exists():
            set_aside(directory.results, directory.damaged, error.found)
        return None


def _made_from(results: StudyResults) -> tuple[dict[str, Any], str, set[str]]:
    return results.study, results.dataset.sha256, {unit.id for unit in results.units}


def _additivity(store: Store) -> Additivity | None:
    minima = {
        name: (molecule, float(store.minimum(name).energy[0]))
        for name, molecule in store.molecules.items()
        if store.has_minimum(name)
    }
    return reference_additivity(store.name, store.reference, minima)


def _dataset_facts(store: Store) -> DatasetFacts:
    return DatasetFacts(
        name=store.name,
        sha256=store.checksum,
        reference=store.reference,
        reference_settings=store.header.reference_settings,
        sampling=store.header.sampling,
        molecules=len(store.molecules),
        frames=store.total_frames,
    )
