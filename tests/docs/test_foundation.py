"""What docs/potentials/foundation.md says of published models is what their cards say."""

from pathlib import Path

import pytest

from mlip_compose.potentials.published.card import CARDS
from mlip_compose.potentials.registry import find_card

PAGE = Path(__file__).parents[2] / "docs" / "potentials" / "foundation.md"
ENVIRONMENTS = PAGE.parents[2] / "environments"


def number(value):
    return "unknown" if value is None else f"{value:,}"


def training(card):
    return "<br>".join(
        f"{each.name}, {number(each.size)}"
        if each.reference is None
        else f"[{each.name}]({each.reference}), {number(each.size)}"
        for each in card.training_sets
    )


def state(card):
    return f"{card.charge or 'unknown'}; {card.spin or 'unknown'}"


def weights(card):
    place = f"[page]({card.weights.page})" if card.weights.page else "unknown"
    known = "sha256 known" if card.weights.sha256 else "sha256 unknown"
    return f"{place}, {known}" + (", **runs code**" if card.executes_code else "")


def table():
    columns = {
        "card": lambda card: f"`{card.name}`",
        "elements": lambda card: (
            ", ".join(card.elements)
            if len(card.elements) < 20
            else f"{len(card.elements)}, H to Bi"
        ),
        "charge; spin": state,
        "labels": lambda card: card.level_of_theory,
        "training data, geometries": training,
        "parameters": lambda card: number(card.parameters),
        "licence": lambda card: card.licence or "unknown",
        "weights": weights,
        "environment": lambda card: f"`{card.environment}`",
        "fine-tuned here": lambda card: "yes" if card.fine_tuning else "no",
        "described in": lambda card: f"<{card.citation}>" if card.citation else "unknown",
    }
    rows = [list(columns), ["---"] * len(columns)]
    rows += [[cell(find_card(name)) for cell in columns.values()] for name in CARDS]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def test_the_table_is_what_the_cards_say():
    """Where they differ, put the table that this test shows into the page."""
    assert table() in PAGE.read_text("utf-8")


@pytest.mark.parametrize("name", CARDS)
def test_every_environment_of_its_own_has_requirements(name):
    card = find_card(name)
    if card.own_environment:
        assert (ENVIRONMENTS.parent / card.environment).is_file()


@pytest.mark.parametrize("path", sorted(ENVIRONMENTS.glob("*.txt")), ids=lambda path: path.stem)
def test_requirements_pin_the_library_install_the_core_and_name_no_index(path):
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert "." in lines
    assert any("==" in line or "git+" in line for line in lines)
    assert not any(line.startswith("-") or "index" in line for line in lines)
    assert any(find_card(name).environment == f"environments/{path.name}" for name in CARDS), (
        "an environment that no card names"
    )
