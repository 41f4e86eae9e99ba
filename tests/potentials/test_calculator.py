import json
import os
import pickle
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from mlip_compose.core.errors import RequestError, StudyError
from mlip_compose.core.records import TrainingSet
from mlip_compose.potentials.calculator import KIND, CalculatorSettings, make
from mlip_compose.potentials.entry import Entry
from mlip_compose.potentials.registry import get_potential, load_potential

NOTHING = TrainingSet(molecules={}, train=(), validation=())


def potential(function, **settings):
    return make(CalculatorSettings(function=f"toy_calculators:{function}", **settings))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """Consent is remembered in a cache of the test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def ethanol(molecule):
    return molecule("OH-2-H")


@pytest.fixture
def positions(ethanol):
    return np.random.default_rng(1).normal(scale=2.0, size=(4, ethanol.n_atoms, 3))


def test_frames_that_fail_are_nan_with_a_reason_and_others_go_on(ethanol, positions):
    positions[:, 0, 0] = [-1.0, 1.0, -2.0, 2.0]
    failing = potential("Fails")
    energies, forces = failing.predict(ethanol, positions)
    np.testing.assert_array_equal(np.isnan(energies), [False, True, False, True])
    assert np.isnan(forces[1]).all()
    assert failing.failed_frames() == dict.fromkeys((1, 3), "ArithmeticError: no convergence")
    expected, _ = potential("Pairs").predict(ethanol, positions)
    np.testing.assert_array_equal(energies[::2], expected[::2])
    failing.predict(ethanol, positions[::2])
    assert failing.failed_frames() == {}


def test_a_failure_leaves_nothing_behind_in_the_calculator(molecule):
    stale = potential("Stale")
    fluoride, alcohol = molecule("F-1-H"), molecule("OH-1-H")
    positions = np.random.default_rng(0).normal(size=(2, fluoride.n_atoms, 3))
    energies, _ = stale.predict(fluoride, positions)
    assert np.isnan(energies).all()
    positions = np.random.default_rng(0).normal(size=(2, alcohol.n_atoms, 3))
    energies, _ = stale.predict(alcohol, positions)
    np.testing.assert_array_equal(energies, alcohol.numbers.sum())


def test_ase_emt_fails_on_every_frame_with_an_element_it_lacks(molecule):
    emt = make(CalculatorSettings(function="ase.calculators.emt:EMT"))
    for name in ("OH-1-H", "SH-1-H"):
        known = molecule(name)
        away = 2.0 * np.random.default_rng(0).normal(size=(3, known.n_atoms, 3))
        energies, _ = emt.predict(known, away)
        assert np.isfinite(energies).all() == (name == "OH-1-H")
    assert set(emt.failed_frames().values()) == {"NotImplementedError: No EMT-potential for S"}


def test_charge_and_spin_are_told(ethanol, positions):
    charges = np.array([-1, *[0] * (ethanol.n_atoms - 1)])
    told = replace(ethanol, charges=charges, spin=2)
    energies, _ = potential("Told").predict(told, positions)
    np.testing.assert_array_equal(energies, -8.0)


def test_elements_are_those_of_the_settings_or_of_the_calculator(ethanol, positions):
    for chosen, source in (
        (potential("Pairs", elements=("H", "C")), "settings"),
        (potential("Pairs", arguments={"elements": ["H", "C"]}), "calculator"),
    ):
        assert chosen.elements == {1, 6}
        assert chosen.report["elements_from"] == source
        with pytest.raises(RequestError, match=r"Z = \[8\]"):
            chosen.predict(ethanol, positions)


def test_unknown_elements_are_not_checked_and_the_report_says_so(ethanol, positions):
    unknown = potential("Pairs")
    assert np.isfinite(unknown.predict(ethanol, positions)[0]).all()
    assert unknown.report["elements_from"] == "unknown"
    assert unknown.report["elements"] == []
    assert unknown.report["calculator"] == "Pairs"


def test_the_calculator_is_made_once_where_it_is_used(tmp_path, ethanol, positions):
    made = tmp_path / "made"
    lazy = potential("counted", arguments={"path": str(made)})
    lazy.save(tmp_path / "model")
    assert not made.exists()
    lazy.predict(ethanol, positions)
    lazy.predict(ethanol, positions)
    assert made.read_text().split() == [str(os.getpid())]
    copy = pickle.loads(pickle.dumps(lazy))
    assert len(made.read_text().split()) == 1
    copy.predict(ethanol, positions)
    assert len(made.read_text().split()) == 2


def test_a_saved_potential_is_its_settings_and_no_code(tmp_path, ethanol, positions):
    first = potential("Pairs", arguments={"strength": 3.0}, elements=("H", "C", "O"))
    first.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model.json"]
    facts = json.loads((tmp_path / "model.json").read_text())["facts"]
    assert facts["function"] == "toy_calculators:Pairs"
    KIND.check(CalculatorSettings.model_validate(facts))
    again = load_potential(tmp_path)
    assert again.elements == first.elements
    for ours, theirs in zip(
        first.predict(ethanol, positions), again.predict(ethanol, positions), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_a_saved_potential_of_others_calls_no_function(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = {"command": "touch ran"}
    make(CalculatorSettings(function="os:system", arguments=arguments)).save(tmp_path / "model")
    with pytest.raises(RequestError, match=r"os:system\(command='touch ran'\)"):
        load_potential(tmp_path / "model")
    assert not (tmp_path / "ran").exists()


def test_what_was_fitted_here_is_loaded_by_another_process(tmp_path, monkeypatch):
    settings = CalculatorSettings(function="toy_calculators:Pairs", arguments={"strength": 2.0})
    KIND.fit(NOTHING, settings, 0, tmp_path).save(tmp_path / "model")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    assert load_in_another_process(tmp_path / "model") == ""
    make(settings.model_copy(update={"arguments": {"strength": 3.0}})).save(tmp_path / "other")
    assert re.search(r"RequestError: .*strength=3\.0", load_in_another_process(tmp_path / "other"))


def load_in_another_process(directory):
    """Return what the process says where it ends with an error."""
    code = f"""
from pathlib import Path
from mlip_compose.potentials.registry import load_potential
load_potential(Path({str(directory)!r}))
"""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr


def test_fitting_trains_nothing(tmp_path):
    fitted = KIND.fit(NOTHING, CalculatorSettings(function="toy_calculators:Pairs"), 0, tmp_path)
    assert fitted.name == "calculator"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["cannot_be_made", "Nothing", "absent"])
def test_a_calculator_that_cannot_be_made_is_refused_beforehand(name):
    with pytest.raises(RequestError):
        get_potential("calculator").check(CalculatorSettings(function=f"toy_calculators:{name}"))


def test_settings_say_the_pretraining():
    settings = CalculatorSettings(function="a:b", level_of_theory="wB97X/6-31G(d)")
    assert settings.pretraining().level_of_theory == "wB97X/6-31G(d)"
    assert not settings.pretraining().fine_tuned
    assert "not stated" in CalculatorSettings(function="a:b").pretraining().level_of_theory


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"elements": ["H", "Xx"]}, "symbol of an element, such as Cl; found 'Xx'"),
        ({"elements": ["X"]}, "symbol of an element, such as Cl; found 'X'"),
        ({"elements": "H"}, "elements"),
        ({"arguments": [1]}, "arguments"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, says):
    entry = Entry(potential="calculator", settings={"function": "a:b", **settings})
    with pytest.raises(StudyError, match=says):
        entry.resolved()
