"""``mlip-compose data list, info, check, card, compare``: a look into data sets."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlip_compose.cli.engine import KeepScratch
from mlip_compose.cli.options import Json, StoreName
from mlip_compose.cli.output import Table, end, facts, note, show
from mlip_compose.cli.progress import progress_bars, share_bar

if TYPE_CHECKING:
    from mlip_compose.datasets.checking.check import CheckReport

Sample = Annotated[
    int, typer.Option("--sample", min=0, help="Number of frames to compute anew; 0 for none.")
]


def list_data(json: Json = False) -> None:
    """List the data sets of the package, those to fetch, and the recipes to build."""
    from mlip_compose.datasets.recipe import recipe_names
    from mlip_compose.store.catalogue import PUBLISHED, manifest

    document = {
        "frozen": {name: entry.model_dump(mode="json") for name, entry in manifest().items()},
        "published": {name: asdict(entry) for name, entry in PUBLISHED.items()},
        "recipes": list(recipe_names()),
    }
    frozen = Table(
        "Frozen data sets, in the package",
        ("name", "molecules", "frames", "reference", "MB", "what it is"),
        [
            (
                name,
                entry.molecules,
                entry.frames,
                entry.reference,
                f"{entry.bytes / 1e6:.1f}",
                entry.summary,
            )
            for name, entry in manifest().items()
        ],
    )
    published = Table(
        "Data sets that others published",
        ("name", "reference", "what it is", "command"),
        [
            (name, entry.reference, entry.text, f"mlip-compose data fetch {name}")
            for name, entry in PUBLISHED.items()
        ],
    )
    recipes = Table(
        "Recipes",
        ("name", "command"),
        [(name, f"mlip-compose data build {name}") for name in recipe_names()],
    )
    show(json, document, frozen, published, recipes)


def info(dataset: StoreName, json: Json = False) -> None:
    """Show what a data set holds, and check every molecule against its checksum."""
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
    show(json, document, facts(f"Data set {store.name}", document.items()))


def check_data(
    file: StoreName,
    sample: Sample = 24,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of that sample.")] = 0,
    reference: Annotated[
        str | None,
        typer.Option(
            "--reference",
            help="Reference that computes the sample, such as gfn2-xtb. Default: that of FILE.",
        ),
    ] = None,
    keep_scratch: KeepScratch = False,
    json: Json = False,
) -> None:
    """Prove a data set: content, units, labels, molecules, and a sample computed anew."""
    from mlip_compose.store.catalogue import dataset_path

    report = _check(dataset_path(file), sample, seed, reference, keep_scratch)
    document = {
        "path": str(report.path),
        "dataset": report.dataset,
        "sha256": report.sha256,
        "passed": report.passed,
        "checks": [asdict(check) for check in report.checks],
    }
    rows = [(check.name, check.verdict, check.found) for check in report.checks]
    show(json, document, Table(f"Checks of {report.path}", ("check", "", "found"), rows))
    if not report.passed:
        failed = [check.name for check in report.checks if check.passed is False]
        note(f"failed: {', '.join(failed)}")
    end(not report.passed)


def write_card(
    file: StoreName,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Markdown file. Default: stdout.")
    ] = None,
    sample: Sample = 100,
) -> None:
    """Write the data card of a data set in Markdown, with the findings of `data check`."""
    from mlip_compose.core.files import write_text
    from mlip_compose.datasets.data_card import data_card
    from mlip_compose.store.catalogue import dataset_path
    from mlip_compose.store.reader import Store

    path = dataset_path(file)
    store = Store(path)
    report = _check(path, sample)
    card = data_card(store, report)
    if out is None:
        typer.echo(card, nl=False)
    else:
        write_text(out, card)
    end(not report.passed)


def _check(
    path: Path,
    sample: int,
    seed: int = 0,
    reference: str | None = None,
    keep_scratch: bool = False,
) -> CheckReport:
    """Check a store with a progress bar (see ``check_store``)."""
    from mlip_compose.datasets.checking.check import check_store

    with progress_bars() as bars:
        bar = share_bar(bars, "check")
        report = check_store(
            path,
            sample=sample,
            seed=seed,
            reference=reference,
            keep_scratch=keep_scratch,
            listener=bar,
        )
        bar("", 1.0)
    return report


def compare_data(
    first: StoreName,
    second: Annotated[
        str, typer.Argument(help="The same frames with other labels (see `data relabel`).")
    ],
    json: Json = False,
) -> None:
    """Compare the labels of two data sets on the frames that both have."""
    from mlip_compose.datasets.compare_references import compare_references
    from mlip_compose.store.catalogue import open_dataset

    comparison = compare_references(open_dataset(first), open_dataset(second))
    labels = Table(
        f"{comparison.second} against {comparison.first}",
        (
            "family",
            "molecules",
            "frames",
            "force MAE meV/A",
            "RMSE",
            "correlation",
            "ratio of norms",
            "energy MAE meV/atom",
            "force at minima meV/A",
        ),
        [
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
            for family, row in comparison.families.items()
        ],
    )
    tables = [labels]
    if comparison.reactions:
        rows = [
            (kind, row.reactions, f"{row.shift:.2f}", f"{row.spread:.2f}")
            for kind, row in comparison.reactions.items()
        ]
        columns = ("kind", "reactions", "mean difference", "RMS about it")
        tables.append(Table("Reaction energies between minima, kcal/mol", columns, rows))
    show(json, asdict(comparison), *tables)
