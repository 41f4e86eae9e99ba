"""``mlip-compose potentials``: the kinds of potential."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlip_compose.cli.output import Json, print_json, print_table, warn_of

if TYPE_CHECKING:
    from mlip_compose.potentials.base import PotentialKind
    from mlip_compose.potentials.published.card import ModelCard

app = typer.Typer(
    help="The kinds of potential, their settings, and what was fitted.", no_args_is_help=True
)


GROUPS = {
    "scratch": "Trained from scratch",
    "parts": "The scale of the numbers, and a witness that a task is feasible",
    "foundation": "Foundation models, as published or fine-tuned",
    "elsewhere": "Made by anybody",
}
"""Groups of kinds of potential by the key that JSON shows."""


@app.command("list")
def list_potentials(json: Json = False) -> None:
    """List the kinds of potential, by where they learn."""
    from mlip_compose.potentials.registry import KINDS

    warn_of(KINDS.problems())
    rows = [_row(kind) for kind in KINDS.usable().values()]
    if json:
        print_json(rows)
        return
    for group, title in GROUPS.items():
        chosen = [row for row in rows if row["group"] == group and "package" not in row]
        if group == "foundation":
            _print_foundation(title, [row["name"] for row in chosen])
            continue
        shown: list[tuple[object, ...]] = [
            (row["name"], row["role"], row["extra"] or "", row["summary"]) for row in chosen
        ]
        print_table(title, ("name", "role", "extra", "what it is"), shown)
    added: list[tuple[object, ...]] = [
        (row["name"], row["role"], row["package"], row["summary"])
        for row in rows
        if "package" in row
    ]
    if added:
        print_table("Added by other packages", ("name", "role", "package", "what it is"), added)


@app.command("show")
def show_potential(
    name: Annotated[str, typer.Argument(help="Name of a kind, or the path of a model card.")],
    json: Json = False,
) -> None:
    """Show the settings of a kind, with their defaults, and the card of a published model."""
    from mlip_compose.potentials.registry import find_card, get_potential

    kind, card = get_potential(name), find_card(name)
    schema = kind.settings.model_json_schema()["properties"] if kind.settings.model_fields else {}
    document: dict[str, Any] = {**_row(kind), "settings": schema}
    if card is not None:
        document["card"] = card.model_dump(mode="json")
    if json:
        print_json(document)
        return
    if card is not None:
        print_table(f"{kind.name}: {kind.summary}", ("card", ""), _card_rows(card))
    rows: list[tuple[object, ...]] = [
        (key, json_module.dumps(value.get("default")), value.get("description", ""))
        for key, value in schema.items()
    ]
    title = f"{kind.name}: {kind.summary}" if card is None else "Settings"
    print_table(title, ("setting", "default", "meaning"), rows)


def _count(size: int | None) -> str:
    return "size unknown" if size is None else f"{size:,} geometries"


def _row(kind: PotentialKind) -> dict[str, Any]:
    from mlip_compose.potentials.registry import KINDS

    if kind.pretraining is not None:
        group = "foundation"
    elif kind.settings().pretraining() is not None:
        group = "elsewhere"
    else:
        group = "scratch" if kind.role == "learned" else "parts"
    plugin = KINDS.plugin(kind.name)
    return {
        "name": kind.name,
        "group": group,
        "role": kind.role,
        "extra": kind.extra,
        "summary": kind.summary,
        **({"package": str(plugin)} if plugin is not None else {}),
    }


def _print_foundation(title: str, names: list[str]) -> None:
    from mlip_compose.potentials.published.card import FINE_TUNED
    from mlip_compose.potentials.registry import find_card

    cards = {card.name: card for name in names if (card := find_card(name)) is not None}
    rows: list[tuple[object, ...]] = [
        (
            card.name,
            FINE_TUNED if card.fine_tuning else "",
            len(card.elements),
            card.level_of_theory,
            card.environment.removesuffix(".txt"),
        )
        for card in cards.values()
    ]
    columns = ("name", "also", "elements", "trained on", "environment")
    print_table(title, columns, rows)


def _card_rows(card: ModelCard) -> list[tuple[object, ...]]:
    """Return what a card says, a row a key; what nobody knows is a dash."""
    rows: list[tuple[object, ...]] = []
    for key, value in card.model_dump(mode="json").items():
        if key in ("format", "name", "summary"):
            continue
        if key == "training_sets":
            value = "; ".join(
                f"{each['name']} ({_count(each['size'])}, {each['reference'] or 'no reference'})"
                for each in value
            )
        elif key == "parameters" and value is not None:
            value = f"{value:,}"
        elif key == "elements":
            value = ", ".join(value)
        elif isinstance(value, dict):
            value = "\n".join(f"{k}: {v}" for k, v in value.items() if v not in (None, ""))
        elif isinstance(value, bool):
            value = "yes" if value else "no"
        rows.append((key.replace("_", " "), "–" if value in (None, "") else value))
    return rows


@app.command("terms")
def list_terms(
    model: Annotated[Path, typer.Argument(help="Directory of a training (it has unit.json).")],
    kind: Annotated[
        str | None, typer.Option("--kind", help="Only terms of this kind, such as bond.")
    ] = None,
    json: Json = False,
) -> None:
    """List the fitted terms of a trained potential that has such, with their units."""
    from mlip_compose.core.errors import RequestError, UnknownNameError
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
