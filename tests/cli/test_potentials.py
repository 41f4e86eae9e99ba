"""``potentials list`` and ``show``: groups of kinds, cards, and a user's own card in use."""

import importlib.util
import json

import pytest
import yaml

from mlip_compose.potentials.published.card import CARDS
from mlip_compose.potentials.registry import KINDS, find_card


@pytest.fixture
def own_card(tmp_path, monkeypatch):
    """Path of a card of Lennard-Jones atoms."""
    document = find_card("aimnet2").model_dump(mode="json") | {
        "name": "spheres",
        "summary": "atoms as spheres",
        "constructor": "ase.calculators.lj:LennardJones",
        "arguments": {"sigma": 0.9, "epsilon": 0.1},
        "level_of_theory": "none at all",
        "package": "ase",
        "weights": {"file": None},
        "parameters": 2,
    }
    path = tmp_path / "spheres.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def test_the_list_has_every_kind_in_a_group(command):
    rows = json.loads(command("potentials", "list", "--json").out)
    assert [row["name"] for row in rows] == list(KINDS)
    groups = {row["name"]: row["group"] for row in rows}
    assert groups["mace-small"] == "scratch"
    assert groups["additive"] == groups["composition"] == "parts"
    assert groups["ani-2x"] == groups["ani-2x:fine-tuned"] == "foundation"
    assert groups["calculator"] == "elsewhere"


def test_the_list_is_readable_at_a_hundred_columns(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    out = command("potentials", "list").out
    assert max(map(len, out.splitlines())) <= 100
    for name in CARDS:
        (line,) = (line for line in out.splitlines() if name in line.split())
        card = find_card(name)
        assert card.level_of_theory in line
        assert card.environment.removesuffix(".txt") in line
        assert (":fine-tuned" in line) == card.fine_tuning


def test_a_published_model_shows_its_card_and_its_settings(command):
    out = command("potentials", "show", "mace-off23-small").out
    for text in ("wB97M-D3(BJ)/def2-TZVPPD", "951,005 geometries", "ASL", "executes code", "trust"):
        assert text in out
    document = json.loads(command("potentials", "show", "ani-2x:fine-tuned", "--json").out)
    assert document["card"]["elements"] == ["H", "C", "N", "O", "S", "F", "Cl"]
    assert {"weights", "trust", "steps", "learning_rate"} <= set(document["settings"])
    assert "card" not in json.loads(command("potentials", "show", "additive", "--json").out)


def test_a_card_of_the_users_is_shown_by_its_path(command, own_card):
    document = json.loads(command("potentials", "show", own_card, "--json").out)
    assert document["name"] == "spheres"
    assert document["card"]["level_of_theory"] == "none at all"
    assert "atoms as spheres" in command("potentials", "show", own_card).out


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        ({"elements": "all"}, "elements is right"),
        ({"licence": 3}, "licence is right"),
        ({"kind": "x"}, "key of a model card"),
        ({"name": "ani-2x"}, "a name of its own"),
    ],
    ids=str,
)
def test_a_wrong_card_is_refused_with_one_message(command, own_card, change, fragment):
    own_card.write_text(yaml.safe_dump(yaml.safe_load(own_card.read_text()) | change))
    for arguments in (("potentials", "show", own_card), ("train", "length", own_card)):
        outcome = command(*arguments)
        assert outcome.status == 2
        assert "Traceback" not in outcome.err
        assert fragment in outcome.err


@pytest.mark.parametrize(
    ("potential", "settings", "fragments"),
    [
        ("mace-off23-small", (), ("--set trust=true", "runs code")),
        ("uma-s-1p1", (), ("environments/fairchem.txt",)),
        ("ani-2x", ("--set", "weights=nowhere.pt"), ("nowhere.pt", "no such file")),
        ("aimnet2:fine-tuned", (), ("docs/exchange.md",)),
        ("ani-2", (), ("Did you mean 'ani-2x'?",)),
    ],
)
def test_what_cannot_be_had_gives_one_message(command, potential, settings, fragments):
    if importlib.util.find_spec("graph_pes") is None:
        pytest.skip("the message would be that graph_pes is not installed")
    outcome = command("train", "length", potential, "-d", "mini-v1", "--allow-missing", *settings)
    assert outcome.status == 2
    assert "Traceback" not in outcome.err
    for fragment in fragments:
        assert fragment in outcome.err


@pytest.mark.slow
def test_a_card_of_the_users_predicts_a_task_and_is_scored(command, own_card):
    where = ("-d", "mini-v1", "--allow-missing", "--json")
    trained = command("train", "length", own_card, "--train-frames", 20, "-o", "out", *where)
    assert trained.status == 0, trained.err
    (predictions,) = json.loads(trained.out)["predictions"]
    scored = command("score", predictions, "--allow-missing", "--json")
    assert scored.status == 0, scored.err
    assert "none at all" in scored.out
    assert "gfn2-xtb" in scored.out
