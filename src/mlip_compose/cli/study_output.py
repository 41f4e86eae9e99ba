"""The progress of a study and its outcome, as a person sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlip_compose.cli.output import Table, end, note, show

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

    def say(line: str) -> None:
        bars.console.print(line, markup=False, soft_wrap=True)

    return Listener(stage, unit, training, say)


def show_plan(
    study: str, states: Iterable[TrainingState], directory: ResultsDirectory, json: bool
) -> None:
    """Print the trainings of a study, and which of them are done."""
    states = list(states)
    counts = {
        name: number
        for name in ("done", "failed", "begun", "missing")
        if (number := sum(state.state == name for state in states))
    }
    document = {
        "study": study,
        "results": str(directory.root),
        "counts": counts,
        "trainings": [_document(state) for state in states],
    }
    title = f"{study}: {len(states)} trainings, {', '.join(f'{n} {s}' for s, n in counts.items())}"
    columns = ("task", "levels", "potential", "seed", "frames", "state")
    show(json, document, Table(title, columns, map(_row, states)))


def _document(state: TrainingState) -> dict[str, Any]:
    training = state.training
    return {
        "id": training.id,
        "task": training.task,
        "levels": [target.level for target in training.targets],
        "potential": training.entry.shown,
        "seed": training.seed,
        "ceiling": training.ceiling,
        "train_frames": training.n_train,
        "state": state.state,
        "fraction": state.fraction,
    }


def _row(state: TrainingState) -> tuple[object, ...]:
    training = state.training
    return (
        training.task,
        ", ".join(str(target.level) for target in training.targets),
        training.entry.shown + (", ceiling" if training.ceiling else ""),
        training.seed,
        training.n_train,
        f"{state.state}, {state.fraction:.0%}" if state.state == "begun" else state.state,
    )


def show_outcome(outcome: RunOutcome, directory: ResultsDirectory, json: bool) -> None:
    """Print leaks, the leaderboard, failed units and the path of the page.

    The command ends with 1 if units failed.
    """
    from mlip_compose.report.terminal import leaderboard_table, leaks_in

    leaks = leaks_in(outcome.results)
    for leak in leaks if json else ():
        note(leak, "red")
    show(json, outcome.results, *leaks, leaderboard_table(outcome.results))
    _note_work(outcome, directory)
    note(f"The report is {outcome.report}")
    end(outcome.failures)


def show_shard(outcome: ShardOutcome, directory: ResultsDirectory, json: bool) -> None:
    """Print the work of a shard, and the command that merges it; end with 1 if units failed."""
    record = outcome.record
    document: dict[str, Any] = {
        "directory": str(directory.root),
        "done": outcome.done,
        "failures": list(outcome.failures),
        **record.model_dump(mode="json"),
    }
    show(json, document)
    _note_work(outcome, directory)
    shard = f"shard {record.number}/{record.count}, {len(record.units)} trainings"
    note(f"{directory.root} holds {shard}. With all shards: mlip-compose merge DIRECTORY...")
    end(outcome.failures)


def _note_work(outcome: RunOutcome | ShardOutcome, directory: ResultsDirectory) -> None:
    for failure in outcome.failures:
        note(f"failed: {failure}", "red")
    if not outcome.done:
        note(f"Nothing was missing in {directory.root}.")
