"""``mlip-compose data fetch, import, export``: data sets from others, and for others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlip_compose.cli.options import (
    AllowMissing,
    Blocks,
    EnergiesAre,
    EnergyKey,
    EnergyUnit,
    ForcesAre,
    ForcesKey,
    ForceUnit,
    Json,
    KeysFile,
    LeaveBad,
    LeftFiles,
    LengthUnit,
    Level,
    Molecules,
    PrimaryFiles,
    SecondaryFiles,
    Seed,
    SplitOff,
    StoreFile,
    StoreName,
    Unproved,
    keys_in,
    named_task,
    names_in,
    units_in,
)
from mlip_compose.cli.output import Table, facts, note, show
from mlip_compose.cli.progress import count_bar, progress_bars, share_bar
from mlip_compose.core.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress

    from mlip_compose.datasets.download.plan import Plan
    from mlip_compose.datasets.importing.download import FetchListener, FetchOutcome
    from mlip_compose.datasets.importing.importing import ImportOutcome


def fetch_data(
    name: Annotated[
        str, typer.Argument(help="A published data set, such as gmd-26 (see `data list`).")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="HDF5 file; the downloaded files are kept beside it. Default: data/<name>.h5.",
        ),
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option(
            "--revision",
            help="Commit, branch or tag. Default: that of an earlier download to the same file, "
            "or else main.",
        ),
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(
            "--endpoint", help="Address of the hub. Default: HF_ENDPOINT, or else the public hub."
        ),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--everything", help="Download all files, trained models among them."),
    ] = False,
    energy_unit: EnergyUnit = None,
    force_unit: ForceUnit = None,
    length_unit: LengthUnit = None,
    energies_are: EnergiesAre = None,
    forces_are: ForcesAre = None,
    unproved: Unproved = False,
    split: SplitOff = 0,
    json: Json = False,
) -> None:
    """Download a published data set and import it.

    A download that was interrupted goes on where it ended.
    """
    from mlip_compose.datasets.importing.download import fetch

    units = units_in(
        energy_unit, force_unit, length_unit, forces_are, energies_are, unproved=unproved
    )
    with progress_bars() as bars:
        outcome = fetch(
            name,
            out or Path("data") / f"{name}.h5",
            revision=revision,
            endpoint=endpoint,
            everything=everything,
            units=units,
            split=split,
            listener=_fetch_listener(bars, name),
        )
    document = _fetched(outcome)
    show(json, document, facts(f"Fetched {name}", _rows(document)))
    if not document["secondary_frames"]:
        note(
            "No frame is of a secondary trajectory, and tasks validate and test on these. Remove "
            f"{outcome.imported.path} and fetch again with --split N; nothing is downloaded anew."
        )


def _fetch_listener(bars: Progress, name: str) -> FetchListener:
    from mlip_compose.datasets.importing.download import FetchListener

    bar = bars.add_task(f"fetch {name}", total=None)
    sizes: dict[str, int] = {}

    def planned(plan: Plan) -> None:
        bars.update(bar, total=plan.total)
        bars.console.print(_announcement(plan), markup=False)

    def downloaded(file: str, size: int) -> None:
        sizes[file] = size
        bars.update(bar, completed=sum(sizes.values()), description=f"fetch {file}")

    def read(file: str, frames: int) -> None:
        bars.update(bar, description=f"read {file}: {frames:,} frames")

    return FetchListener(planned, downloaded, read)


def _announcement(plan: Plan) -> str:
    rest = sum(file.size for file, _ in plan.skipped)
    return (
        f"commit {plan.commit}: {len(plan.wanted)} files, {plan.total / 1e6:,.1f} MB, of which "
        f"{plan.missing / 1e6:,.1f} MB are to be downloaded; {len(plan.skipped)} files, "
        f"{rest / 1e6:,.1f} MB, are left out (--everything downloads them, too)"
    )


def _fetched(outcome: FetchOutcome) -> dict[str, Any]:
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
        "assumed": list(imported.assumed),
        "left": [{"what": item, "reason": reason} for item, reason in imported.skipped],
        "not_downloaded": [
            {"file": file.path, "bytes": file.size, "reason": reason}
            for file, reason in plan.skipped
        ],
    }


def _rows(document: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    """Yield a row for each fact, unit and file of an import, and for each file that was left."""
    lists = ("trajectories", "units", "taken", "assumed", "left", "not_downloaded")
    yield from ((key, value) for key, value in document.items() if key not in lists)
    for count in document.get("trajectories", ()):
        yield count["trajectory"], f"{count['frames']:,} frames: {count['reason']}"
    yield from ((key, value) for key in ("units", "taken", "assumed") for value in document[key])
    for item in document["left"]:
        yield f"left: {item['what']}", item["reason"]
    for file in document.get("not_downloaded", ()):
        yield f"not downloaded: {file['file']}", f"{file['bytes']:,} bytes: {file['reason']}"


def import_data(
    source: Annotated[
        Path,
        typer.Argument(
            help="A file (.xyz, .extxyz, .traj, .db, .npz, .h5, .json, .out, .engrad; .gz, .bz2, "
            ".xz of one) or a directory of them."
        ),
    ],
    reference: Annotated[
        str,
        typer.Option(
            "--reference", "-r", help="Level of theory of the labels, such as pbe-d3bj/def2-tzvp."
        ),
    ],
    name: Annotated[str, typer.Option("--name", "-n", help="Name of the data set.")],
    out: StoreFile = None,
    energy_unit: EnergyUnit = None,
    force_unit: ForceUnit = None,
    length_unit: LengthUnit = None,
    energy_key: EnergyKey = None,
    forces_key: ForcesKey = None,
    keys: KeysFile = None,
    primary: PrimaryFiles = None,
    secondary: SecondaryFiles = None,
    leave: LeftFiles = None,
    energies_are: EnergiesAre = None,
    forces_are: ForcesAre = None,
    unproved: Unproved = False,
    split: SplitOff = 0,
    blocks: Blocks = False,
    leave_bad: LeaveBad = False,
    licence: Annotated[
        str, typer.Option("--licence", help="Licence of the data, such as CC-BY-4.0.")
    ] = "not stated",
    json: Json = False,
) -> None:
    """Import labelled frames of others.

    Molecules are recognised from geometries, and units from numbers; a given unit is checked.
    """
    from mlip_compose.datasets.importing.importing import ImportOptions, import_data
    from mlip_compose.datasets.importing.trajectories import Patterns

    units = units_in(
        energy_unit, force_unit, length_unit, forces_are, energies_are, unproved=unproved
    )
    options = ImportOptions(
        name=name,
        reference=reference,
        units=units,
        split=split,
        licence=licence,
        keys=keys_in(keys, energy_key, forces_key),
        patterns=Patterns(tuple(primary or ()), tuple(secondary or ()), tuple(leave or ())),
        blocks=blocks,
        leave_bad=leave_bad,
    )
    with progress_bars() as bars:
        outcome = import_data(
            source,
            out or Path("data") / f"{name}.h5",
            options,
            count_bar(bars, "read"),
        )
    document = {
        "path": str(outcome.path),
        "sha256": outcome.checksum,
        "molecules": outcome.molecules,
        "frames": outcome.frames,
        "trajectories": [count._asdict() for count in outcome.trajectories],
        "units": list(outcome.units),
        "taken": list(outcome.taken),
        "assumed": list(outcome.assumed),
        "left": [{"what": item, "reason": reason} for item, reason in outcome.skipped],
    }
    show(json, document, facts(f"Imported {name}", _rows(document)))
    for text in _consequences(outcome):
        note(text)


def _consequences(outcome: ImportOutcome) -> Iterator[str]:
    """Yield what tasks cannot do with the data, and how the user says what files are."""
    from mlip_compose.core.records import PRIMARY, SECONDARY

    if not outcome.frames_of(PRIMARY):
        yield (
            "No frame is primary, and tasks train and test on these. Say which files are with "
            "--primary GLOB."
        )
    if not outcome.frames_of(SECONDARY):
        yield (
            "No frame is of a secondary trajectory, and tasks validate and test on these. Say "
            "which files are with --secondary GLOB, or take contiguous blocks of the trajectory "
            "with --blocks; a task file of your own can do with one trajectory."
        )


def export_data(
    dataset: StoreName,
    out: Annotated[Path, typer.Option("--out", "-o", help="A new directory for the files.")],
    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            "-t",
            help="A task, such as length, or a task file: one file for each part of its split. "
            "Default: one file for each trajectory.",
            callback=named_task,
        ),
    ] = None,
    level: Level = 2,
    train_frames: Annotated[
        int | None,
        typer.Option("--train-frames", min=1, help="With --task: training frames. Default: all."),
    ] = None,
    seed: Seed = 0,
    molecules: Molecules = None,
    allow_missing: AllowMissing = False,
    json: Json = False,
) -> None:
    """Write extended XYZ; labels are REF_energy (eV) and REF_forces (eV/Angstrom).

    A file holds a trajectory, or with --task a part of its split.
    """
    from mlip_compose.predictions.exchange.export import TaskFrames, export_data
    from mlip_compose.store.catalogue import open_dataset

    if task is None and train_frames is not None:
        raise RequestError("a task with --train-frames", "none", "Name one with --task.")
    split = TaskFrames(task, level, train_frames, seed, allow_missing) if task else None
    with progress_bars() as bars:
        outcome = export_data(
            open_dataset(dataset),
            out,
            task=split,
            molecules=names_in(molecules or ""),
            listener=share_bar(bars, "export"),
        )
    rows = ((outcome.path / file, frames) for file, frames in outcome.files.items())
    document = {"path": str(outcome.path), "files": outcome.files}
    show(json, document, Table(f"Exported {dataset}", ("file", "frames"), rows))
