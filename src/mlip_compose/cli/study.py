"""``mlip-compose run, merge, archive, report``: a study from its file to its page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlip_compose.cli.engine import Cluster, Processes, Scheduler, engine_of, one_place
from mlip_compose.cli.output import Json, print_json, progress_bars, stderr
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
            help="Directory. Default: results/<name>, of a shard results/<name>-K-of-N.",
        ),
    ] = None,
    predictions: Annotated[
        list[Path] | None,
        typer.Option(
            "--predictions",
            "-p",
            help="Rows besides the study's own: files of predictions, cards of submissions, or "
            "folders of such; may be repeated.",
        ),
    ] = None,
    processes: Processes = None,
    scheduler: Scheduler = None,
    cluster: Cluster = None,
    shard: Annotated[
        str | None,
        typer.Option(
            "--shard",
            metavar="K/N",
            help="Do the K-th of N shares in this process, to be merged by `mlip-compose merge`.",
        ),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say which trainings are there, and do nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Train, predict, score and report what is missing of a study."""
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
    if shard is not None:
        share = Shard.parse(shard)
        name = f"{loaded.name}-{share.number}-of-{share.count}"
        directory = ResultsDirectory(out or Path("results") / name)
        with progress_bars() as bars:
            done = run_shard(loaded, share, directory, InProcess(), study_listener(bars))
        show_shard(done, directory, json)
        return
    directory = ResultsDirectory(out or Path("results") / loaded.name)
    if plan:
        show_plan(loaded.name, training_states(loaded, directory), directory, json)
        return
    options = [("--out", out)] if out else []
    options += [("--predictions", path) for path in predictions or ()]
    command = f"mlip-compose run {study}" + "".join(f" {name} {path}" for name, path in options)
    with (
        engine_of(processes, scheduler, cluster, directory.root) as engine,
        progress_bars() as bars,
    ):
        outcome = run_study(
            loaded,
            directory,
            engine=engine,
            listener=study_listener(bars),
            command=command,
            write_page=_write_page,
        )
    show_outcome(outcome, directory, json)


def merge(
    shards: Annotated[list[Path], typer.Argument(help="The directories of all shards of a study.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Directory. Default: results/<name>.")
    ] = None,
    processes: Processes = None,
    scheduler: Scheduler = None,
    cluster: Cluster = None,
    json: Json = False,
) -> None:
    """Check that the shards of a study are complete and belong together, and make one result."""
    from mlip_compose.studies.directory import ResultsDirectory
    from mlip_compose.studies.merging import merge_shards, read_shards
    from mlip_compose.studies.run import run_opened

    parts = read_shards(shards)
    directory = ResultsDirectory(out or Path("results") / parts.study.name)
    command = f"mlip-compose merge {' '.join(map(str, shards))} --out {directory.root}"
    with (
        engine_of(processes, scheduler, cluster, directory.root) as engine,
        progress_bars() as bars,
    ):
        opened = merge_shards(parts, directory)
        listener = study_listener(bars)
        outcome = run_opened(opened, directory, engine, listener, command, _write_page)
    show_outcome(outcome, directory, json)


def _write_page(results: StudyResults, path: Path) -> None:
    from mlip_compose.report.page import write_report

    write_report(results, path)


def archive(
    results: Annotated[Path, typer.Argument(help="Directory of a study's results.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory of the archive.")],
    models: Annotated[
        float,
        typer.Option("--models", min=0.0, help="Keep models of at most so many MB each."),
    ] = 0.0,
    json: Json = False,
) -> None:
    """Copy results without raw predictions: scores, certificates, gallery, report.

    `mlip-compose run STUDY --out ARCHIVE` goes on from it, and trains nothing again.
    """
    from mlip_compose.studies.archive import archive as make
    from mlip_compose.studies.directory import ResultsDirectory

    files = make(ResultsDirectory(results), out, models)
    size = sum(path.stat().st_size for path in files)
    if json:
        print_json({"archive": str(out), "files": len(files), "bytes": size})
        return
    message = f"{out} has {len(files)} files, {size / 1e6:.1f} MB"
    stderr().print(message, markup=False, soft_wrap=True)


def report(
    results: Annotated[
        list[Path],
        typer.Argument(
            help="Directory of a study's results. Of several, one page with a choice of study."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="HTML file. Default, of one study: in that directory."),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(help="Folder for publication figures of one study, as PDF and SVG."),
    ] = None,
    site: Annotated[
        Path | None,
        typer.Option(
            help="Folder for a site to be served: the page, its numbers as CSV and JSON, "
            "certificates."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Write the report of a study anew, from its results alone, or one of several studies."""
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
    said = []
    with made_from(*directories):
        if figures is not None:
            document["figures"] = [str(file) for file in write_figures(studies[0], figures)]
            said.append(f"{len(document['figures'])} files of figures in {figures}")
        if path is not None:
            write_report(studies[0], path, *studies[1:])
            document["report"] = str(path)
            said.append(f"The report is {path}")
        if site is not None:
            document["site"] = [str(file) for file in write_site(site, studies)]
            said.append(f"The site is {site / 'index.html'}, with {len(document['site'])} files")
    if json:
        print_json(document)
        return
    for text in said:
        stderr().print(text, markup=False, soft_wrap=True)
