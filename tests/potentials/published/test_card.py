"""Model cards: what is right is read, what is wrong is named with the file and the key."""

import sys
from dataclasses import replace

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mlip_compose.core.errors import RequestError, SchemaError, UnknownNameError
from mlip_compose.core.records import Parts
from mlip_compose.molecules.assembly import assemble
from mlip_compose.potentials.published.card import (
    CARDS,
    ModelCard,
    card_elements,
    check_state,
    read_card,
    state_unknown,
)
from mlip_compose.potentials.registry import find_card

CARD = {
    "format": "mlip-compose/model-card/1",
    "name": "mine",
    "summary": "a model of mine",
    "backend": "mace",
    "constructor": "mace.calculators:mace_off",
    "elements": ["H", "C", "O"],
    "charge": "neutral only",
    "spin": "singlet only",
    "level_of_theory": "PBE/def2-SVP",
    "training_sets": [{"name": "mine", "size": 12, "reference": None}],
    "parameters": None,
    "licence": None,
    "citation": None,
    "weights": {"file": "mine.model"},
    "executes_code": True,
    "package": "mace",
    "environment": "foundation",
    "fine_tuning": True,
}


@pytest.fixture
def written(tmp_path):
    def write(**changes):
        path = tmp_path / "mine.yaml"
        path.write_text(yaml.safe_dump(CARD | changes), "utf-8")
        return path

    return write


@pytest.mark.parametrize("name", CARDS)
def test_shipped_cards_are_right_and_named_after_their_file(name):
    card = find_card(name)
    assert card.name == name
    assert {"H", "C", "O"} <= set(card.elements)
    assert card.training_sets
    assert card.weights.page is not None
    assert card.own_environment == (card.backend == "calculator")
    assert card.executes_code or card.backend != "mace"  # its files are pickles


@pytest.mark.parametrize("name", CARDS)
def test_a_card_survives_json(name):
    card = find_card(name)
    assert ModelCard.model_validate(card.model_dump(mode="json")) == card
    assert ModelCard.model_validate_json(card.model_dump_json()) == card


def test_what_is_not_known_is_null(written):
    card = read_card(written())
    assert card.parameters is None
    assert card.weights.sha256 is None
    assert card_elements(card) == {1, 6, 8}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"backend": "jax"}, "backend is right"),
        ({"constructor": "os.system"}, "constructor is right"),
        ({"elements": ["H", "Xx"]}, "symbol of an element, such as Cl; found 'Xx'"),
        ({"elements": ["H", "H"]}, "named twice"),
        ({"elements": []}, "elements is right"),
        ({"charge": "any"}, "charge is right"),
        ({"parameters": -3}, "parameters is right"),
        ({"parameters": "many"}, "parameters is right"),
        ({"weights": {"file": "../../etc/passwd"}}, "weights.file is right"),
        ({"weights": {"file": "a", "sha256": "abc"}}, "weights.sha256 is right"),
        ({"weights": {"file": "a", "url": "ftp://x/a"}}, "weights.url is right"),
        ({"weights": {"file": "a", "place": "b"}}, "weights.place is right"),
        ({"weights": {}}, "weights.file has to be named"),
        ({"backend": "calculator"}, "fine_tuning has to be false"),
        ({"training_sets": [{"name": "x", "size": 0}]}, "training_sets.0.size is right"),
        ({"format": "mlip-compose/model-card/2"}, "format is right"),
        ({"name": "Mine"}, "name is right"),
        ({"executes_code": "no"}, "executes_code is right"),
    ],
    ids=str,
)
def test_a_wrong_value_is_named(written, changes, told):
    path = written(**changes)
    with pytest.raises(SchemaError) as error:
        read_card(path)
    assert told in str(error.value)
    assert str(path) in str(error.value)


def test_a_wrong_key_gets_the_nearest(written):
    with pytest.raises(UnknownNameError, match="Did you mean 'licence'"):
        read_card(written(license="MIT"))


@pytest.mark.parametrize("key", [key for key in CARD if key != "arguments"])
def test_a_missing_key_is_named(tmp_path, key):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({k: v for k, v in CARD.items() if k != key}), "utf-8")
    with pytest.raises(SchemaError, match=f"that has the key {key}; found"):
        read_card(path)


@pytest.mark.parametrize("text", ["", "[1, 2]", "a: [", "- \x00", "name"])
def test_no_card_at_all_gives_a_message(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(SchemaError, match=r"a model card in .*mine\.yaml"):
        read_card(path)


def test_a_missing_file_and_a_binary_one_give_a_message(tmp_path):
    path = tmp_path / "mine.yaml"
    with pytest.raises(SchemaError, match="No such file"):
        read_card(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SchemaError, match="UTF-8"):
        read_card(path)


def test_reading_a_card_runs_no_code(tmp_path, written):
    (tmp_path / "a_spy.py").write_text("raise SystemExit('imported')\n")
    card = read_card(written(constructor="a_spy:make", package="a_spy"))
    assert card.constructor == "a_spy:make"
    assert "a_spy" not in sys.modules
    path = tmp_path / "tagged.yaml"
    path.write_text(f"name: !!python/object/apply:os.mkdir [{tmp_path}/made]\n", "utf-8")
    with pytest.raises(SchemaError):
        read_card(path)
    assert not (tmp_path / "made").exists()


@given(
    key=st.sampled_from(sorted(CARD)),
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=5,
    ),
)
def test_any_value_is_taken_or_refused_and_what_is_taken_does_not_change(key, value):
    try:
        card = ModelCard.model_validate(CARD | {key: value})
    except ValidationError:
        return
    assert ModelCard.model_validate(card.model_dump(mode="json")) == card
    with pytest.raises(ValidationError, match="frozen"):
        card.name = "other"


def test_a_charge_or_spin_that_the_model_does_not_have_is_refused(written):
    molecule = assemble(Parts("OH", 1, "H"))
    anion = replace(molecule, charges=np.array([-1, *[0] * (molecule.n_atoms - 1)]))
    card = read_card(written())
    check_state(card, molecule)
    assert state_unknown(card, molecule) == ""
    assert state_unknown(card, anion) == "charge -1"
    assert state_unknown(card, replace(molecule, spin=3)) == "spin multiplicity 3"
    with pytest.raises(RequestError, match=r"neutral molecule.*of charge -1"):
        check_state(card, anion)
    with pytest.raises(RequestError, match=r"singlet.*multiplicity 3"):
        check_state(card, replace(molecule, spin=3))
    free = read_card(written(charge="passed", spin=None))
    check_state(free, replace(anion, spin=3))
