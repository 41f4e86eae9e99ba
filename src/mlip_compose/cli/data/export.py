"""``mlip-compose data export``: a store as extended XYZ."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlip_compose.cli.output import (
    AllowMissing,
    Json,
    Level,
    Molecules,
    Seed,
    names_in,
    print_json,
    print_table,
    progress_bars,
)
from mlip_compose.core.errors import RequestError


def export_data(
    dataset: Annotated[str, typer.Argument(help="A frozen data set, or the path of a store.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory; must not exist.")],
    task: Annotated[
        str | None,
        typer.Option("--task", "-t", help="Export a task's split, one file a part."),
    ] = None,
    level: Level = 2,
    train_frames: Annotated[
        int | None,
        typer.Option("--train-frames", min=1, help="With a task: training frames. Default: all."),
    ] = None,
    seed: Seed = 0,
    molecules: Molecules = None,
    allow_missing: AllowMissing = False,
    json: Json = False,
) -> None:
    """Write extended XYZ (REF_energy, REF_forces): by trajectory, or a task's split by part."""
    from mlip_compose.predictions.exchange.export import TaskFrames, export_data
    from mlip_compose.store.catalogue import open_store

    if task is None and train_frames is not None:
        raise RequestError("a task with --train-frames", "none", "Name one with --task.")
    chosen = TaskFrames(task, level, train_frames, seed, allow_missing) if task else None
    with progress_bars() as bars:
        bar = bars.add_task("export", total=1.0)
        outcome = export_data(
            open_store(dataset),
            out,
            task=chosen,
            molecules=names_in(molecules or ""),
            watch=lambda file, share: bars.update(bar, completed=share, description=file),
        )
    if json:
        print_json({"path": str(outcome.path), "files": outcome.files})
    else:
        rows: list[tuple[object, ...]] = [
            (outcome.path / file, frames) for file, frames in outcome.files.items()
        ]
        print_table(f"Exported {dataset}", ("file", "frames"), rows)
