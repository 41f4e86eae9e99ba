"""``mlip-compose run``: the whole of a study, or a share of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlip_compose.cli.engine import Cluster, Processes, Scheduler, engine_of, one_place
from mlip_compose.cli.output import Json, progress_bars
from mlip_compose.cli.study_output import show_outcome, show_plan, show_shard, study_watch


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
    from mlip_compose.engine.in_process import Here
    from mlip_compose.predictions.exchange.submission import submissions_in
    from mlip_compose.studies.directory import ResultsDirectory
    from mlip_compose.studies.remaining import planned
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
            done = run_shard(loaded, share, directory, Here(), study_watch(bars))
        show_shard(done, directory, json)
        return
    directory = ResultsDirectory(out or Path("results") / loaded.name)
    if plan:
        show_plan(loaded.name, planned(loaded, directory), directory, json)
        return
    options = [("--out", out)] if out else []
    options += [("--predictions", path) for path in predictions or ()]
    command = f"mlip-compose run {study}" + "".join(f" {name} {path}" for name, path in options)
    with (
        engine_of(processes, scheduler, cluster, directory.root) as engine,
        progress_bars() as bars,
    ):
        outcome = run_study(loaded, directory, engine, command, study_watch(bars))
    show_outcome(outcome, directory, json)
