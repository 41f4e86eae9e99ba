"""``mlip-compose data import, fetch``: data sets of others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlip_compose.cli.options import EnergyUnit, ForceUnit, LengthUnit, SplitOff
from mlip_compose.cli.output import Json, print_json, print_table, progress_bars, stderr

if TYPE_CHECKING:
    from mlip_compose.datasets.download.plan import Plan
    from mlip_compose.datasets.importing.download import FetchOutcome


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
    from mlip_compose.datasets.importing.importing import ImportOptions, import_data
    from mlip_compose.datasets.importing.units import GivenUnits

    options = ImportOptions(
        name=name,
        reference=reference,
        units=GivenUnits(energy_unit, force_unit, length_unit),
        split=split,
        licence=licence,
    )
    with progress_bars() as bars:
        bar = bars.add_task("read", total=None)
        outcome = import_data(
            source,
            out or Path("data") / f"{name}.h5",
            options,
            lambda file, frames: bars.update(bar, description=f"read {file}: {frames:,} frames"),
        )
    left = [{"what": what, "reason": reason} for what, reason in outcome.skipped]
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
        *((f"left: {what}", reason) for what, reason in outcome.skipped),
    ]
    print_table(f"Imported {name}", ("", "value"), rows)


def fetch_data(
    name: Annotated[str, typer.Argument(help="A published data set: gmd-26.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="HDF5 file, the files beside it. Default: data/<name>.h5."
        ),
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option(
            "--revision",
            help="Commit, branch or tag. Default: that of the download in this place, else main.",
        ),
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option("--endpoint", help="Of the hub. Default: HF_ENDPOINT, else the public one."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="Download trained models and all else, too.")
    ] = False,
    energy_unit: EnergyUnit = None,
    force_unit: ForceUnit = None,
    length_unit: LengthUnit = None,
    split: SplitOff = 0,
    json: Json = False,
) -> None:
    """Download a published data set and import it; one that was interrupted goes on."""
    from mlip_compose.datasets.importing.download import FetchListener, fetch
    from mlip_compose.datasets.importing.units import GivenUnits

    with progress_bars() as bars:
        bar = bars.add_task(f"fetch {name}", total=None)
        there: dict[str, int] = {}

        def planned(plan: Plan) -> None:
            bars.update(bar, total=plan.total)
            bars.console.print(_announced(plan), markup=False)

        def downloaded(file: str, size: int) -> None:
            there[file] = size
            bars.update(bar, completed=sum(there.values()), description=f"fetch {file}")

        def read(file: str, frames: int) -> None:
            bars.update(bar, description=f"read {file}: {frames:,} frames")

        outcome = fetch(
            name,
            out or Path("data") / f"{name}.h5",
            revision=revision,
            endpoint=endpoint,
            everything=everything,
            units=GivenUnits(energy_unit, force_unit, length_unit),
            split=split,
            listener=FetchListener(planned, downloaded, read),
        )
    document = _document(outcome)
    if json:
        print_json(document)
    else:
        print_table(f"Fetched {name}", ("", "value"), _rows(document))
    if not document["secondary_frames"]:
        stderr().print(
            "No frame is of a secondary trajectory, which tasks validate and test on. Remove "
            f"{outcome.imported.path} and fetch again with --split N; nothing is downloaded anew.",
            markup=False,
        )


def _announced(plan: Plan) -> str:
    left = sum(file.size for file, _ in plan.skipped)
    return (
        f"commit {plan.commit}: {len(plan.wanted)} files, {plan.total / 1e6:,.1f} MB, of which "
        f"{plan.missing / 1e6:,.1f} MB are to be downloaded; {len(plan.skipped)} files, "
        f"{left / 1e6:,.1f} MB, are left (--everything takes them, too)"
    )


def _document(outcome: FetchOutcome) -> dict[str, Any]:
    from mlip_compose.core.records import SECONDARY
    from mlip_compose.store.reader import Store

    imported, plan = outcome.imported, outcome.plan
    store = Store(imported.path)
    return {
        "path": str(imported.path),
        "sha256": imported.checksum,
        "commit": plan.commit,
        "manifest": str(outcome.manifest),
        "bytes": plan.total,
        "molecules": imported.molecules,
        "frames": imported.frames,
        "secondary_frames": sum(store.n_frames(name, SECONDARY) for name in store.molecules),
        "units": list(imported.units),
        "taken": list(imported.taken),
        "left": [{"what": what, "reason": reason} for what, reason in imported.skipped],
        "not_downloaded": [
            {"file": file.path, "bytes": file.size, "reason": reason}
            for file, reason in plan.skipped
        ],
    }


def _rows(document: dict[str, Any]) -> list[tuple[object, ...]]:
    several = ("units", "taken", "left", "not_downloaded")
    rows: list[tuple[object, ...]] = [
        (key, value) for key, value in document.items() if key not in several
    ]
    rows += [(key, value) for key in ("units", "taken") for value in document[key]]
    rows += [(f"left: {each['what']}", each["reason"]) for each in document["left"]]
    rows += [
        (f"not downloaded: {each['file']}", f"{each['bytes']:,} bytes: {each['reason']}")
        for each in document["not_downloaded"]
    ]
    return rows
