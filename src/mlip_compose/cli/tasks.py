"""``mlip-compose tasks``: the tasks, their splits and certificates."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mlip_compose.cli.output import AllowMissing, Json, Level, print_json, print_table, warn_of

app = typer.Typer(help="The tasks, their splits and certificates.", no_args_is_help=True)

TaskName = Annotated[str, typer.Argument(help="Name of a task.")]
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

    warn_of(ALL_TASKS.problems())
    tasks = ALL_TASKS.usable()
    packages = {name: str(plugin) for name in tasks if (plugin := ALL_TASKS.plugin(name))}
    if json:
        rows = [
            {
                "name": task.name,
                "tradition": task.tradition,
                "summary": task.summary,
                "levels": list(task.levels),
            }
            | ({"package": packages[task.name]} if task.name in packages else {})
            for task in tasks.values()
        ]
        print_json(rows)
        return
    columns = ("task", "tradition", "rule")
    for title, group in (
        ("Tasks, each at levels 1, 2, 3", TASKS),
        ("For potentials that were trained elsewhere", UNTRAINED),
    ):
        shown: list[tuple[object, ...]] = [
            (task.name, task.tradition, task.summary) for task in group.values()
        ]
        print_table(title, columns, shown)
    if packages:
        added: list[tuple[object, ...]] = [
            (name, package, ", ".join(map(str, tasks[name].levels)), tasks[name].summary)
            for name, package in packages.items()
        ]
        print_table("Added by other packages", ("task", "package", "levels", "rule"), added)


@app.command("show")
def show_task(
    task: TaskName, level: Level = 2, molecules: Molecules = "full", json: Json = False
) -> None:
    """Show which molecules a task trains on and tests on."""
    from mlip_compose.molecules.assembly import parse_name
    from mlip_compose.molecules.naming import readable_name
    from mlip_compose.tasks.rules import get_task

    split = get_task(task).split(_molecules(molecules), level)
    if json:
        document: dict[str, Any] = {
            "task": split.task,
            "level": split.level,
            "train_molecules": list(split.train),
            "ood_molecules": list(split.ood),
            "missing_molecules": list(split.missing),
        }
        print_json(document)
        return
    rows: list[tuple[object, ...]] = [
        (part, name, readable_name(parse_name(name)))
        for part, names in (("train", split.train), ("OOD", split.ood), ("missing", split.missing))
        for name in names
    ]
    title = f"{split.task}, level {split.level}: {len(split.train)} train, {len(split.ood)} OOD"
    print_table(title, ("part", "molecule", "name"), rows)


@app.command("certify")
def certify_task(
    task: TaskName,
    level: Level = 2,
    molecules: Molecules = "full",
    allow_missing: AllowMissing = False,
    json: Json = False,
) -> None:
    """Certify a split: how far the parts of its test molecules are covered, and that nothing leaks.

    On a data set the certificate also speaks of its frames.
    """
    from mlip_compose.tasks.certificate import certify
    from mlip_compose.tasks.rules import get_task

    if molecules == "full":
        everything = _molecules(molecules)
        certificate = certify(get_task(task).split(everything, level), everything)
    else:
        from mlip_compose.predictions.target import split_of
        from mlip_compose.store.catalogue import open_dataset
        from mlip_compose.tasks.selection import select_frames

        store = open_dataset(molecules)
        split = split_of(task, level, store, allow_missing)
        selection = select_frames(split, store.n_frames, None, 0)
        certificate = certify(split, store.molecules.values(), selection, store.frames)
    document = certificate.to_json()
    if json:
        print_json(document)
        return
    rows: list[tuple[object, ...]] = [
        ("coverage radius r*", certificate.coverage_radius),
        *((f"coverage at r = {r}", f"{c:.4f}") for r, c in enumerate(certificate.coverage)),
        *(
            (f"atom divergence, r = {r}", f"{d:.4f}")
            for r, d in zip(
                certificate.atom_divergence_radii, certificate.atom_divergence, strict=True
            )
        ),
        *(
            (f"compound divergence, r = {r}", f"{d:.4f}")
            for r, d in zip(
                certificate.compound_divergence_radii, certificate.compound_divergence, strict=True
            )
        ),
        ("training molecules", len(certificate.train_molecules)),
        ("OOD molecules", len(certificate.ood_molecules)),
        (f"unseen environments, r = {certificate.unseen.radius}", certificate.unseen.count),
        ("leaks", len(certificate.leaks) or "none"),
    ]
    print_table(f"Certificate of {task}, level {level}, on {molecules}", ("", "value"), rows)


def _molecules(source: str) -> Any:
    if source == "full":
        from mlip_compose.molecules.assembly import full

        return full()
    from mlip_compose.store.catalogue import open_dataset

    return tuple(open_dataset(source).molecules.values())
