"""``mlip-compose train``: one potential on one task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlip_compose.cli.engine import Cluster, Scheduler, engine_of
from mlip_compose.cli.output import (
    SOME_FAILED,
    AllowMissing,
    Dataset,
    Json,
    Level,
    Seed,
    print_json,
    print_table,
    progress_bars,
    settings_in,
    stderr,
)

if TYPE_CHECKING:
    from rich.progress import Progress

    from mlip_compose.engine.engine import Engine
    from mlip_compose.evaluation.study_results import UnitFacts
    from mlip_compose.studies.training import TrainingJob


def train(
    task: Annotated[str, typer.Argument(help="Name of a task.")],
    potential: Annotated[str, typer.Argument(help="Name of a kind of potential.")],
    level: Level = 2,
    seed: Seed = 0,
    dataset: Dataset = "core-v1",
    train_frames: Annotated[
        int,
        typer.Option("--train-frames", min=1, help="Training frames in all, over all molecules."),
    ] = 400,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A setting, key=value; may be repeated.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory of results.")] = Path(
        "results/train"
    ),
    allow_missing: AllowMissing = False,
    scheduler: Scheduler = None,
    cluster: Cluster = None,
    json: Json = False,
) -> None:
    """Train a potential on a task's training frames and predict its test frames."""
    from mlip_compose.potentials.entry import Entry
    from mlip_compose.store.catalogue import dataset_path
    from mlip_compose.store.reader import Store
    from mlip_compose.studies.directory import ResultsDirectory, make_way, repaired
    from mlip_compose.studies.plan import plan
    from mlip_compose.studies.run import check_there
    from mlip_compose.studies.study import Study
    from mlip_compose.studies.training import TrainingJob

    study = Study(
        name="train",
        dataset=dataset,
        tasks=(task,),
        levels=(level,),
        potentials=(Entry(potential=potential, settings=settings_in(settings or [])),),
        seeds=(seed,),
        train_frames=train_frames,
        allow_missing=allow_missing,
    )
    study.check()
    path = dataset_path(dataset).resolve()
    (training,) = plan(study, Store(path))
    directory = ResultsDirectory(out)
    processes = None if scheduler or cluster else 1
    with engine_of(processes, scheduler, cluster, out) as engine:
        if not directory.training(training.id).is_dir():
            check_there([training.entry], engine)
        with directory.locked(), progress_bars() as bars:
            make_way(directory)
            job = TrainingJob(training, path, directory.absolute())
            facts = repaired(directory, lambda: _train(job, engine, bars))
    document: dict[str, Any] = {
        "model": str(directory.training(training.id)),
        "predictions": [str(directory.predictions(target.id)) for target in training.targets],
        **facts.model_dump(mode="json"),
    }
    if json:
        print_json(document)
    else:
        shown = ("model", "predictions", "status", "reason", "train_frames", "cost")
        print_table(training.id, ("", "value"), [(key, document[key]) for key in shown])
    if facts.status == "failed":
        raise typer.Exit(SOME_FAILED)


def _train(job: TrainingJob, engine: Engine, bars: Progress) -> UnitFacts:
    from mlip_compose.core.records import Failure
    from mlip_compose.studies.training import do_training, read_progress

    name = f"{job.training.entry.shown} on {job.training.task}"
    bar = bars.add_task(name, total=1.0)

    def tick() -> None:
        fraction, message = read_progress(job.directory, str(job))
        bars.update(bar, completed=fraction, description=f"{name}: {message}" if message else name)

    ((_, outcome),) = engine.run(do_training, [job], tick, lambda job: True)
    if isinstance(outcome, Failure):
        bars.stop()
        stderr().print(f"failed: {outcome}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(SOME_FAILED)
    bars.update(bar, completed=1.0, description=name)
    return outcome
