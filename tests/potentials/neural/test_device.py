"""Which device networks run on; with a GPU that is only said to be there, up to its first use."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from mlip_compose.potentials.base import silent
from mlip_compose.potentials.neural.architectures.mace import SMALL as KIND
from mlip_compose.potentials.neural.networks.callbacks import Cost, peak_memory_on
from mlip_compose.potentials.neural.networks.prediction import predict_in_batches
from mlip_compose.potentials.neural.networks.runtime import chosen_device, name_of


class UsedError(Exception):
    """The device was asked for: there is none to go on with."""


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"a GPU, {device}")


def test_the_first_visible_gpu_is_chosen_and_named(gpu):
    assert chosen_device() == torch.device("cuda:0")
    assert name_of(chosen_device()) == "a GPU, cuda:0"


def test_without_one_it_is_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert chosen_device() == torch.device("cpu")
    assert name_of(chosen_device()) == "cpu"


def test_training_uses_it(gpu, data, tiny, tmp_path, monkeypatch):
    def trainer(*, accelerator, devices, **_):
        raise UsedError(accelerator, devices)

    monkeypatch.setattr("pytorch_lightning.Trainer", trainer)
    with pytest.raises(UsedError) as used:
        KIND.fit(data, tiny, 0, tmp_path, silent)
    assert used.value.args == ("gpu", [0])


def test_prediction_uses_it(gpu, data):
    class Model:
        def to(self, device):
            raise UsedError(device)

    (frames, *_), molecules = data.train, data.molecules
    with pytest.raises(UsedError) as used:
        predict_in_batches(
            Model(), molecules[frames.molecule], frames.positions, 3.0, torch.float32, {"cuda": 100}
        )
    assert used.value.args == (torch.device("cuda:0"),)


def test_its_peak_memory_is_counted_from_the_start_of_a_training(gpu, monkeypatch):
    reset = []
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", reset.append)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 3_000_000)
    device = torch.device("cuda:0")
    strategy = SimpleNamespace(root_device=device)
    trainer: Any = SimpleNamespace(strategy=strategy, global_step=0)
    Cost().on_train_start(trainer, trainer)
    assert reset == [device]
    assert peak_memory_on(device) == 3.0
