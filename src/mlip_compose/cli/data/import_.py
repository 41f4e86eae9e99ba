"""``mlip-compose data import``: data of others into a store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlip_compose.cli.data.options import EnergyUnit, ForceUnit, LengthUnit, SplitOff
from mlip_compose.cli.output import Json, print_json, print_table, progress_bars


def import_data(
    source: Annotated[
        Path,
        typer.Argument(help="A file (.xyz, .extxyz, .traj, .db, .npz) or a directory of them."),
    ],
    reference: Annotated[
        str, typer.Option("--reference", "-r", help="Level of theory, as in pbe-d3bj/def2-tzvp.")
    ],
    name: Annotated[str, typer.Option("--name", "-n", help="Name of the data set.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="HDF5 file. Default: data/<name>.h5.")
    ] = None,
    energy_unit: EnergyUnit = None,
    force_unit: ForceUnit = None,
    length_unit: LengthUnit = None,
    split: SplitOff = 0,
    licence: Annotated[
        str, typer.Option("--licence", help="Under which the data may be used.")
    ] = "not stated",
    json: Json = False,
) -> None:
    """Import labelled frames; molecules are recognised, units found out or checked."""
    from mlip_compose.datasets.importing.importing import import_data

    with progress_bars() as bars:
        bar = bars.add_task("read", total=None)
        outcome = import_data(
            source,
            out or Path("data") / f"{name}.h5",
            name=name,
            reference=reference,
            energy_unit=energy_unit,
            force_unit=force_unit,
            length_unit=length_unit,
            split=split,
            licence=licence,
            watch=lambda file, frames: bars.update(
                bar, description=f"read {file}: {frames:,} frames"
            ),
        )
    left = [{"what": what, "reason": reason} for what, reason in outcome.left]
    if json:
        print_json(
            {
                "path": str(outcome.path),
                "sha256": outcome.checksum,
                "molecules": outcome.molecules,
                "frames": outcome.frames,
                "units": list(outcome.units),
                "taken": list(outcome.taken),
                "left": left,
            }
        )
        return
    rows: list[tuple[object, ...]] = [
        ("path", outcome.path),
        ("sha256", outcome.checksum),
        ("molecules", outcome.molecules),
        ("frames", outcome.frames),
        *(("units", unit) for unit in outcome.units),
        *(("taken", taken) for taken in outcome.taken),
        *((f"left: {what}", reason) for what, reason in outcome.left),
    ]
    print_table(f"Imported {name}", ("", "value"), rows)
