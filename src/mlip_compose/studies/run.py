"""The run of a study: train, predict, score and compare what is missing, and write the results."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlip_compose.core.errors import UnreadableError
from mlip_compose.core.files import set_aside, write_text
from mlip_compose.engine.choice import local_engine
from mlip_compose.engine.engine import Engine
from mlip_compose.engine.in_process import InProcess
from mlip_compose.evaluation.study_results import StudyResults, UnitFacts
from mlip_compose.studies.certificates import summary_certificates
from mlip_compose.studies.directory import ResultsDirectory, results_directory
from mlip_compose.studies.opening import OpenStudy, open_study, say_whether_proved
from mlip_compose.studies.progress import SILENT, Listener
from mlip_compose.studies.results import assemble_results, kept_results
from mlip_compose.studies.stages import Stages, stages_in
from mlip_compose.studies.study import Study

END_OF_PAGE: Final = b"</html>"

WritePage = Callable[[StudyResults, Path], None]
"""Writes the page of results, with their gallery, to a file."""


@dataclass(frozen=True, eq=False)
class RunOutcome:
    """The outcome of a run.

    Attributes
    ----------
    results
        The results, with their gallery.
    report
        The file of the page.
    done
        Number of trainings and scores that were done now; 0 where nothing was missing.
    failures
        Ids and reasons of units that failed, now or before.
    """

    results: StudyResults
    report: Path
    done: int
    failures: tuple[str, ...]


def run_study(
    study: Study,
    directory: ResultsDirectory | Path | str,
    *,
    processes: int = 1,
    engine: Engine | None = None,
    listener: Listener = SILENT,
    command: str = "mlip_compose.run_study",
    write_page: WritePage | None = None,
    unproved: bool = False,
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
    unproved
        Whether data is used although its energies do not belong to its forces.

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
    DataError
        Energies of the data do not belong to its forces.

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
    opened = open_study(study)
    say_whether_proved(opened.store, listener, unproved)
    if engine is None and processes > 1:
        with local_engine(processes) as workers:
            return run_opened(opened, directory, workers, listener, command, write_page)
    return run_opened(opened, directory, engine or InProcess(), listener, command, write_page)


def run_opened(
    opened: OpenStudy,
    directory: ResultsDirectory,
    engine: Engine,
    listener: Listener,
    command: str,
    write_page: WritePage | None,
) -> RunOutcome:
    """Run what is missing of a study whose data is open; see :func:`run_study`."""
    given = [row.target.id for row in opened.given]  # refused before anything is written
    with stages_in(directory, opened, engine, listener) as stages:
        stages.find_trainings()
        stages.find_scores()
        units = [*(training.id for training in opened.trainings), *given]
        results = kept_results(directory, opened.study, opened.store, units)
        if not stages.is_complete:
            results = None  # they are written anew; reading them has set damaged ones aside
        stages.certify(results)
        stages.score_given()  # first: a file of others that cannot be used costs no training
        stages.train()
        stages.score()
        stages.score_ceilings()
        gallery, is_new = stages.gallery()
        if results is None or stages.done:
            results = _written_results(stages, opened, directory, command)
            is_new = True
        if is_new:
            directory.report.unlink(missing_ok=True)
        results = results.model_copy(update={"gallery": gallery})
        if write_page is not None and not _has_page(directory):
            listener.stage("report", 1)
            write_page(results, directory.report)
            listener.unit("report", "")
    return RunOutcome(results, directory.report, stages.done, stages.failures)


def _written_results(
    stages: Stages, opened: OpenStudy, directory: ResultsDirectory, command: str
) -> StudyResults:
    """Compare the potentials, and put the results of the study together in their file."""
    comparisons = stages.compare()
    units, scores, ceilings = stages.in_order()
    results = assemble_results(
        opened.study,
        opened.store,
        summary_certificates(stages.certificates),
        units,
        scores,
        ceilings,
        comparisons,
        command,
    )
    write_text(directory.results, results.model_dump_json(indent=1) + "\n")
    return results


def run_trainings(
    opened: OpenStudy, directory: ResultsDirectory, engine: Engine, listener: Listener
) -> dict[str, UnitFacts]:
    """Do the missing trainings of a study with their predictions, and nothing else.

    Returns
    -------
    dict
        Facts of all trainings, by id.

    Raises
    ------
    RequestError
        See :func:`run_study`.
    """
    with stages_in(directory, opened, engine, listener) as stages:
        stages.find_trainings()
        stages.train()
        return stages.facts


def _has_page(directory: ResultsDirectory) -> bool:
    """Whether the page is there; a file that does not end as a page does is set aside."""
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
