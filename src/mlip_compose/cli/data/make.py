"""``mlip-compose data build, relabel``: data sets made here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    settings_in,
    stderr,
    unit_watch,
)

if TYPE_CHECKING:
    from mlip_compose.store.reader import Store


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


def relabel_data(
    file: Annotated[str, typer.Argument(help="A frozen data set, or the path of a store.")],
    reference: Annotated[
        str,
        typer.Option(
            "--reference",
            "-r",
            help="gfn2-xtb, a functional and basis such as pbe-d3bj/def2-svp, or module:function.",
        ),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the reference, key=value; may be repeated."),
    ] = None,
    molecules: Molecules = None,
    monofunctional: Annotated[
        bool, typer.Option("--monofunctional", help="Only X-(CH2)n-H, alkanes among them.")
    ] = False,
    max_chain: Annotated[
        int | None, typer.Option("--max-chain", min=1, help="Only molecules with n up to this.")
    ] = None,
    frames: Annotated[
        int | None,
        typer.Option(
            "--frames",
            min=1,
            help="So many of each primary trajectory, evenly spread, and none of the secondary.",
        ),
    ] = None,
    secondary: Annotated[
        int | None,
        typer.Option("--secondary", min=0, help="So many of each secondary, evenly spread."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Of the new data set. Default: that of the file.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="HDF5 file. Default: data/<name>.h5.")
    ] = None,
    processes: Processes = None,
    scheduler: Scheduler = None,
    cluster: Cluster = None,
    json: Json = False,
) -> None:
    """Label frames and minima of a data set anew; what was interrupted goes on."""
    from mlip_compose.datasets.relabel import Relabelling, relabel
    from mlip_compose.store.catalogue import open_dataset

    chosen_settings = settings_in(settings or [])
    store = open_dataset(file)
    chosen_name, path = _named(store, reference, name, out)
    request = Relabelling(
        name=chosen_name,
        reference=reference,
        settings=chosen_settings,
        molecules=_chosen(store, molecules, monofunctional, max_chain),
        primary=frames,
        secondary=0 if secondary is None and frames is not None else secondary,
    )
    with engine_of(processes, scheduler, cluster, path.parent) as engine, progress_bars() as bars:
        watch = unit_watch(bars, f"relabel {chosen_name}")
        outcome = relabel(store, path, request, engine, watch)
    document = {
        "path": str(outcome.path),
        "sha256": outcome.checksum,
        "reference": reference,
        "molecules": outcome.molecules,
        "frames": outcome.frames,
        "failures": list(outcome.failures),
    }
    if json:
        print_json(document)
    else:
        print_table(f"Labelled {chosen_name}", ("", "value"), list(document.items()))
    if outcome.failures:
        stderr().print(f"{len(outcome.failures)} frames failed and are not in the data set")
        raise typer.Exit(SOME_FAILED)


def _named(store: Store, reference: str, name: str | None, out: Path | None) -> tuple[str, Path]:
    """Return name and path of the new data set, each from the other where one is given."""
    import re

    from mlip_compose.core.errors import RequestError
    from mlip_compose.core.files import exists
    from mlip_compose.datasets.recipe import DATASET_NAME

    usual = f"{store.name}-{re.sub('[^a-z0-9]+', '-', reference.lower()).strip('-')}"
    chosen = name or (out.name.removesuffix(".h5") if out else usual)
    if not re.fullmatch(DATASET_NAME, chosen):
        raise RequestError(
            "a name of letters, digits, '.', '_' and '-'", repr(chosen), "Give one with --name."
        )
    path = out or Path("data") / f"{chosen}.h5"
    if exists(path) and path.samefile(store.path):
        raise RequestError("another file for the new labels", f"{path}, the data set itself")
    return chosen, path


def _chosen(
    store: Store, molecules: str | None, monofunctional: bool, max_chain: int | None
) -> tuple[str, ...]:
    from mlip_compose.core.errors import RequestError, UnknownNameError

    names = names_in(molecules) if molecules else list(store.molecules)
    for name in names:
        if name not in store.molecules:
            raise UnknownNameError(f"molecule of {store.name}", name, store.molecules)
    chosen = tuple(
        name
        for name in names
        if (max_chain is None or store.molecules[name].chain <= max_chain)
        and (store.molecules[name].is_monofunctional or not monofunctional)
    )
    if not chosen:
        raise RequestError(f"molecules of {store.name} that fit all options", "none")
    return chosen
