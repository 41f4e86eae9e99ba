"""Kinds of cards: consent, packages, what is saved and found again, cards of users."""

import importlib.util
import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from mlip_compose.core.errors import (
    MissingExtraError,
    RequestError,
    SchemaError,
    UnknownNameError,
    UnreadableError,
)
from mlip_compose.core.host import user_cache
from mlip_compose.core.records import Failure, TrainingSet
from mlip_compose.potentials.base import Pretraining
from mlip_compose.potentials.published import constructors
from mlip_compose.potentials.published import kind as published
from mlip_compose.potentials.published.card import CARDS
from mlip_compose.potentials.published.kind import kind_of
from mlip_compose.potentials.registry import KINDS, find_card, get_potential, load_potential

SPRINGS = "a_library_of_springs"
TUNING = {"steps": 2, "batch_size": 6, "validations": 1, "ema_decay": 0.5}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A package whose calculator reads its force constant from a weights file."""
    (tmp_path / f"{SPRINGS}.py").write_text(
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from ase.calculators.calculator import Calculator, all_changes\n"
        "class Springs(Calculator):\n"
        "    implemented_properties = ['energy', 'forces']\n"
        "    @classmethod\n"
        "    def load(cls, path=None, scale=1.0):\n"
        "        made = cls()\n"
        "        made.k = scale * (float(Path(path).read_text()) if path else 1.0)\n"
        "        return made\n"
        "    def calculate(self, atoms=None, properties=None, system_changes=all_changes):\n"
        "        super().calculate(atoms, properties, system_changes)\n"
        "        x = self.atoms.positions - self.atoms.positions.mean(axis=0)\n"
        "        self.results = {'energy': 0.5 * self.k * (x ** 2).sum(), 'forces': -self.k * x}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield SPRINGS
    sys.modules.pop(SPRINGS, None)


@pytest.fixture
def springs(library, ani_card):
    """Return a function that makes a card of that calculator."""

    def make(**changes):
        weights = {"file": None, "argument": "path", "page": "its page"}
        document = ani_card.model_dump(mode="json") | {
            "name": "springs",
            "backend": "calculator",
            "constructor": f"{library}:Springs.load",
            "arguments": {"scale": 2.0},
            "package": library,
            "environment": "environments/springs.txt",
            "fine_tuning": False,
            "weights": weights | changes.pop("weights", {}),
        }
        return type(ani_card).model_validate(document | changes)

    return make


def fit(kind, data, tmp_path, **settings):
    potential = kind.fit(data, kind.settings(**settings), 0, tmp_path / "work")
    assert not isinstance(potential, Failure)
    return potential


def saved(potential, tmp_path):
    potential.save(tmp_path / "model")
    return tmp_path / "model"


def predictions(potential, data):
    frames = data.validation[1]
    return potential.predict(data.molecules[frames.molecule], frames.positions)


def same(a, b):
    for x, y in zip(a, b, strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("name", CARDS)
def test_a_card_is_a_kind_and_a_second_one_where_it_can_be_trained(name):
    card, kind = find_card(name), get_potential(name)
    assert kind.pretraining.level_of_theory == card.level_of_theory
    assert not kind.pretraining.fine_tuned
    assert kind.extra == ("foundation" if card.backend != "calculator" else None)
    assert (f"{name}:fine-tuned" in KINDS) == card.fine_tuning
    if card.fine_tuning:
        assert get_potential(f"{name}:fine-tuned").pretraining.fine_tuned
    else:
        with pytest.raises(RequestError, match=r"docs/exchange\.md"):
            get_potential(f"{name}:fine-tuned")


def test_a_missing_extra_is_named(monkeypatch, ani_card, data, tmp_path):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "torchani" else found(name)
    )
    kind = kind_of(ani_card, fine_tuned=False)
    for ask in (
        lambda: kind.check(kind.settings()),
        lambda: kind.fit(data, kind.settings(), 0, tmp_path),
    ):
        with pytest.raises(MissingExtraError, match=r"mlip-compose\[foundation\]"):
            ask()


def test_a_missing_environment_says_how_it_is_made(springs):
    kind = kind_of(springs(package="surely_not_installed"), fine_tuned=False)
    with pytest.raises(RequestError) as error:
        kind.check(kind.settings())
    message = str(error.value)
    assert "'surely_not_installed', which springs needs" in message
    assert "pip install -r environments/springs.txt" in message
    assert "docs/potentials/foundation.md" in message


@pytest.mark.parametrize("fine_tuned", [False, True])
def test_a_pickle_wants_consent_before_anything_else(mace_card, data, tmp_path, fine_tuned):
    kind = kind_of(mace_card, fine_tuned)
    settings = kind.settings.model_validate({"weights": str(tmp_path / "not-even-there.model")})
    for ask in (
        lambda: kind.check(settings),
        lambda: kind.fit(data, settings, 0, tmp_path),
    ):
        with pytest.raises(RequestError, match=r"pickle .* runs code .* --set trust=true"):
            ask()


def test_a_known_sha256_of_a_pickle_does_not_replace_consent(mace_card):
    weights = mace_card.weights.model_copy(update={"sha256": "0" * 64})
    kind = kind_of(mace_card.model_copy(update={"weights": weights}), fine_tuned=False)
    with pytest.raises(RequestError, match="sha256 is checked, which shows that they are the pub"):
        kind.check(kind.settings())


@pytest.mark.parametrize("fine_tuned", [False, True])
def test_a_saved_potential_is_found_and_loaded_by_its_own_card(
    ani_card, weights, data, tmp_path, fine_tuned
):
    kind = kind_of(ani_card, fine_tuned)
    settings = {"weights": str(weights["torchani"])} | (TUNING if fine_tuned else {})
    kind.check(kind.settings(**settings))
    potential = fit(kind, data, tmp_path, **settings)
    assert potential.name == kind.name == ani_card.name + (":fine-tuned" if fine_tuned else "")
    loaded = load_potential(saved(potential, tmp_path))
    assert loaded.report == potential.report
    same(predictions(loaded, data), predictions(potential, data))


def test_a_saved_pickle_brings_no_consent_along(mace_card, weights, data, tmp_path):
    kind = kind_of(mace_card, fine_tuned=False)
    chosen = {"weights": str(weights["mace"]), "trust": True}
    potential = fit(kind, data, tmp_path, **chosen)
    directory = saved(potential, tmp_path)
    (trusted,) = (user_cache() / "trusted").iterdir()
    trusted.unlink()
    with pytest.raises(RequestError, match=f"make the empty file {trusted}"):
        load_potential(directory)
    trusted.touch()
    same(predictions(load_potential(directory), data), predictions(potential, data))


def test_a_fine_tuned_pickle_is_loaded_without_its_weights(mace_card, weights, data, tmp_path):
    kind = kind_of(mace_card, fine_tuned=True)
    path = tmp_path / "copy.model"
    path.write_bytes(weights["mace"].read_bytes())
    potential = fit(kind, data, tmp_path, weights=str(path), trust=True, **TUNING)
    directory = saved(potential, tmp_path)
    path.unlink()
    same(predictions(load_potential(directory), data), predictions(potential, data))


def test_other_weights_than_those_it_was_made_of_are_refused(ani_card, weights, data, tmp_path):
    kind = kind_of(ani_card, fine_tuned=False)
    path = tmp_path / "copy.pt"
    path.write_bytes(weights["torchani"].read_bytes())
    directory = saved(fit(kind, data, tmp_path, weights=str(path)), tmp_path)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(SchemaError, match="SHA-256"):
        load_potential(directory)


@pytest.mark.parametrize("content", [b"", b"no weights", b"PK\x03\x04 nor this"])
@pytest.mark.parametrize("backend", ["torchani", "mace"])
def test_damaged_weights_give_a_message(request, weights, data, tmp_path, backend, content):
    card = request.getfixturevalue({"torchani": "ani_card", "mace": "mace_card"}[backend])
    path = tmp_path / "damaged"
    path.write_bytes(content)
    kind = kind_of(card, fine_tuned=False)
    with pytest.raises((UnreadableError, SchemaError), match="damaged"):
        kind.fit(
            data, kind.settings.model_validate({"weights": str(path), "trust": True}), 0, tmp_path
        )


def test_a_calculator_of_a_card_predicts_saves_and_loads(springs, data, tmp_path):
    kind = kind_of(springs(), fine_tuned=False)
    kind.check(kind.settings())
    potential = fit(kind, data, tmp_path)
    energies, forces = predictions(potential, data)
    x = data.validation[1].positions
    x = x - x.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(forces, -2.0 * x)
    np.testing.assert_allclose(energies, (x**2).sum(axis=(1, 2)))
    loaded = load_potential(saved(potential, tmp_path))
    assert loaded.elements == potential.elements == {1, 6, 7, 8}
    same(predictions(loaded, data), (energies, forces))


def test_a_calculator_takes_its_weights_and_refuses_others_later(springs, data, tmp_path):
    path = tmp_path / "k.txt"
    path.write_text("3.0")
    kind = kind_of(springs(), fine_tuned=False)
    potential = fit(kind, data, tmp_path, weights=str(path))
    _, forces = predictions(potential, data)
    x = data.validation[1].positions
    np.testing.assert_allclose(forces, -6.0 * (x - x.mean(axis=1, keepdims=True)))
    directory = saved(potential, tmp_path)
    same(predictions(load_potential(directory), data), predictions(potential, data))
    path.write_text("4.0")
    with pytest.raises(SchemaError, match="weights of springs with SHA-256"):
        load_potential(directory)


def test_a_calculator_that_loads_a_pickle_wants_consent_too(springs, data, tmp_path):
    kind = kind_of(springs(executes_code=True), fine_tuned=False)
    with pytest.raises(RequestError, match="--set trust=true"):
        kind.fit(data, kind.settings(), 0, tmp_path)
    directory = saved(fit(kind, data, tmp_path, trust=True), tmp_path)
    load_potential(directory)
    (trusted,) = (user_cache() / "trusted").iterdir()
    trusted.unlink()
    with pytest.raises(RequestError, match="make the empty file"):
        load_potential(directory)


def test_a_calculator_refuses_weights_that_its_library_does_not_take(springs, data, tmp_path):
    path = tmp_path / "k.txt"
    path.write_text("3.0")
    kind = kind_of(springs(weights={"argument": None}), fine_tuned=False)
    with pytest.raises(RequestError, match="whose library has its own"):
        kind.check(kind.settings.model_validate({"weights": str(path)}))


def test_a_state_that_a_calculator_was_not_made_for_is_refused(springs, data, tmp_path):
    potential = fit(kind_of(springs(), fine_tuned=False), data, tmp_path)
    molecule = data.molecules[data.validation[1].molecule]
    charges = np.array([1, *[0] * (molecule.n_atoms - 1)])
    cation = replace(molecule, charges=charges)
    with pytest.raises(RequestError, match="neutral molecule"):
        potential.predict(cation, data.validation[1].positions)


def test_a_card_of_the_users_is_a_kind_by_its_path(springs, tmp_path, monkeypatch):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(springs().model_dump(mode="json")))
    kind = get_potential(str(path))
    assert kind.name == "springs"
    potential = fit(kind, TrainingSet({}, (), ()), tmp_path)
    directory = saved(potential, tmp_path)
    path.unlink()
    assert load_potential(directory).name == "springs"
    with pytest.raises(SchemaError, match="No such file"):
        get_potential(str(path))


def test_a_card_of_the_users_may_be_fine_tuned(ani_card, springs, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(ani_card.model_dump(mode="json")))
    kind = get_potential(f"{path}:fine-tuned")
    assert kind.name == "random-torchani:fine-tuned"
    assert "steps" in kind.settings.model_fields
    path.write_text(yaml.safe_dump(springs().model_dump(mode="json")))
    with pytest.raises(RequestError, match="can be fine-tuned here; found that of springs"):
        get_potential(f"{path}:fine-tuned")


def test_a_card_of_the_users_needs_a_name_of_its_own(ani_card, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(ani_card.model_dump(mode="json") | {"name": "ani-2x"}))
    with pytest.raises(RequestError, match="name of its own"):
        get_potential(str(path))


def test_another_card_is_another_training(springs):
    settings = kind_of(springs(), fine_tuned=False).settings()
    other = kind_of(springs(arguments={"scale": 3.0}), fine_tuned=False).settings()
    assert settings.model_dump() != other.model_dump()
    with pytest.raises(ValueError, match="card"):
        type(settings).model_validate({"card": other.model_dump()["card"]})


def test_a_saved_file_that_is_none_gives_a_message(springs, data, tmp_path):
    directory = saved(fit(kind_of(springs(), fine_tuned=False), data, tmp_path), tmp_path)
    path = directory / "model.json"
    document = json.loads(path.read_text())
    document["facts"]["card"]["backend"] = "none"
    path.write_text(json.dumps(document))
    with pytest.raises((SchemaError, RequestError)):
        load_potential(directory)
    document["facts"] = {"card": None}
    path.write_text(json.dumps(document))
    with pytest.raises(UnknownNameError):
        load_potential(directory)


def test_a_card_of_others_in_a_saved_potential_calls_nothing(springs, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = saved(fit(kind_of(springs(), fine_tuned=False), data, tmp_path), tmp_path)
    document = json.loads((model / "model.json").read_text())
    card = document["facts"]["card"]
    card |= {"constructor": "os:system", "arguments": {"command": "touch ran"}}
    (model / "model.json").write_text(json.dumps(document))
    with pytest.raises(RequestError, match="which calls os:system"):
        load_potential(model)
    assert not (tmp_path / "ran").exists()


def test_a_card_cannot_say_that_pickles_run_no_code(mace_card):
    with pytest.raises(ValueError, match="executes_code has to be true"):
        type(mace_card).model_validate(mace_card.model_dump(mode="json") | {"executes_code": False})


def test_a_path_of_weights_that_is_none_is_damage(springs, data, tmp_path):
    model = saved(fit(kind_of(springs(), fine_tuned=False), data, tmp_path), tmp_path)
    document = json.loads((model / "model.json").read_text())
    document["facts"]["weights"] = 3
    (model / "model.json").write_text(json.dumps(document))
    with pytest.raises(SchemaError, match="a path of weights that is a int"):
        load_potential(model)


def test_a_calculator_says_what_it_learned_elsewhere(springs, data, tmp_path):
    potential = fit(kind_of(springs(), fine_tuned=False), data, tmp_path)
    level = springs().level_of_theory
    assert potential.pretraining == Pretraining("springs", level, fine_tuned=False)
    molecule = data.molecules[data.validation[1].molecule]
    assert potential.state_unknown(molecule) == ""
    charges = np.array([1, *[0] * (molecule.n_atoms - 1)])
    assert "charge" in potential.state_unknown(replace(molecule, charges=charges))


def test_without_a_path_of_the_users_none_is_named_and_a_failure_is_returned(
    ani_card, weights, data, tmp_path, monkeypatch
):
    monkeypatch.setattr(published, "_obtain", lambda *_: weights["torchani"])
    assert "weights" not in fit(kind_of(ani_card, fine_tuned=False), data, tmp_path).report
    failure = Failure("training", "random-torchani:fine-tuned", "it diverged")
    fine_tune = "mlip_compose.potentials.published.fine_tuning.fine_tune"
    monkeypatch.setattr(fine_tune, lambda *_: failure)
    kind = kind_of(ani_card, fine_tuned=True)
    assert kind.fit(data, kind.settings(), 0, tmp_path) is failure


def test_libraries_with_ways_of_their_own_are_asked_for_what_the_card_says(monkeypatch):
    calls = {}

    def noted(name):
        return lambda **options: calls.update({name: options}) or name

    pretrained = SimpleNamespace(orb_v3=noted("orb_v3"))
    calculator = SimpleNamespace(ORBCalculator=lambda model: ("orb", model))
    for name, module in (
        ("orb_models.forcefield.pretrained", pretrained),
        ("orb_models.forcefield.calculator", calculator),
        ("so3lr", SimpleNamespace(So3lrCalculator=noted("so3lr"))),
    ):
        monkeypatch.setitem(sys.modules, name, module)
    assert constructors.orb("orb_v3", "float64") == ("orb", "orb_v3")
    assert calls["orb_v3"] == {"precision": "float64", "compile": False}
    constructors.orb("orb_v3", "float64", "here.ckpt")
    assert calls["orb_v3"]["weights_path"] == "here.ckpt"
    constructors.so3lr(12.0)
    assert calls["so3lr"] == {"calculate_stress": False, "lr_cutoff": 12.0, "dtype": np.float64}
