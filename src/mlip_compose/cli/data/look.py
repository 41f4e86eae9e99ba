"""``mlip-compose data list, info, card, check, compare, export``: data sets that are there."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlip_compose.cli.output import (
    SOME_FAILED,
    AllowMissing,
    Json,
    Level,
    Molecules,
    Seed,
    names_in,
    print_json,
    print_table,
    progress_bars,
    stderr,
)
from mlip_compose.core.errors import RequestError

if TYPE_CHECKING:
    from mlip_compose.datasets.checking.check import CheckReport


def list_data(json: Json = False) -> None:
    """List the data sets: those in the package, those to fetch, and the recipes to build."""
    from mlip_compose.datasets.recipe import recipe_names
    from mlip_compose.store.catalogue import PUBLISHED, manifest

    if json:
        frozen = {name: entry.model_dump(mode="json") for name, entry in manifest().items()}
        published = {name: asdict(entry) for name, entry in PUBLISHED.items()}
        print_json({"frozen": frozen, "published": published, "recipes": list(recipe_names())})
        return
    rows: list[tuple[object, ...]] = [
        (
            name,
            each.molecules,
            each.frames,
            each.reference,
            f"{each.bytes / 1e6:.1f}",
            each.summary,
        )
        for name, each in manifest().items()
    ]
    columns = ("name", "molecules", "frames", "reference", "MB", "what it is")
    print_table("Frozen data sets, in the package", columns, rows)
    published_rows: list[tuple[object, ...]] = [
        (name, each.reference, each.text, f"mlip-compose data fetch {name}")
        for name, each in PUBLISHED.items()
    ]
    print_table(
        "Data sets that others published",
        ("name", "reference", "what it is", "command"),
        published_rows,
    )
    recipes: list[tuple[object, ...]] = [
        (name, f"mlip-compose data build {name}") for name in recipe_names()
    ]
    print_table("Recipes", ("name", "command"), recipes)


def info(
    dataset: Annotated[str, typer.Argument(help="A frozen data set, or the path of a store.")],
    json: Json = False,
) -> None:
    """Show what a data set holds; every molecule is checked against its checksum."""
    from mlip_compose.store.catalogue import open_dataset

    store = open_dataset(dataset)
    store.verify()
    document: dict[str, Any] = {
        **store.header.model_dump(mode="json"),
        "path": str(store.path),
        "bytes": store.path.stat().st_size,
        "sha256": store.checksum,
        "molecules": len(store.molecules),
        "minima": sum(store.has_minimum(name) for name in store.molecules),
        "frames": store.frames_by_trajectory,
    }
    if json:
        print_json(document)
    else:
        print_table(f"Data set {store.name}", ("", "value"), list(document.items()))


def write_card(
    file: Annotated[str, typer.Argument(help="A frozen data set, or the path of a store.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Markdown file. Default: stdout.")
    ] = None,
    sample: Annotated[
        int, typer.Option("--sample", min=0, help="Frames to compute anew; 0 for none.")
    ] = 100,
) -> None:
    """Write the data card of a store in Markdown; it holds what `data check` finds."""
    from mlip_compose.core.files import write_text
    from mlip_compose.datasets.data_card import data_card
    from mlip_compose.store.catalogue import dataset_path
    from mlip_compose.store.reader import Store

    path = dataset_path(file)
    store = Store(path)
    checks = watched_check(path, sample)
    card = data_card(store, checks)
    if out is None:
        typer.echo(card, nl=False)
    else:
        write_text(out, card)
    if not checks.passed:
        raise typer.Exit(SOME_FAILED)


def check_data(
    file: Annotated[str, typer.Argument(help="A frozen data set, or the path of a store.")],
    sample: Annotated[
        int, typer.Option("--sample", min=0, help="Frames to compute anew; 0 for none.")
    ] = 24,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the draw of that sample.")] = 0,
    reference: Annotated[
        str | None,
        typer.Option("--reference", help="To compute them with. Default: the one FILE names."),
    ] = None,
    json: Json = False,
) -> None:
    """Prove a store: content, units, labels, molecules, and a sample computed anew."""
    from mlip_compose.store.catalogue import dataset_path

    report = watched_check(dataset_path(file), sample, seed, reference)
    if json:
        print_json(
            {
                "path": str(report.path),
                "dataset": report.dataset,
                "sha256": report.sha256,
                "passed": report.passed,
                "checks": [asdict(check) for check in report.checks],
            }
        )
    else:
        rows: list[tuple[object, ...]] = [
            (check.name, check.verdict, check.found) for check in report.checks
        ]
        print_table(f"Checks of {report.path}", ("check", "", "found"), rows)
    if not report.passed:
        failed = [check.name for check in report.checks if check.passed is False]
        stderr().print(f"failed: {', '.join(failed)}", markup=False)
        raise typer.Exit(SOME_FAILED)


def watched_check(
    path: Path, sample: int, seed: int = 0, reference: str | None = None
) -> CheckReport:
    """Check a store with a progress bar (see ``check_store``)."""
    from mlip_compose.datasets.checking.check import check_store

    with progress_bars() as bars:
        bar = bars.add_task("check", total=1.0)

        def watch(what: str, done: float) -> None:
            bars.update(bar, completed=done, description=f"check {what}")

        report = check_store(path, sample=sample, seed=seed, reference=reference, listener=watch)
        bars.update(bar, completed=1.0, description="check")
    return report


def compare_data(
    first: Annotated[str, typer.Argument(help="A frozen data set, or the path of a store.")],
    second: Annotated[str, typer.Argument(help="The same frames with other labels.")],
    json: Json = False,
) -> None:
    """Compare the labels of two data sets on the frames that both have (see `data relabel`)."""
    from dataclasses import asdict

    from mlip_compose.datasets.compare_references import compare_references
    from mlip_compose.store.catalogue import open_dataset

    found = compare_references(open_dataset(first), open_dataset(second))
    if json:
        print_json(asdict(found))
        return
    columns = (
        "family",
        "molecules",
        "frames",
        "force MAE meV/A",
        "RMSE",
        "correlation",
        "ratio of norms",
        "energy MAE meV/atom",
        "force at minima meV/A",
    )
    rows: list[tuple[object, ...]] = [
        (
            family,
            row.molecules,
            row.frames,
            f"{row.force_mae:.1f}",
            f"{row.force_rmse:.1f}",
            f"{row.force_correlation:.4f}",
            f"{row.force_ratio:.3f}",
            "-" if row.energy_mae is None else f"{row.energy_mae:.2f}",
            "-" if row.minimum_force is None else f"{row.minimum_force:.0f}",
        )
        for family, row in found.families.items()
    ]
    print_table(f"{found.second} against {found.first}", columns, rows)
    if found.reactions:
        print_table(
            "Reaction energies between minima, kcal/mol",
            ("kind", "reactions", "mean difference", "RMS about it"),
            [
                (kind, row.reactions, f"{row.shift:.2f}", f"{row.spread:.2f}")
                for kind, row in found.reactions.items()
            ],
        )


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
    from mlip_compose.store.catalogue import open_dataset

    if task is None and train_frames is not None:
        raise RequestError("a task with --train-frames", "none", "Name one with --task.")
    chosen = TaskFrames(task, level, train_frames, seed, allow_missing) if task else None
    with progress_bars() as bars:
        bar = bars.add_task("export", total=1.0)
        outcome = export_data(
            open_dataset(dataset),
            out,
            task=chosen,
            molecules=names_in(molecules or ""),
            listener=lambda file, share: bars.update(bar, completed=share, description=file),
        )
    if json:
        print_json({"path": str(outcome.path), "files": outcome.files})
    else:
        rows: list[tuple[object, ...]] = [
            (outcome.path / file, frames) for file, frames in outcome.files.items()
        ]
        print_table(f"Exported {dataset}", ("file", "frames"), rows)
