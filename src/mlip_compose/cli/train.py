"""``mlip-compose train``: one potential on one task."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from mlip_compose.cli.output import (
    SOME_FAILED,
    AllowMissing,
    Dataset,
    Json,
    Level,
    Seed,
    print_json,
    print_table,
    stderr,
)
from mlip_compose.errors import RequestError


def train(
    task: Annotated[str, typer.Argument(help="Name of a task.")],
    potential: Annotated[str, typer.Argument(help="Name of a kind of potential.")],
    level: Level = 2,
    seed: Seed = 0,
    dataset: Dataset = "mini-v1",
    train_frames: Annotated[
        int | None, typer.Option("--train-frames", min=1, help="Default: all there are.")
    ] = 400,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A setting, key=value; may be repeated.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory of results.")] = Path(
        "results/train"
    ),
    allow_missing: AllowMissing = False,
    json: Json = False,
) -> None:
    """Train a potential on a task's training frames and predict its test frames."""
    from mlip_compose.store.catalogue import dataset_path
    from mlip_compose.store.reader import Store
    from mlip_compose.studies.directory import ResultsDirectory
    from mlip_compose.studies.plan import plan
    from mlip_compose.studies.study import Entry, Study
    from mlip_compose.studies.training import TrainingJob, do_training

    study = Study(
        name="train",
        dataset=dataset,
        tasks=(task,),
        levels=(level,),
        potentials=(Entry(potential=potential, settings=_settings(settings or [])),),
        seeds=(seed,),
        train_frames=train_frames,
        allow_missing=allow_missing,
    )
    study.check()
    path = dataset_path(dataset)
    (training,) = plan(study, Store(path))
    directory = ResultsDirectory(out)
    with directory.locked(), stderr().status(f"training {potential} on {task}, level {level}"):
        facts = do_training(TrainingJob(training, path, directory))
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


def _settings(pairs: list[str]) -> dict[str, Any]:
    settings = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise RequestError("--set key=value", repr(pair))
        settings[key] = yaml.safe_load(value)
    return settings
