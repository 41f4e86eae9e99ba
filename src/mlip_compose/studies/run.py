"""Run a study: train, predict, score and report what is missing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from mlip_compose.core.errors import RequestError, UnreadableError
from mlip_compose.core.files import set_aside, write_text
from mlip_compose.core.records import Failure
from mlip_compose.engine.choice import local_engine
from mlip_compose.engine.engine import Engine
from mlip_compose.engine.in_process import InProcess
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.potentials.entry import Entry
from mlip_compose.store.catalogue import dataset_path
from mlip_compose.store.reader import Store
from mlip_compose.studies.comparisons import compare
from mlip_compose.studies.directory import ResultsDirectory, make_way, repaired, results_directory
from mlip_compose.studies.gallery import Predicted, update_gallery
from mlip_compose.studies.given import ForeignRow, foreign_rows
from mlip_compose.studies.plan import Training, plan
from mlip_compose.studies.progress import SILENT, Listener
from mlip_compose.studies.results import assemble_results, kept_results
from mlip_compose.studies.scores import ScoreJob, score_missing
from mlip_compose.studies.stages import (
    Splits,
    Trained,
    ceiling_jobs,
    certify_splits,
    ordinary,
    score_jobs,
    shown_certificates,
    train_missing,
)
from mlip_compose.studies.study import Study


def check_there(entries: Iterable[Entry], engine: Engine) -> None:
    """Ask each kind, once for each of its settings, whether it can be served by the workers.

    That may load a model, so it is a unit of work.

    Raises
    ------
    RequestError
        What it needs is not there; says what.
    """
    asked = {
        (entry.potential, entry.resolved().model_dump_json()): entry
        for entry in entries
        if entry.kind.check is not None
    }
    for entry, outcome in engine.run(_check, tuple(asked.values())):
        if isinstance(outcome, Failure):
            raise RequestError(f"a worker in which {entry.shown} can be made", outcome.reason)


def _check(entry: Entry) -> None:
    if entry.kind.check is not None:
        entry.kind.check(entry.resolved())


END_OF_PAGE: Final = b"</html>"


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


WritePage = Callable[[StudyResults, Path], None]
"""Writes the page of results, with their gallery, to a file."""


def run_study(
    study: Study,
    directory: ResultsDirectory | Path | str,
    *,
    processes: int = 1,
    engine: Engine | None = None,
    listener: Listener = SILENT,
    command: str = "mlip_compose.run_study",
    write_page: WritePage | None = None,
) -> RunOutcome:
    """Run what is missing of a study, and write its results.

    Every unit is kept as it ends: a run that is killed loses what was under way, and trainings go
    on from their last checkpoint. A second run of the same study does only what is missing.

    Parameters
    ----------
    study
        The study, such as ``load_study("quick")``.
    directory
        The directory of the results, such as ``results/quick``; made where there is none.
    processes
        Number of worker processes on this machine; 1 does all units in this process. A script that
        asks for more guards its calls with ``if __name__ == "__main__":``, as with
        ``multiprocessing``.
    engine
        Does the units, in place of ``processes``: on a Dask scheduler, or jobs of a batch system.
    listener
        Is told of progress.
    command
        The command that makes the results anew; it is written into them.
    write_page
        Writes the page, ``report.html``, where it is missing, damaged or out of date; None writes
        no page, and removes one that is out of date.

    Returns
    -------
    RunOutcome
        The results, and the units that failed.

    Raises
    ------
    UnknownNameError, StudyError
        A name or a setting of the study that cannot be.
    RequestError
        The study or its data cannot be used, another run is under way in the directory, or the
        directory cannot be written.

    Examples
    --------
    >>> import mlip_compose as mc
    >>> study = mc.Study(name="mine", dataset="mini-v1", potentials=["composition"])
    >>> outcome = mc.run_study(study, "results/mine")  # doctest: +SKIP
    >>> outcome.failures  # doctest: +SKIP
    ()
    """
    study.check()
    directory = results_directory(directory)
    if engine is None and processes > 1:
        with local_engine(processes) as workers:
            return run_study(
                study,
                directory,
                engine=workers,
                listener=listener,
                command=command,
                write_page=write_page,
            )
    run = partial(_run_once, study, directory, engine or InProcess(), command, listener, write_page)
    return repaired(directory, run)


def _run_once(
    study: Study,
    directory: ResultsDirectory,
    engine: Engine,
    command: str,
    listener: Listener,
    write_page: WritePage | None,
) -> RunOutcome:
    path = dataset_path(study.dataset).resolve()  # workers have other working directories
    store = Store(path)
    trainings = plan(study, store)
    foreign = foreign_rows(study, store, trainings)
    check_there((t.entry for t in trainings if not directory.training(t.id).is_dir()), engine)
    with directory.locked():
        make_way(directory)
        certificates = certify_splits(trainings, store, directory, listener)
        trained = train_missing(trainings, path, directory, engine, listener)
        jobs = score_jobs(trainings, trained, certificates, path, directory)
        jobs += _foreign_jobs(foreign, certificates, path, directory)
        scored = score_missing(jobs, "score", engine, listener)
        pairs = ceiling_jobs(trainings, trained, certificates, path, directory)
        against = score_missing(pairs, "score ceilings", engine, listener)
        predicted = _predicted(trainings, trained, certificates)
        gallery, remade = update_gallery(predicted, store, directory)
        if remade:
            directory.report.unlink(missing_ok=True)
        units = [trained.units[each.id] for each in trainings if each.id in trained.units]
        units += [row.facts for row in foreign]
        undone = scored.failures + against.failures
        done = trained.done + scored.done + against.done
        results = kept_results(directory, study, store, units)
        if done:
            results = None
        if results is None:
            compared = compare(scored.scores, engine, listener)
            undone += compared.failures
            results = assemble_results(
                study,
                store,
                shown_certificates(certificates),
                units,
                [score for score, _ in scored.scores],
                [score for score, _ in against.scores],
                compared,
                command,
            )
            write_text(directory.results, results.model_dump_json(indent=1) + "\n")
            directory.report.unlink(missing_ok=True)
        results = results.model_copy(update={"gallery": gallery})
        if write_page is not None and not _is_whole(directory):
            listener.stage("report", 1)
            write_page(results, directory.report)
            listener.unit("report", "")
    return RunOutcome(results, directory.report, done, (*trained.failures, *undone))


def _foreign_jobs(
    rows: Iterable[ForeignRow], certificates: Splits, dataset: Path, directory: ResultsDirectory
) -> list[ScoreJob]:
    return [
        ScoreJob(
            row.target,
            certificates[row.target.key].coverage_radius,
            dataset,
            directory.absolute(),
            row.file,
        )
        for row in rows
    ]


def _predicted(
    trainings: Sequence[Training], trained: Trained, certificates: Splits
) -> list[Predicted]:
    """Return the targets of ordinary trainings that ended, with seed and r*."""
    return [
        Predicted(
            target,
            training.seed,
            certificates[target.key].coverage_radius,
            training.entry.shown,
        )
        for training, target in ordinary(trainings)
        if trained.has(training)
    ]


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
