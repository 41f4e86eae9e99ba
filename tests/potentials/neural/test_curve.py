"""A training that diverges is stopped; one that has a bad moment is not."""

import json
import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch


def validate(curve, errors, energy=0.01):
    """Let the curve see validation errors of the forces, eV/Angstrom; return the trainer."""
    from mlip_compose.potentials.neural.networks.callbacks import ENERGY, FORCES

    trainer = SimpleNamespace(global_step=0, callback_metrics={}, should_stop=False)
    for error in errors:
        trainer.global_step += 10
        trainer.callback_metrics = {FORCES: torch.tensor(error), ENERGY: torch.tensor(energy)}
        curve.on_validation_end(trainer, None)
    return trainer


@pytest.fixture
def curve():
    from mlip_compose.potentials.neural.networks.callbacks import Curve

    return Curve(mean_force=1.0)


def test_an_error_that_stays_ten_times_above_its_best_is_divergence(curve):
    trainer = validate(curve, [0.5, 0.1, 1.2, 1.1])
    assert trainer.should_stop
    assert curve.divergence == (
        "the validation error of the forces became 1.1 eV/Angstrom at step 40, after 0.1 at its "
        "best"
    )
    assert [point["step"] for point in curve.points] == [10, 20, 30, 40]


@pytest.mark.parametrize(
    "errors",
    [
        [0.5, 0.1, 1.2, 0.9],  # back below ten times
        [0.5, 0.1, 0.9, 0.9],  # worse, but not by as much
        [0.5, 0.1, 1.2],  # once
        [1.2, 1.1, 0.1],
        [0.1, 1.2, 0.3, 1.2],
    ],
)
def test_a_bad_moment_is_no_divergence(curve, errors):
    assert not validate(curve, errors).should_stop
    assert curve.divergence is None


@pytest.mark.parametrize("error", [math.nan, math.inf, 101.0])
def test_what_is_no_number_or_absurd_is_divergence_at_once(curve, error):
    assert validate(curve, [0.5, error]).should_stop
    assert "at step 20" in curve.divergence


def test_an_energy_that_is_no_number_is_divergence(curve):
    assert validate(curve, [0.5], energy=math.nan).should_stop


def test_a_rise_is_seen_across_an_interruption(curve):
    from mlip_compose.potentials.neural.networks.callbacks import Curve

    validate(curve, [0.5, 0.1, 1.2])
    resumed = Curve(mean_force=1.0)
    resumed.load_state_dict(json.loads(json.dumps(curve.state_dict())))
    assert validate(resumed, [1.2]).should_stop


@pytest.mark.parametrize(
    ("n", "most", "expected"),
    [
        (3, 5, [0, 1, 2]),
        (5, 5, [0, 1, 2, 3, 4]),
        (9, 3, [0, 4, 8]),
        (10, 4, [0, 3, 6, 9]),
        (7, 1, [0]),
    ],
)
def test_validation_looks_at_frames_evenly(n, most, expected):
    from mlip_compose.potentials.neural.networks.training import evenly

    assert list(evenly(list(range(n)), most)) == expected


def test_fewer_validation_frames_change_the_curve_and_not_the_potential(fitted, data, tiny):
    import tempfile
    from pathlib import Path

    from mlip_compose.potentials.neural.architectures.mace import SMALL as KIND

    whole, _ = fitted
    with tempfile.TemporaryDirectory() as workdir:
        few = KIND.fit(data, tiny.model_copy(update={"validation_frames": 2}), 0, Path(workdir))
    curves = [potential.report["validation_curve"] for potential in (few, whole)]
    assert [p["step"] for p in curves[0]] == [p["step"] for p in curves[1]]
    assert curves[0] != curves[1]
    for name, weights in whole.model.state_dict().items():
        if isinstance(weights, torch.Tensor):
            torch.testing.assert_close(few.model.state_dict()[name], weights, rtol=0, atol=0)


def test_progress_is_told_about_a_hundred_times_and_at_the_end():
    from mlip_compose.potentials.neural.networks.callbacks import Curve, Report

    curve, told = Curve(mean_force=1.0), []
    report = Report(lambda fraction, message: told.append((fraction, message)), curve, 1005)
    trainer: Any = SimpleNamespace()
    for trainer.global_step in (1, 9, 10, 1003, 1005):
        report.on_train_batch_end(trainer, trainer)
    validate(curve, [0.5])
    trainer.global_step = 20
    report.on_train_batch_end(trainer, trainer)
    assert told == [
        (10 / 1005, "step 10 of 1005"),
        (1.0, "step 1005 of 1005"),
        (20 / 1005, "step 20 of 1005, validation forces 500 meV/Angstrom"),
    ]
