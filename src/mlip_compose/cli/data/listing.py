"""``mlip-compose data list`` and ``data info``: what data sets there are, and what one holds."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from mlip_compose.cli.output import Json, print_json, print_table


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
    from mlip_compose.store.catalogue import open_store

    store = open_store(dataset)
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
