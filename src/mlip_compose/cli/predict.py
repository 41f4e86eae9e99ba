"""``mlip-compose predict``: the frames of a task with a trained potential."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mlip_compose.cli.output import AllowMissing, Dataset, Json, Level, print_json, print_table


def predict(
    task: Annotated[str, typer.Argument(help="Name of a task.")],
    model: Annotated[Path, typer.Argument(help="Directory of a training (it has unit.json).")],
    level: Level = 2,
    dataset: Dataset = "core-v1",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="HDF5 file. Default: <task>_L<level>....h5.")
    ] = None,
    relax_minima: Annotated[
        bool,
        typer.Option(
            "--relax-minima", help="Relax the minima of all molecules with the potential."
        ),
    ] = False,
    allow_missing: AllowMissing = False,
    json: Json = False,
) -> None:
    """Predict the test frames of a task, at any level that trains on the same frames."""
    from mlip_compose.store.catalogue import open_store
    from mlip_compose.store.predictions import write_predictions
    from mlip_compose.studies.evaluate import predict_unit, target_of
    from mlip_compose.studies.training import read_unit

    unit = read_unit(model)
    store = open_store(dataset)
    facts = unit.facts
    target = target_of(
        store, task, level, facts.train_frames, facts.seed, allow_missing, relax_minima
    )
    predictions = predict_unit(unit, store, target)
    path = out or Path(f"{task}_L{level}_{facts.potential}_s{facts.seed}.h5")
    write_predictions(path, predictions, store.molecule_checksums)
    frames = sum(len(each.indices) for each in predictions.frames.values())
    document: dict[str, Any] = {
        "predictions": str(path),
        "molecules": len(predictions.molecules),
        "frames": frames,
    }
    if relax_minima:
        document["failed_relaxations"] = predictions.header.failed_relaxations
    if json:
        print_json(document)
    else:
        print_table("Predicted", ("", "value"), list(document.items()))
