"""``mlip-compose train``: one potential on one task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlip_compose.cli.engine import Cluster, KeepScratch, Scheduler, engine_of
from mlip_compose.cli.options import (
    AllowMissing,
    Dataset,
    Json,
    Level,
    Seed,
    TaskName,
    Unproved,
    settings_in,
)
from mlip_compose.cli.output import end, facts, show
from mlip_compose.cli.progress import progress_bars

if TYPE_CHECKING:
    from rich.progress import Progress

    from mlip_compose.studies.progress import Listener


def train(
    task: TaskName,
    potential: Annotated[
        str, typer.Argument(help="Name of a kind of potential, or the path of a model card.")
    ],
    level: Level = 2,
    seed: Seed = 0,
    dataset: Dataset = "core-v1",
    train_frames: Annotated[
        int,
        typer.Option("--train-frames", min=1, help="Training frames in all, over all molecules."),
    ] = 400,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A setting, key=value; may be repeated. `potentials show POTENTIAL` lists them.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory of results.")] = Path(
        "results/train"
    ),
    allow_missing: AllowMissing = False,
    scheduler: Scheduler = None,
    cluster: Cluster = None,
    keep_scratch: KeepScratch = False,
    unproved: Unproved = False,
    json: Json = False,
) -> None:
    """Train a potential on the training frames of a task, and predict its test frames."""
    from mlip_compose.potentials.entry import Entry
    from mlip_compose.studies.directory import ResultsDirectory
    from mlip_compose.studies.opening import open_study, say_whether_proved
    from mlip_compose.studies.run import run_trainings
    from mlip_compose.studies.study import Study

    study = Study(
        name="train",
        dataset=dataset,
        tasks=(task,),
        levels=(level,),
        potentials=(Entry(potential=potential, settings=settings_in(settings)),),
        seeds=(seed,),
        train_frames=train_frames,
        allow_missing=allow_missing,
    )
    study.check()
    opened = open_study(study)
    (training,) = opened.trainings
    directory = ResultsDirectory(out)
    processes = None if scheduler or cluster else 1
    engine = engine_of(processes, scheduler, cluster, out, keep_scratch)
    with engine, progress_bars() as bars:
        listener = _listener(bars, f"{training.entry.shown} on {task}")
        say_whether_proved(opened.store, listener, unproved)
        unit = run_trainings(opened, directory, engine, listener)[training.id]
        listener.training(training.id, 1.0, "")
    document: dict[str, Any] = {
        "model": str(directory.training(training.id)),
        "predictions": [str(directory.predictions(target.id)) for target in training.targets],
        **unit.model_dump(mode="json"),
    }
    keys = ("model", "predictions", "status", "reason", "train_frames", "cost")
    show(json, document, facts(training.id, [(key, document[key]) for key in keys]))
    end(unit.status == "failed")


def _listener(bars: Progress, title: str) -> Listener:
    """Return a listener that shows one training on one bar, named by its potential and its task."""
    from mlip_compose.studies.progress import Listener

    bar = bars.add_task(title, total=1.0)

    def unit(name: str, failure: str) -> None:
        if failure:
            bars.console.print(f"failed: {name}: {failure}", style="red", markup=False)

    def training(_: str, fraction: float, message: str) -> None:
        description = f"{title}: {message}" if message else title
        bars.update(bar, completed=fraction, description=description)

    def say(line: str) -> None:
        bars.console.print(line, markup=False, soft_wrap=True)

    return Listener(unit=unit, training=training, note=say)
