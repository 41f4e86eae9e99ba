"""``mlip-compose data build, relabel``: data sets whose labels are computed here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlip_compose.cli.engine import Cluster, KeepScratch, Processes, Scheduler, engine_of
from mlip_compose.cli.options import (
    Json,
    Molecules,
    StoreFile,
    StoreName,
    Unproved,
    names_in,
    settings_in,
)
from mlip_compose.cli.output import end, facts, note, show
from mlip_compose.cli.progress import progress_bars, unit_bar
from mlip_compose.core.errors import RequestError, UnknownNameError

if TYPE_CHECKING:
    from mlip_compose.store.reader import Store


def build_data(
    recipe: Annotated[str, typer.Argument(help="A recipe of the package, or a YAML file.")],
    out: StoreFile = None,
    molecules: Molecules = None,
    processes: Processes = None,
    scheduler: Scheduler = None,
    cluster: Cluster = None,
    keep_scratch: KeepScratch = False,
    unproved: Unproved = False,
    json: Json = False,
) -> None:
    """Sample and label the molecules of a recipe.

    A build that was interrupted goes on where it ended.
    """
    from mlip_compose.datasets.build import build
    from mlip_compose.datasets.recipe import load_recipe

    loaded = load_recipe(recipe)
    if molecules is not None:
        loaded = loaded.restricted(names_in(molecules))
    path = out or Path("data") / f"{loaded.name}.h5"
    engine = engine_of(processes, scheduler, cluster, path.parent, keep_scratch)
    with engine, progress_bars() as bars:
        outcome = build(loaded, path, engine, unit_bar(bars, f"build {loaded.name}"), unproved)
    document = {
        "path": str(outcome.path),
        "sha256": outcome.checksum,
        "molecules": outcome.molecules,
        "frames": outcome.frames,
        "failures": [str(failure) for failure in outcome.failures],
    }
    show(json, document, facts(f"Built {loaded.name}", document.items()))
    if outcome.failures:
        note(f"{len(outcome.failures)} molecules failed and are not in the data set")
    end(outcome.failures)


def relabel_data(
    file: StoreName,
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
        bool,
        typer.Option("--monofunctional", help="Only molecules X-(CH2)n-H, alkanes among them."),
    ] = False,
    max_chain: Annotated[
        int | None, typer.Option("--max-chain", min=1, help="Only molecules with n up to this.")
    ] = None,
    frames: Annotated[
        int | None,
        typer.Option(
            "--frames",
            min=1,
            help="Frames of each primary trajectory, evenly spread. Default: all. With it, "
            "--secondary is 0 by default.",
        ),
    ] = None,
    secondary: Annotated[
        int | None,
        typer.Option(
            "--secondary",
            min=0,
            help="Frames of each secondary trajectory, evenly spread. Default: all.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", help="Name of the new data set. Default: that of its file."),
    ] = None,
    out: StoreFile = None,
    processes: Processes = None,
    scheduler: Scheduler = None,
    cluster: Cluster = None,
    keep_scratch: KeepScratch = False,
    unproved: Unproved = False,
    json: Json = False,
) -> None:
    """Label frames and minima of a data set anew, with another reference.

    A relabelling that was interrupted goes on where it ended.
    """
    from mlip_compose.datasets.relabel import Relabelling, relabel
    from mlip_compose.store.catalogue import open_dataset

    reference_settings = settings_in(settings)
    store = open_dataset(file)
    name, path = _named(store, reference, name, out)
    request = Relabelling(
        name=name,
        reference=reference,
        settings=reference_settings,
        molecules=_chosen(store, molecules, monofunctional, max_chain),
        primary=frames,
        secondary=0 if secondary is None and frames is not None else secondary,
        unproved=unproved,
    )
    engine = engine_of(processes, scheduler, cluster, path.parent, keep_scratch)
    with engine, progress_bars() as bars:
        outcome = relabel(store, path, request, engine, unit_bar(bars, f"relabel {name}"))
    document = {
        "path": str(outcome.path),
        "sha256": outcome.checksum,
        "reference": reference,
        "molecules": outcome.molecules,
        "frames": outcome.frames,
        "failures": list(outcome.failures),
    }
    show(json, document, facts(f"Labelled {name}", document.items()))
    if outcome.failures:
        note(f"{len(outcome.failures)} frames failed and are not in the data set")
    end(outcome.failures)


def _named(store: Store, reference: str, name: str | None, out: Path | None) -> tuple[str, Path]:
    """Return name and path of the new data set; one that is given names the other."""
    import re

    from mlip_compose.core.files import exists
    from mlip_compose.datasets.recipe import check_dataset_name

    usual = f"{store.name}-{re.sub('[^a-z0-9]+', '-', reference.lower()).strip('-')}"
    name = name or (out.name.removesuffix(".h5") if out else usual)
    check_dataset_name(name, "Give one with --name.")
    path = out or Path("data") / f"{name}.h5"
    if exists(path) and path.samefile(store.path):
        raise RequestError("another file for the new labels", f"{path}, the data set itself")
    return name, path


def _chosen(
    store: Store, molecules: str | None, monofunctional: bool, max_chain: int | None
) -> tuple[str, ...]:
    names = names_in(molecules) if molecules else list(store.molecules)
    for name in names:
        if name not in store.molecules:
            raise UnknownNameError(f"molecule of {store.name}", name, store.molecules)
    parts = {name: store.molecules[name].parts for name in names}
    chosen = tuple(
        name
        for name, own in parts.items()
        if (max_chain is None or (own is not None and own.chain <= max_chain))
        and (store.molecules[name].is_monofunctional or not monofunctional)
    )
    if not chosen:
        raise RequestError(f"molecules of {store.name} that fit all options", "none")
    return chosen
