"""``mlip-compose potentials``: the kinds of potential."""

from __future__ import annotations

import json as json_module
from typing import Annotated, Any

import typer

from mlip_compose.cli.output import Json, print_json, print_table

app = typer.Typer(help="The kinds of potential and their settings.", no_args_is_help=True)


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
