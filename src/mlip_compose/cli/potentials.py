"""``mlip-compose potentials``: the kinds of potential."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from mlip_compose.cli.output import Json, print_json, print_table

app = typer.Typer(
    help="The kinds of potential, their settings, and what was fitted.", no_args_is_help=True
)


@app.command("list")
def list_potentials(json: Json = False) -> None:
    """List the kinds of potential."""
    from mlip_compose.potentials.registry import KINDS

    rows = [
        {"name": kind.name, "role": kind.role, "extra": kind.extra, "summary": kind.summary}
        for kind in KINDS.values()
    ]
    if json:
        print_json(rows)
    else:
        shown: list[tuple[object, ...]] = [
            (row["name"], row["role"], row["extra"] or "", row["summary"]) for row in rows
        ]
        print_table("Potentials", ("name", "role", "extra", "what it is"), shown)


@app.command("show")
def show_potential(
    name: Annotated[str, typer.Argument(help="Name of a kind.")], json: Json = False
) -> None:
    """Show the settings of a kind, with their defaults."""
    from mlip_compose.potentials.registry import get_kind

    kind = get_kind(name)
    schema = kind.settings.model_json_schema()["properties"] if kind.settings.model_fields else {}
    document: dict[str, Any] = {
        "name": kind.name,
        "role": kind.role,
        "extra": kind.extra,
        "summary": kind.summary,
        "settings": schema,
    }
    if json:
        print_json(document)
        return
    rows: list[tuple[object, ...]] = [
        (key, json_module.dumps(value.get("default")), value.get("description", ""))
        for key, value in schema.items()
    ]
    print_table(f"{kind.name}: {kind.summary}", ("setting", "default", "meaning"), rows)


@app.command("terms")
def list_terms(
    model: Annotated[Path, typer.Argument(help="Directory of a training (it has unit.json).")],
    kind: Annotated[
        str | None, typer.Option("--kind", help="Only terms of this kind, such as bond.")
    ] = None,
    json: Json = False,
) -> None:
    """List the fitted terms of a trained potential that has such, with their units."""
    from mlip_compose.errors import RequestError, UnknownNameError
    from mlip_compose.potentials.base import ListsTerms
    from mlip_compose.potentials.registry import load_potential
    from mlip_compose.studies.training import read_unit

    unit = read_unit(model)
    potential = load_potential(unit.model)
    if not isinstance(potential, ListsTerms):
        raise RequestError("a potential made of terms, such as additive", unit.facts.potential)
    rows = [asdict(row) for row in potential.terms()]
    kinds = dict.fromkeys(row["kind"] for row in rows)
    if kind is not None and kind not in kinds:
        raise UnknownNameError("kind of term", kind, kinds)
    chosen = [row for row in rows if kind in (None, row["kind"])]
    if json:
        print_json(chosen)
        return
    shown: list[tuple[object, ...]] = [
        (
            row["kind"],
            row["type"],
            "" if row["equilibrium"] is None else f"{row['equilibrium']:.3f}",
            row["equilibrium_unit"],
            row["quantity"],
            f"{row['value']:.4g}",
            row["unit"],
        )
        for row in chosen
    ]
    columns = ("kind", "type", "mean", "", "quantity", "value", "unit")
    print_table(f"Terms of {unit.facts.potential}", columns, shown)
