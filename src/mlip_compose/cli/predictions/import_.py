"""``mlip-compose predictions import``: what other programs predict of an exported task."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mlip_compose.cli.output import AllowMissing, Json, print_json, print_table

SAID = "Default: what the files say."


def import_predictions(
    sources: Annotated[
        list[Path],
        typer.Argument(
            help="Files (.xyz, .extxyz, .traj, .npz, .h5), or directories of them; split.json of "
            "the export may be among them."
        ),
    ],
    name: Annotated[str, typer.Option("--name", "-n", help="Under which results show them.")],
    task: Annotated[str | None, typer.Option("--task", "-t", help=SAID)] = None,
    level: Annotated[int | None, typer.Option("--level", "-l", help=SAID)] = None,
    train_frames: Annotated[
        int | None, typer.Option("--train-frames", min=0, help=f"Of the training. {SAID}")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help=f"{SAID[:-1]}, or else 0.")
    ] = None,
    dataset: Annotated[str | None, typer.Option("--dataset", "-d", help=SAID)] = None,
    energy_key: Annotated[
        str | None,
        typer.Option("--energy-key", help="As in MACE_energy. Default: the only one there is."),
    ] = None,
    forces_key: Annotated[
        str | None, typer.Option("--forces-key", help="As in MACE_forces. Default: likewise.")
    ] = None,
    energy_unit: Annotated[
        str | None,
        typer.Option("--energy-unit", help="Default: eV, held against the labels."),
    ] = None,
    force_unit: Annotated[
        str | None,
        typer.Option("--force-unit", help="Default: eV/Angstrom, held against the labels."),
    ] = None,
    level_of_theory: Annotated[
        str,
        typer.Option(
            "--level-of-theory",
            help="Of the labels of a model that was trained on none of this data.",
        ),
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="HDF5 file. Default: <task>_L<level>....h5.")
    ] = None,
    allow_missing: AllowMissing = False,
    json: Json = False,
) -> None:
    """Import predictions of an exported task; each is matched with its frame, and checked."""
    from mlip_compose.predictions.exchange.importing import ForeignRow, import_predictions
    from mlip_compose.predictions.file import write_predictions

    row = ForeignRow(
        name=name,
        task=task,
        level=level,
        seed=seed,
        train_frames=train_frames,
        dataset=dataset,
        energy_key=energy_key,
        forces_key=forces_key,
        energy_unit=energy_unit,
        force_unit=force_unit,
        level_of_theory=level_of_theory,
        allow_missing=allow_missing,
    )
    imported = import_predictions(sources, row)
    header = imported.predictions.header
    path = out or Path(f"{header.task}_L{header.level}_{name.replace(' ', '-')}_s{header.seed}.h5")
    write_predictions(path, imported.predictions, imported.store.molecule_checksums)
    frames = imported.predictions.frames.values()
    document: dict[str, Any] = {
        "predictions": str(path),
        "dataset": header.dataset,
        "task": header.task,
        "level": header.level,
        "seed": header.seed,
        "train_frames": header.train_frames,
        "molecules": len(imported.predictions.molecules),
        "frames": sum(len(each.indices) for each in frames),
        "parts": list(imported.parts),
        "failed_frames": imported.failed,
        "left": [{"what": str(what), "reason": reason} for what, reason in imported.left],
    }
    if json:
        print_json(document)
        return
    left = document.pop("left")
    rows: list[tuple[object, ...]] = [
        *((key, ", ".join(v) if isinstance(v, list) else v) for key, v in document.items()),
        *((f"left: {each['what']}", each["reason"]) for each in left),
    ]
    print_table(f"Imported {name}", ("", "value"), rows)
