"""``mlip-compose run``: the whole of a study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlip_compose.cli.engine import Cluster, Processes, Scheduler, engine_of
from mlip_compose.cli.output import (
    SOME_FAILED,
    Json,
    print_json,
    progress_bars,
    stderr,
    stdout,
)

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from mlip_compose.studies.watch import Watch


def run(
    study: Annotated[
        str, typer.Argument(help="A built-in study, or the path of a study file (YAML).")
    ] = "quick",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Directory. Default: results/<name>.")
    ] = None,
    processes: Processes = None,
    scheduler: Scheduler = None,
    cluster: Cluster = None,
    json: Json = False,
) -> None:
    """Train, predict, score and report what is missing of a study."""
    from mlip_compose.report.terminal import leaderboard_table
    from mlip_compose.studies.directory import ResultsDirectory
    from mlip_compose.studies.run import run_study
    from mlip_compose.studies.study import load_study

    loaded = load_study(study)
    directory = ResultsDirectory(out or Path("results") / loaded.name)
    command = f"mlip-compose run {study}" + (f" --out {out}" if out else "")
    with (
        engine_of(processes, scheduler, cluster, directory.root) as engine,
        progress_bars() as bars,
    ):
        outcome = run_study(loaded, directory, engine, command, _watch(bars))
    if json:
        print_json(outcome.results.model_dump(mode="json"))
    else:
        stdout().print(leaderboard_table(outcome.results))
    messages = stderr()
    for failure in outcome.failures:
        messages.print(f"failed: {failure}", style="red", markup=False, soft_wrap=True)
    if not outcome.done:
        messages.print(f"Nothing was missing in {directory.root}.", markup=False, soft_wrap=True)
    messages.print(f"The report is {outcome.report}", markup=False, soft_wrap=True)
    if outcome.failures:
        raise typer.Exit(SOME_FAILED)


def _watch(bars: Progress) -> Watch:
    from mlip_compose.studies.watch import Watch

    stages: list[TaskID] = []
    trainings: dict[str, TaskID] = {}

    def stage(name: str, units: int) -> None:
        if units:
            stages.append(bars.add_task(name, total=units))

    def unit(name: str, failure: str) -> None:
        if name in trainings:
            bars.remove_task(trainings.pop(name))
        bars.advance(stages[-1])
        if failure:
            bars.console.print(f"failed: {name}: {failure}", style="red", markup=False)

    def training(name: str, fraction: float, message: str) -> None:
        if not message:
            return
        if name not in trainings:
            trainings[name] = bars.add_task(f"  {name}", total=1.0)
        label = "_".join(name.split("_")[:-1])
        bars.update(trainings[name], completed=fraction, description=f"  {label}: {message}")

    return Watch(stage, unit, training)
