"""``mlip-compose merge``: one result from the shards of a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlip_compose.cli.engine import Cluster, Processes, Scheduler, engine_of
from mlip_compose.cli.output import Json, progress_bars
from mlip_compose.cli.study_output import show_outcome, study_watch


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
    from mlip_compose.studies.merging import merge_shards, study_of
    from mlip_compose.studies.run import run_study

    study = study_of(shards)
    directory = ResultsDirectory(out or Path("results") / study.name)
    command = f"mlip-compose merge {' '.join(map(str, shards))} --out {directory.root}"
    with (
        engine_of(processes, scheduler, cluster, directory.root) as engine,
        progress_bars() as bars,
    ):
        merge_shards(shards, directory)
        outcome = run_study(study, directory, engine, command, study_watch(bars))
    show_outcome(outcome, directory, json)
