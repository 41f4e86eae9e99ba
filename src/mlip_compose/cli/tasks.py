"""``mlip-compose tasks``: the tasks, their splits and certificates."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlip_compose.cli.engine import Processes
from mlip_compose.cli.options import AllowMissing, Json, Level, TaskName
from mlip_compose.cli.output import Table, facts, note, show, warn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlip_compose.core.records import Molecule
    from mlip_compose.tasks.base import Task
    from mlip_compose.tasks.certificate_schema import Certificate

app = typer.Typer(help="The tasks, their splits and certificates.", no_args_is_help=True)

FULL = "full"
Molecules = Annotated[
    str,
    typer.Option(
        "--molecules",
        help="'full' (the full list, no data needed), a frozen data set, or the path of a store.",
    ),
]


@app.command("list")
def list_tasks(json: Json = False) -> None:
    """List the tasks."""
    from mlip_compose.tasks.rules import ALL_TASKS, TASKS, UNTRAINED

    warn(ALL_TASKS.problems())
    tasks = ALL_TASKS.usable()
    packages = {name: str(plugin) for name in tasks if (plugin := ALL_TASKS.plugin(name))}
    document = [_task(task, packages.get(name)) for name, task in tasks.items()]
    tables = [
        Table(
            title,
            ("task", "tradition", "rule"),
            [(task.name, task.tradition, task.summary) for task in group.values()],
        )
        for title, group in (
            ("Tasks, each at levels 1, 2, 3", TASKS),
            ("For potentials that were trained elsewhere", UNTRAINED),
        )
    ]
    if packages:
        rows = [
            (name, package, ", ".join(map(str, tasks[name].levels)), tasks[name].summary)
            for name, package in packages.items()
        ]
        columns = ("task", "package", "levels", "rule")
        tables.append(Table("Added by other packages", columns, rows))
    show(json, document, *tables)


def _task(task: Task, package: str | None) -> dict[str, Any]:
    document = {
        "name": task.name,
        "tradition": task.tradition,
        "summary": task.summary,
        "levels": list(task.levels),
    }
    return document if package is None else document | {"package": package}


@app.command("new")
def new_task(
    out: Annotated[Path, typer.Argument(help="The file to write, such as rings.yaml.")],
) -> None:
    """Write a task file to begin with: a task by conditions, with every key explained.

    Edit it, and give its path wherever a command asks for a task.
    """
    from mlip_compose.core.errors import RequestError
    from mlip_compose.core.files import refuse_existing, write_text
    from mlip_compose.tasks.files import SUFFIXES, TEMPLATE

    if out.suffix not in SUFFIXES:
        raise RequestError(f"a file that ends in {' or '.join(SUFFIXES)}", str(out))
    refuse_existing(out)
    name = re.sub(r"[^a-z0-9]+", "-", out.stem.lower()).strip("-")
    write_text(out, TEMPLATE.replace("NAME", name if name[:1].isalpha() else "mine"))
    note(f"Wrote {out}")


@app.command("show")
def show_task(
    task: TaskName, level: Level = 2, molecules: Molecules = FULL, json: Json = False
) -> None:
    """Show the molecules that a task trains on, and those it tests on."""
    from mlip_compose.core.records import Parts
    from mlip_compose.molecules.naming import readable_name
    from mlip_compose.tasks.rules import get_task

    split = get_task(task).split(_molecules(molecules), level)
    document = {
        "task": split.task,
        "level": split.level,
        "train_molecules": list(split.train),
        "ood_molecules": list(split.ood),
        "missing_molecules": list(split.missing),
    }
    rows = (
        (part, name, readable_name(parts) if (parts := Parts.spelled(name)) else name)
        for part, names in (("train", split.train), ("OOD", split.ood), ("missing", split.missing))
        for name in names
    )
    title = f"{split.task}, level {split.level}: {len(split.train)} train, {len(split.ood)} OOD"
    show(json, document, Table(title, ("part", "molecule", "name"), rows))


@app.command("certify")
def certify_task(
    task: TaskName,
    level: Level = 2,
    molecules: Molecules = FULL,
    allow_missing: AllowMissing = False,
    json: Json = False,
) -> None:
    """Certify a split: coverage of the parts of its test molecules, and absence of leaks.

    On a data set the certificate also covers the frames.
    """
    certificate = _certificate(task, level, molecules, allow_missing)
    title = f"Certificate of {task}, level {level}, on {molecules}"
    show(json, certificate.to_json(), facts(title, _rows(certificate)))


@app.command("oracle")
def score_the_oracle(
    task: TaskName,
    level: Level = 2,
    dataset: Annotated[
        str,
        typer.Option("--molecules", help="A frozen data set, or the path of a store."),
    ] = "core-v1",
    frames: Annotated[
        int, typer.Option("--frames", min=1, help="Most frames of each OOD molecule.")
    ] = 10,
    reference: Annotated[
        str | None,
        typer.Option(help="Labels the pieces, where that is code, such as tblite.ase:TBLite."),
    ] = None,
    allow_missing: AllowMissing = False,
    processes: Processes = None,
    json: Json = False,
) -> None:
    """Say what perfect knowledge of the training molecules reaches on the OOD molecules.

    Each OOD frame is a sum of training molecules that are cut out of it and labelled by the
    reference of the data set; nothing is fitted. At the levels where its error is large, no
    potential that knows the parts alone can do better.
    """
    from mlip_compose.cli.progress import progress_bars, share_bar
    from mlip_compose.core.host import available_cores
    from mlip_compose.engine.choice import local_engine
    from mlip_compose.predictions.target import split_dataset
    from mlip_compose.report.words import bracketed
    from mlip_compose.store.catalogue import open_dataset
    from mlip_compose.studies.oracle import score_oracle

    store = open_dataset(dataset)
    target = split_dataset(store, task, level, None, allow_missing=allow_missing)
    with local_engine(processes or available_cores()) as engine, progress_bars() as bars:
        listener = share_bar(bars, "compose")
        found = score_oracle(store, target, frames, reference, engine, listener)
    rows: list[tuple[object, ...]] = [
        ("force MAE", f"{bracketed(found.forces_mae)} meV/Angstrom"),
        ("energy MAE", f"{bracketed(found.energy_mae_per_atom)} meV/atom"),
        ("molecules composed", f"{len(found.molecules)} of {len(target.split.ood)}"),
        ("frames of each, at most", frames),
        ("pieces of a molecule", _range(found.pieces.values())),
        ("heavy atoms in an overlap, at least", _range(found.overlaps.values())),
        ("pieces labelled by", found.reference),
    ]
    if found.without:
        rows.append(("no sum of training molecules", ", ".join(found.without)))
    show(
        json, found.document(), facts(f"Oracle of {found.task}, level {level}, on {dataset}", rows)
    )


def _range(numbers: Iterable[int]) -> str:
    every = sorted(numbers)
    return str(every[0]) if every[0] == every[-1] else f"{every[0]} to {every[-1]}"


def _certificate(task: str, level: int, molecules: str, allow_missing: bool) -> Certificate:
    from mlip_compose.tasks.certificate import certify
    from mlip_compose.tasks.rules import get_task

    if molecules == FULL:
        everything = _molecules(molecules)
        return certify(get_task(task).split(everything, level), everything)

    from mlip_compose.predictions.target import split_of
    from mlip_compose.store.catalogue import open_dataset
    from mlip_compose.tasks.selection import select_frames

    store = open_dataset(molecules)
    split = split_of(task, level, store, allow_missing)
    selection = select_frames(split, store.n_frames, None, 0)
    return certify(split, store.molecules.values(), selection, store.frames)


def _rows(certificate: Certificate) -> Iterable[tuple[object, ...]]:
    yield "coverage radius r*", certificate.coverage_radius
    for radius, coverage in enumerate(certificate.coverage):
        yield f"coverage at r = {radius}", f"{coverage:.4f}"
    for kind, radii, divergences in (
        ("atom", certificate.atom_divergence_radii, certificate.atom_divergence),
        ("compound", certificate.compound_divergence_radii, certificate.compound_divergence),
    ):
        for radius, divergence in zip(radii, divergences, strict=True):
            yield f"{kind} divergence, r = {radius}", f"{divergence:.4f}"
    yield "training molecules", len(certificate.train_molecules)
    yield "OOD molecules", len(certificate.ood_molecules)
    yield f"unseen environments, r = {certificate.unseen.radius}", certificate.unseen.count
    yield "leaks", len(certificate.leaks) or "none"
    if certificate.held_out != "secondary":
        yield "ID frames", f"held out of the only trajectory ({certificate.held_out})"


def _molecules(source: str) -> tuple[Molecule, ...]:
    if source == FULL:
        from mlip_compose.molecules.assembly import full

        return full()
    from mlip_compose.store.catalogue import open_dataset

    return tuple(open_dataset(source).molecules.values())
