"""``mlip-compose run, merge, report, archive``: a study from its file to its page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlip_compose.cli.engine import Cluster, KeepScratch, Processes, Scheduler, engine_of, one_place
from mlip_compose.cli.options import Json, Unproved
from mlip_compose.cli.output import note, show
from mlip_compose.cli.progress import progress_bars
from mlip_compose.cli.study_output import show_outcome, show_plan, show_shard, study_listener

if TYPE_CHECKING:
    from mlip_compose.evaluation.study_results import StudyResults


def run(
    study: Annotated[
        str, typer.Argument(help="A built-in study, or the path of a study file (YAML).")
    ] = "quick",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Directory of results. Default: results/<name>, or results/<name>-K-of-N with "
            "--shard K/N.",
        ),
    ] = None,
    predictions: Annotated[
        list[Path] | None,
        typer.Option(
            "--predictions",
            "-p",
            help="Predictions of others, each a row of the results: files of predictions, cards "
            "of submissions, or folders of them; may be repeated.",
        ),
    ] = None,
    processes: Processes = None,
    scheduler: Scheduler = None,
    cluster: Cluster = None,
    keep_scratch: KeepScratch = False,
    shard: Annotated[
        str | None,
        typer.Option(
            "--shard",
            metavar="K/N",
            help="Do the K-th of N shares of the trainings, such as 3/16, in this process. "
            "`mlip-compose merge` makes one result of all shares.",
        ),
    ] = None,
    unproved: Unproved = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show which trainings are there, and do nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Run a study: train, predict, score and report what is missing.

    A run that was interrupted goes on where it ended.
    """
    from mlip_compose.engine.in_process import InProcess
    from mlip_compose.predictions.exchange.submission import submissions_in
    from mlip_compose.studies.directory import ResultsDirectory
    from mlip_compose.studies.remaining import training_states
    from mlip_compose.studies.run import run_study
    from mlip_compose.studies.shards import Shard, run_shard
    from mlip_compose.studies.study import load_study, with_predictions

    one_place(
        {
            "--processes": processes,
            "--scheduler": scheduler,
            "--cluster": cluster,
            "--shard": shard,
            "--plan": plan or None,
        }
    )
    loaded = with_predictions(load_study(study), tuple(submissions_in(predictions or ())))
    share = None if shard is None else Shard.parse(shard)
    name = loaded.name if share is None else f"{loaded.name}-{share.number}-of-{share.count}"
    directory = ResultsDirectory(out or Path("results") / name)
    if plan:
        show_plan(loaded.name, training_states(loaded, directory), directory, json)
        return
    if share is not None:
        alone = InProcess(keep_scratch)
        with progress_bars() as bars:
            part = run_shard(loaded, share, directory, alone, study_listener(bars), unproved)
        show_shard(part, directory, json)
        return
    options = [("--out", out)] if out else []
    options += [("--predictions", path) for path in predictions or ()]
    command = f"mlip-compose run {study}" + "".join(f" {name} {path}" for name, path in options)
    with (
        engine_of(processes, scheduler, cluster, directory.root, keep_scratch) as engine,
        progress_bars() as bars,
    ):
        outcome = run_study(
            loaded,
            directory,
            engine=engine,
            listener=study_listener(bars),
            command=command,
            write_page=_write_page,
            unproved=unproved,
        )
    show_outcome(outcome, directory, json)


def merge(
    shards: Annotated[list[Path], typer.Argument(help="Directories of all shards of a study.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Directory of results. Default: results/<name>."),
    ] = None,
    processes: Processes = None,
    scheduler: Scheduler = None,
    cluster: Cluster = None,
    keep_scratch: KeepScratch = False,
    json: Json = False,
) -> None:
    """Make one result of all shards of a study (see `run --shard`).

    A shard that is missing, or belongs to another study, is refused.
    """
    from mlip_compose.studies.directory import ResultsDirectory
    from mlip_compose.studies.merging import merge_shards, read_shards
    from mlip_compose.studies.run import run_opened

    parts = read_shards(shards)
    directory = ResultsDirectory(out or Path("results") / parts.study.name)
    command = f"mlip-compose merge {' '.join(map(str, shards))} --out {directory.root}"
    with (
        engine_of(processes, scheduler, cluster, directory.root, keep_scratch) as engine,
        progress_bars() as bars,
    ):
        opened = merge_shards(parts, directory)
        listener = study_listener(bars)
        outcome = run_opened(opened, directory, engine, listener, command, _write_page)
    show_outcome(outcome, directory, json)


def _write_page(results: StudyResults, path: Path) -> None:
    from mlip_compose.report.page import write_report

    write_report(results, path)


def report(
    results: Annotated[
        list[Path],
        typer.Argument(
            help="Directory of a study's results; several make one page with a choice of study."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="HTML file. Default for one study: report.html in its directory."
        ),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(help="Folder for publication figures of one study, as PDF and SVG."),
    ] = None,
    site: Annotated[
        Path | None,
        typer.Option(
            help="Folder for a web site: the page, its numbers as CSV and JSON, and the "
            "certificates."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Write the page of one study or several anew, from their results alone."""
    from mlip_compose.core.errors import RequestError
    from mlip_compose.report.page import write_report
    from mlip_compose.report.printing import write_figures
    from mlip_compose.report.site import write_site
    from mlip_compose.studies.directory import ResultsDirectory, made_from
    from mlip_compose.studies.results import read_results

    directories = [ResultsDirectory(directory) for directory in results]
    if out is None and site is None and len(directories) > 1:
        raise RequestError("a file for the report of several studies", "none", "Give it by --out.")
    if figures is not None and len(directories) > 1:
        raise RequestError("one study with --figures", f"{len(directories)}")
    path = directories[0].report if out is None and site is None else out
    studies = [read_results(directory) for directory in directories]
    document: dict[str, Any] = {}
    notes = []
    with made_from(*directories):
        if figures is not None:
            document["figures"] = [str(file) for file in write_figures(studies[0], figures)]
            notes.append(f"{len(document['figures'])} files of figures in {figures}")
        if path is not None:
            write_report(studies[0], path, *studies[1:])
            document["report"] = str(path)
            notes.append(f"The report is {path}")
        if site is not None:
            document["site"] = [str(file) for file in write_site(site, studies)]
            notes.append(f"The site is {site / 'index.html'}, with {len(document['site'])} files")
    show(json, document)
    for text in notes:
        note(text)


def archive(
    results: Annotated[Path, typer.Argument(help="Directory of a study's results.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory of the archive.")],
    models: Annotated[
        float,
        typer.Option("--models", min=0.0, help="Keep models of at most this size, in MB."),
    ] = 0.0,
    json: Json = False,
) -> None:
    """Copy results without raw predictions: scores, certificates, gallery and page.

    `mlip-compose run STUDY --out ARCHIVE` goes on from the archive, and trains nothing again.
    """
    from mlip_compose.studies.archive import archive as make
    from mlip_compose.studies.directory import ResultsDirectory

    files = make(ResultsDirectory(results), out, models)
    size = sum(path.stat().st_size for path in files)
    show(json, {"archive": str(out), "files": len(files), "bytes": size})
    note(f"{out} has {len(files)} files, {size / 1e6:.1f} MB")
