"""``mlip-compose data build``: sample and label the molecules of a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlip_compose.cli.engine import Cluster, Processes, Scheduler, engine_of
from mlip_compose.cli.output import (
    SOME_FAILED,
    Json,
    Molecules,
    names_in,
    print_json,
    print_table,
    progress_bars,
    stderr,
    unit_watch,
)


def build_data(
    recipe: Annotated[str, typer.Argument(help="A recipe of the package, or a YAML file.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="HDF5 file. Default: data/<name>.h5.")
    ] = None,
    molecules: Molecules = None,
    processes: Processes = None,
    scheduler: Scheduler = None,
    cluster: Cluster = None,
    json: Json = False,
) -> None:
    """Sample and label the molecules of a recipe; a build that was interrupted goes on."""
    from mlip_compose.datasets.build import build
    from mlip_compose.datasets.recipe import load_recipe

    loaded = load_recipe(recipe)
    if molecules is not None:
        loaded = loaded.restricted(names_in(molecules))
    path = out or Path("data") / f"{loaded.name}.h5"
    with engine_of(processes, scheduler, cluster, path.parent) as engine, progress_bars() as bars:
        watch = unit_watch(bars, f"build {loaded.name}")
        outcome = build(loaded, path, engine, watch)
    document = {
        "path": str(outcome.path),
        "sha256": outcome.checksum,
        "molecules": outcome.molecules,
        "frames": outcome.frames,
        "failures": [str(failure) for failure in outcome.failures],
    }
    if json:
        print_json(document)
    else:
        print_table(f"Built {loaded.name}", ("", "value"), list(document.items()))
    if outcome.failures:
        stderr().print(f"{len(outcome.failures)} molecules failed and are not in the data set")
        raise typer.Exit(SOME_FAILED)
