import numpy as np
import pytest
from builders import unit_facts
from toy_calculators import Pairs

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import SplitKey
from mlip_compose.potentials.calculator import CalculatorSettings, make
from mlip_compose.predictions.potential import fit_potential, predict_target
from mlip_compose.predictions.predict import (
    MOST_REASONS,
    OTHER_REASONS,
    count_reasons,
    predict_selection,
)
from mlip_compose.predictions.scoring import score_predictions
from mlip_compose.predictions.target import certify_target, target_of
from mlip_compose.store.reader import Store

NAMES = ("OH-1-H", "OH-2-H", "F-2-H", "OH-7-H", "H-7-H")


@pytest.fixture
def store(toy_store):
    return Store(toy_store(NAMES))


@pytest.fixture
def predicted(store):
    def predict(function, task="length", level=1, relax=False, **settings):
        potential = make(CalculatorSettings(function=f"toy_calculators:{function}", **settings))
        target = target_of(store, SplitKey(task, level, 0), 6, True, relax)
        facts = unit_facts(
            task=task,
            levels=(level,),
            facts={"software": {"weights": "3"}},
            level_of_theory="wB97X/6-31G(d)",
        )
        return target, predict_selection(potential, facts, store, target)

    return predict


def test_a_molecule_of_elements_it_does_not_know_fails_and_others_go_on(predicted, store):
    target, predictions = predicted("Pairs", elements=("H", "C", "O"), relax=True)
    fluoride = [f for (name, _), f in predictions.frames.items() if name == "F-2-H"]
    assert fluoride
    assert all(np.isnan(f.energy).all() and np.isnan(f.forces).all() for f in fluoride)
    others = [f for (n, t), f in predictions.frames.items() if n != "F-2-H" and t != "relaxed"]
    assert all(np.isfinite(f.energy).all() for f in others)
    ((reason, (count, first)),) = predictions.header.failures.items()
    assert reason == "the potential does not know F"
    assert count == sum(len(f.indices) for f in fluoride)
    assert first.startswith("F-2-H/")
    assert predictions.header.failed_relaxations["F-2-H"] == reason
    scored = score_predictions(predictions, store, target, 1)
    assert scored.failures == predictions.header.failures
    assert scored.failed_frames == 2  # both ID frames of the fluoride
    assert scored.failed_minima == ("F-2-H",)


class NeutralOnly:
    """A potential that takes the fluoride for an ion, which it does not know."""

    def __init__(self, potential):
        self._potential = potential

    def __getattr__(self, name):
        return getattr(self._potential, name)

    def state_unknown(self, molecule):
        return "charge -1" if molecule.name == "F-2-H" else ""


def test_a_molecule_of_a_charge_it_does_not_know_fails_and_others_go_on(store):
    potential = NeutralOnly(make(CalculatorSettings(function="toy_calculators:Pairs")))
    target = target_of(store, SplitKey("length", 1, 0), 6, True)
    predictions = predict_selection(potential, unit_facts(), store, target)
    for (name, _), frames in predictions.frames.items():
        assert np.isnan(frames.energy).all() == (name == "F-2-H")
    assert list(predictions.header.failures) == [
        "the potential does not know a molecule of charge -1"
    ]


@pytest.mark.parametrize("way", ["raise", "nan", "short", "infinite"])
def test_frames_that_fail_are_counted_by_reason(predicted, store, way):
    target, predictions = predicted("Fails", arguments={"way": way})
    bad = [
        f"{name}/{trajectory}/{index}"
        for (name, trajectory), frames in predictions.frames.items()
        for index, energy in zip(frames.indices, frames.energy, strict=True)
        if np.isnan(energy)
    ]
    failures = predictions.header.failures.values()
    assert (
        0
        < sum(count for count, _ in failures)
        == len(bad)
        < sum(len(f.indices) for f in predictions.frames.values())
    )
    assert {first for _, first in failures} <= set(bad)
    scored = score_predictions(predictions, store, target, 1)
    assert scored.failed_frames == sum(m.failed_frames for m in scored.molecules) > 0
    assert scored.metric("forces_mae").ood is not None


def test_the_header_says_the_level_of_theory_and_what_made_it(predicted):
    _, predictions = predicted("Pairs")
    header = predictions.header
    assert header.level_of_theory == "wB97X/6-31G(d)"
    assert header.failures == {}
    assert header.train_frames == 6
    assert header.software["weights"] == "3"
    assert "mlip-compose" in header.software


def test_every_molecule_of_the_task_whole_is_predicted_and_scored(predicted, store):
    target, predictions = predicted("Pairs", task="whole", level=2)
    assert predictions.molecules == set(NAMES)
    assert {trajectory for _, trajectory in predictions.frames} == {"primary", "minimum"}
    assert predictions.header.train_frames == 0
    certificate = certify_target(store, target)
    assert certificate.coverage_radius == -1
    scored = score_predictions(predictions, store, target, certificate.coverage_radius)
    assert scored.metric("forces_mae").ood_molecules == len(NAMES)
    assert scored.metric("forces_mae").gap is None
    assert scored.energy_offsets is None


def test_reasons_are_cut_and_too_many_are_counted_together():
    many = {f"a/primary/{i}": f"reason {i}" for i in range(MOST_REASONS + 5)}
    counts = count_reasons(many)
    assert len(counts) == MOST_REASONS + 1
    assert counts[OTHER_REASONS] == (5, f"a/primary/{MOST_REASONS}")
    assert sum(count for count, _ in counts.values()) == len(many)
    ((reason, (count, _)),) = count_reasons({"a": "x" * 1000, "b": "x" * 1000}).items()
    assert len(reason) == 200
    assert count == 2


@pytest.mark.parametrize(
    ("potential", "task", "settings", "message"),
    [
        ("additive", "whole", {}, "trained elsewhere, for 'whole'.*found additive"),
        ("calculator", "length", {"function": "no_module:f"}, "no_module"),
        ("additive", "length", {"strengths": [1e-30]}, "additive fitted on length_L1.*normal eq"),
    ],
)
def test_what_cannot_be_fitted_in_python_is_refused(store, potential, task, settings, message):
    level = 2 if task == "whole" else 1
    target = target_of(store, SplitKey(task, level, 0), None if task == "whole" else 6, True)
    with pytest.raises(RequestError, match=message):
        fit_potential(potential, store, target, settings=settings)


def test_a_name_that_no_file_can_have_is_refused(store):
    target = target_of(store, SplitKey("length", 1, 0), 6, True)
    with pytest.raises(RequestError, match=r"begins with a letter or digit.*found 'a/b'"):
        predict_target(Pairs(), store, target, name="a/b")
