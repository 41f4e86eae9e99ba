import dataclasses
import json
import math
import os
import pickle

import numpy as np
import pytest

from mlip_compose.core.errors import CoverageError
from mlip_compose.core.records import Failure
from mlip_compose.potentials.base import silent
from mlip_compose.potentials.neural.architectures.mace import SMALL as KIND


class KilledError(Exception):
    pass


def kill_at(fraction):
    def progress(done, message):
        if done >= fraction:
            raise KilledError

    return progress


def predictions(potential, data):
    return [potential.predict(data.molecules[f.molecule], f.positions) for f in data.validation]


def force_error(potential, data):
    found = [forces for _, forces in predictions(potential, data)]
    wanted = [f.forces for f in data.validation]
    return np.mean([np.abs(a - b).mean() for a, b in zip(found, wanted, strict=True)])


def assert_same(a, b, data, **tolerance):
    for (e1, f1), (e2, f2) in zip(predictions(a, data), predictions(b, data), strict=True):
        np.testing.assert_allclose(e1, e2, **tolerance)
        np.testing.assert_allclose(f1, f2, **tolerance)


def test_training_lowers_the_error(data, tiny, tmp_path):
    settings = tiny.model_copy(update={"steps": 40, "ema_decay": 0.8, "validations": 2})
    potential = KIND.fit(data, settings, 0, tmp_path, silent)
    zero = np.mean([np.abs(f.forces).mean() for f in data.validation])
    assert force_error(potential, data) < 0.8 * zero
    # reference energies alone put total energies of -2,100 to -3,200 eV right to some eV
    for frames, (energy, _) in zip(data.validation, predictions(potential, data), strict=True):
        assert np.abs(energy - frames.energy).max() < 4.0


def test_report_says_how_training_went_and_what_it_cost(fitted, data, tiny):
    potential, told = fitted
    report = json.loads(json.dumps(potential.report, allow_nan=False))
    curve = report["validation_curve"]
    assert [point["step"] for point in curve] == [3, 6, 9, 12]
    assert curve[-1]["forces_mae"] == pytest.approx(
        1e3 * force_error_all(potential, data), rel=1e-4
    )
    weights = {name: p for name, p in potential.model.named_parameters() if p.numel() > 1}
    assert 0 < report["parameters"] < sum(p.numel() for p in weights.values())
    assert report["gradient_steps"] == tiny.steps
    assert report["resumed_at"] == []
    assert report["device"] == "cpu" or "NVIDIA" in report["device"]
    assert report["training_cpu_s"] > 0
    assert report["training_wall_s"] > 0
    assert report["peak_memory_mb"] > 10
    assert told[-1][0] == 1.0
    assert [f for f, _ in told] == sorted(f for f, _ in told)
    assert "meV/Angstrom" in told[-1][1]


def force_error_all(potential, data):
    """Mean over components of all validation frames together, eV/Angstrom."""
    found = np.concatenate([forces.ravel() for _, forces in predictions(potential, data)])
    wanted = np.concatenate([f.forces.ravel() for f in data.validation])
    return np.abs(found - wanted).mean()


def test_same_seed_same_potential_other_seed_another(fitted, data, tiny, tmp_path):
    potential, _ = fitted
    again = KIND.fit(data, tiny, 0, tmp_path, silent)
    assert_same(potential, again, data, rtol=0, atol=0)
    assert again.report["validation_curve"] == potential.report["validation_curve"]
    other = KIND.fit(data, tiny, 1, tmp_path, silent)  # in the same directory
    assert other.report["resumed_at"] == []
    assert not np.array_equal(predictions(other, data)[0][1], predictions(potential, data)[0][1])


@pytest.mark.parametrize("fraction", [0.1, 0.8])
def test_killed_training_goes_on_from_its_last_checkpoint(fraction, fitted, data, tiny, tmp_path):
    whole, _ = fitted
    with pytest.raises(KilledError):
        KIND.fit(data, tiny, 0, tmp_path, kill_at(fraction))
    done = []
    resumed = KIND.fit(data, tiny, 0, tmp_path, lambda f, _: done.append(round(f * tiny.steps)))
    last = 3 * ((math.ceil(fraction * tiny.steps) - 1) // 3)  # validated, so saved, before the kill
    assert resumed.report["resumed_at"] == ([last] if last else [])
    assert done == list(range(last + 1, tiny.steps + 1))
    assert resumed.report["gradient_steps"] == tiny.steps
    assert [p["step"] for p in resumed.report["validation_curve"]] == [3, 6, 9, 12]
    assert_same(resumed, whole, data, rtol=1e-6, atol=1e-5)


class Canary:
    def __reduce__(self):
        return os.mkdir, ("ran",)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: b"",
        lambda content: pickle.dumps(Canary()),
        lambda content: pickle.dumps({"state_dict": {}}),
    ],
)
def test_a_damaged_checkpoint_is_set_aside_and_runs_nothing(
    damage, data, tiny, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KilledError):
        KIND.fit(data, tiny, 0, tmp_path, kill_at(0.5))
    (checkpoint,) = (tmp_path / "checkpoints").iterdir()
    checkpoint.write_bytes(damage(checkpoint.read_bytes()))
    kept = checkpoint.read_bytes()
    potential = KIND.fit(data, tiny, 0, tmp_path, silent)
    assert not (tmp_path / "ran").exists()
    assert potential.report["resumed_at"] == []
    assert (tmp_path / "checkpoints" / "damaged" / checkpoint.name).read_bytes() == kept


def test_finished_training_is_not_done_again(data, tiny, tmp_path):
    first = KIND.fit(data, tiny, 0, tmp_path, silent)
    again = KIND.fit(data, tiny, 0, tmp_path, kill_at(0.0))
    assert again.report["gradient_steps"] == tiny.steps
    assert_same(first, again, data, rtol=0, atol=0)
    checkpoints = list((tmp_path / "checkpoints").iterdir())
    assert [c.suffix for c in checkpoints] == [".ckpt"]


def test_what_is_not_a_number_ends_in_a_failure(data, tiny, tmp_path):
    frames = data.train[0]
    forces = frames.forces.copy()
    forces[0, 0, 0] = np.nan
    spoilt = dataclasses.replace(frames, forces=forces)
    failure = KIND.fit(
        dataclasses.replace(data, train=(spoilt, *data.train[1:])), tiny, 0, tmp_path, silent
    )
    assert isinstance(failure, Failure)
    assert failure.stage == "training"
    assert failure.subject == "mace-small"
    assert "nan" in failure.reason


def test_divergence_ends_in_a_failure(data, tiny, tmp_path):
    settings = tiny.model_copy(update={"learning_rate": 1e4})
    failure = KIND.fit(data, settings, 0, tmp_path, silent)
    assert isinstance(failure, Failure)
    assert "step" in failure.reason


def test_training_without_validation_frames_is_refused(data, tiny, tmp_path):
    with pytest.raises(CoverageError, match="validation"):
        KIND.fit(dataclasses.replace(data, validation=()), tiny, 0, tmp_path, silent)


def test_training_prints_nothing_and_leaves_torch_as_it_was(data, tiny, tmp_path, capfd):
    import torch

    torch.manual_seed(7)
    before = torch.get_rng_state()
    settings = tiny.model_copy(update={"steps": 2, "dtype": "float64"})
    KIND.fit(data, settings, 0, tmp_path, silent)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()
    assert capfd.readouterr() == ("", "")
    assert {p.name for p in tmp_path.iterdir()} == {"checkpoints"}
