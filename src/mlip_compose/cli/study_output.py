"""What a person sees of a study under way, and of what it ended with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from mlip_compose.cli.output import SOME_FAILED, print_json, print_table, stderr, stdout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.progress import Progress, TaskID

    from mlip_compose.studies.directory import ResultsDirectory
    from mlip_compose.studies.progress import Listener
    from mlip_compose.studies.remaining import TrainingState
    from mlip_compose.studies.run import RunOutcome
    from mlip_compose.studies.shards import ShardOutcome


def study_listener(bars: Progress) -> Listener:
    """Return a listener that shows the progress of a run in bars."""
    from mlip_compose.studies.progress import Listener

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

    return Listener(stage, unit, training)


def show_plan(
    study: str, trainings: Iterable[TrainingState], directory: ResultsDirectory, json: bool
) -> None:
    """Print the trainings of a study, and which of them are there."""
    found = list(trainings)
    counts = {
        state: number
        for state in ("done", "failed", "begun", "missing")
        if (number := sum(each.state == state for each in found))
    }
    if json:
        print_json(
            {
                "study": study,
                "results": str(directory.root),
                "counts": counts,
                "trainings": [
                    {
                        "id": each.training.id,
                        "task": each.training.task,
                        "levels": [target.level for target in each.training.targets],
                        "potential": each.training.entry.shown,
                        "seed": each.training.seed,
                        "ceiling": each.training.ceiling,
                        "train_frames": each.training.n_train,
                        "state": each.state,
                        "fraction": each.fraction,
                    }
                    for each in found
                ],
            }
        )
        return
    rows: list[tuple[object, ...]] = [
        (
            each.training.task,
            ", ".join(str(target.level) for target in each.training.targets),
            each.training.entry.shown + (", ceiling" if each.training.ceiling else ""),
            each.training.seed,
            each.training.n_train,
            f"{each.state}, {each.fraction:.0%}" if each.state == "begun" else each.state,
        )
        for each in found
    ]
    title = f"{study}: {len(found)} trainings, {', '.join(f'{n} {s}' for s, n in counts.items())}"
    print_table(title, ("task", "levels", "potential", "seed", "frames", "state"), rows)


def show_outcome(outcome: RunOutcome, directory: ResultsDirectory, json: bool) -> None:
    """Print the leaderboard, what failed and where the report is; exit with 1 if units failed."""
    from mlip_compose.report.terminal import leaderboard_table

    if json:
        print_json(outcome.results.model_dump(mode="json"))
    else:
        stdout().print(leaderboard_table(outcome.results))
    _show_failures(outcome.failures)
    if not outcome.done:
        _say(f"Nothing was missing in {directory.root}.")
    _say(f"The report is {outcome.report}")
    _exit(outcome.failures)


def show_shard(outcome: ShardOutcome, directory: ResultsDirectory, json: bool) -> None:
    """Print what a shard has done, and what is to do with it; exit with 1 if units failed."""
    record = outcome.record
    document: dict[str, Any] = {
        "directory": str(directory.root),
        "done": outcome.done,
        "failures": list(outcome.failures),
        **record.model_dump(mode="json"),
    }
    if json:
        print_json(document)
    _show_failures(outcome.failures)
    if not outcome.done:
        _say(f"Nothing was missing in {directory.root}.")
    which = f"shard {record.number}/{record.count}, {len(record.units)} trainings"
    _say(f"{directory.root} holds {which}. With all shards: mlip-compose merge DIRECTORY...")
    _exit(outcome.failures)


def _show_failures(failures: Iterable[str]) -> None:
    for failure in failures:
        stderr().print(f"failed: {failure}", style="red", markup=False, soft_wrap=True)


def _say(message: str) -> None:
    stderr().print(message, markup=False, soft_wrap=True)


def _exit(failures: Iterable[str]) -> None:
    if failures:
        raise typer.Exit(SOME_FAILED)
