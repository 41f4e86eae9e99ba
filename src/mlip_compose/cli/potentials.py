"""``mlip-compose potentials``: the kinds of potential."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlip_compose.cli.options import Json
from mlip_compose.cli.output import Table, show, warn

if TYPE_CHECKING:
    from mlip_compose.potentials.base import PotentialKind
    from mlip_compose.potentials.published.card import ModelCard

app = typer.Typer(
    help="The kinds of potential, their settings, and fitted terms.", no_args_is_help=True
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
    """List the kinds of potential, in groups by their training."""
    from mlip_compose.potentials.registry import KINDS

    warn(KINDS.problems())
    documents = [_document(kind) for kind in KINDS.usable().values()]
    own = [document for document in documents if "package" not in document]
    tables = []
    for group, title in GROUPS.items():
        kinds = [document for document in own if document["group"] == group]
        if group == "foundation":
            tables.append(_published_table(title, [kind["name"] for kind in kinds]))
            continue
        rows = [
            (kind["name"], kind["role"], kind["extra"] or "", kind["summary"]) for kind in kinds
        ]
        tables.append(Table(title, ("name", "role", "extra", "what it is"), rows))
    added = [
        (kind["name"], kind["role"], kind["package"], kind["summary"])
        for kind in documents
        if "package" in kind
    ]
    if added:
        columns = ("name", "role", "package", "what it is")
        tables.append(Table("Added by other packages", columns, added))
    show(json, documents, *tables)


def _document(kind: PotentialKind) -> dict[str, Any]:
    from mlip_compose.potentials.registry import KINDS

    document = {
        "name": kind.name,
        "group": _group(kind),
        "role": kind.role,
        "extra": kind.extra,
        "summary": kind.summary,
    }
    plugin = KINDS.plugin(kind.name)
    return document if plugin is None else document | {"package": str(plugin)}


def _group(kind: PotentialKind) -> str:
    if kind.pretraining is not None:
        return "foundation"
    if kind.settings().pretraining() is not None:
        return "elsewhere"
    return "scratch" if kind.role == "learned" else "parts"


def _published_table(title: str, names: list[str]) -> Table:
    from mlip_compose.potentials.published.card import FINE_TUNED
    from mlip_compose.potentials.registry import find_card

    cards = {card.name: card for name in names if (card := find_card(name)) is not None}
    rows = [
        (
            card.name,
            FINE_TUNED if card.fine_tuning else "",
            len(card.elements),
            card.level_of_theory,
            card.environment.removesuffix(".txt"),
        )
        for card in cards.values()
    ]
    return Table(title, ("name", "also", "elements", "trained on", "environment"), rows)


@app.command("show")
def show_potential(
    name: Annotated[
        str, typer.Argument(help="Name of a kind, such as mace-small, or the path of a model card.")
    ],
    json: Json = False,
) -> None:
    """Show the settings of a kind with their defaults, and the card of a published model."""
    from mlip_compose.potentials.registry import find_card, get_potential

    kind, card = get_potential(name), find_card(name)
    schema = kind.settings.model_json_schema()["properties"] if kind.settings.model_fields else {}
    document: dict[str, Any] = {**_document(kind), "settings": schema}
    heading = f"{kind.name}: {kind.summary}"
    tables = []
    if card is not None:
        document["card"] = card.model_dump(mode="json")
        tables.append(Table(heading, ("card", ""), _card_rows(card)))
        heading = "Settings"
    rows = [
        (key, json_module.dumps(setting.get("default")), setting.get("description", ""))
        for key, setting in schema.items()
    ]
    tables.append(Table(heading, ("setting", "default", "meaning"), rows))
    show(json, document, *tables)


def _card_rows(card: ModelCard) -> list[tuple[object, ...]]:
    """Return the rows of a card, one a key; a dash stands for what nobody knows."""
    texts = {
        key: _card_text(key, value)
        for key, value in card.model_dump(mode="json").items()
        if key not in ("format", "name", "summary")
    }
    return [(key.replace("_", " "), text or "–") for key, text in texts.items()]


def _card_text(key: str, value: Any) -> str:
    if value is None:
        return ""
    if key == "training_sets":
        return "; ".join(
            f"{data['name']} ({_size(data['size'])}, {data['reference'] or 'no reference'})"
            for data in value
        )
    if key == "parameters":
        return f"{value:,}"
    if key == "elements":
        return ", ".join(value)
    if isinstance(value, dict):
        return "\n".join(f"{k}: {v}" for k, v in value.items() if v not in (None, ""))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _size(geometries: int | None) -> str:
    return "size unknown" if geometries is None else f"{geometries:,} geometries"


@app.command("terms")
def list_terms(
    model: Annotated[Path, typer.Argument(help="Directory of a training (it has unit.json).")],
    kind: Annotated[
        str | None, typer.Option("--kind", help="Only terms of this kind, such as bond.")
    ] = None,
    json: Json = False,
) -> None:
    """List the fitted terms, with units, of a potential that is a sum of them, such as additive."""
    from mlip_compose.core.errors import RequestError, UnknownNameError
    from mlip_compose.potentials.base import ListsTerms
    from mlip_compose.potentials.registry import load_potential
    from mlip_compose.studies.training import read_unit

    unit = read_unit(model)
    potential = load_potential(unit.model)
    if not isinstance(potential, ListsTerms):
        raise RequestError("a potential made of terms, such as additive", unit.facts.potential)
    terms = [asdict(term) for term in potential.terms()]
    kinds = dict.fromkeys(term["kind"] for term in terms)
    if kind is not None and kind not in kinds:
        raise UnknownNameError("kind of term", kind, kinds)
    document = [term for term in terms if kind in (None, term["kind"])]
    rows = [
        (
            term["kind"],
            term["type"],
            "" if term["equilibrium"] is None else f"{term['equilibrium']:.3f}",
            term["equilibrium_unit"],
            term["quantity"],
            f"{term['value']:.4g}",
            term["unit"],
        )
        for term in document
    ]
    columns = ("kind", "type", "mean", "", "quantity", "value", "unit")
    show(json, document, Table(f"Terms of {unit.facts.potential}", columns, rows))
