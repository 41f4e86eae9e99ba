"""Graphics processors, of which this machine need not have one: PyTorch is told how many to count.

Units report which one they were given, which is what ``CUDA_VISIBLE_DEVICES`` says in their
process, and from when to when they held it.
"""

import os
from itertools import pairwise
from typing import Any

import pytest
import torch
from units import hold_gpu

from mlip_compose.engine import local as gpus
from mlip_compose.engine.choice import local_engine


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Return a function that lets this machine have so many, and the variable say so."""

    def pretend(count, variable=None):
        monkeypatch.setattr(gpus, "GPU_DRIVERS", (str(tmp_path),))
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        if variable is None:
            monkeypatch.delenv(gpus.VARIABLE, raising=False)
        else:
            monkeypatch.setenv(gpus.VARIABLE, variable)

    return pretend


@pytest.mark.parametrize(
    ("count", "variable", "expected"),
    [
        (0, None, ()),
        (2, None, ("0", "1")),
        (2, "4, 7", ("4", "7")),
        (1, "GPU-8b6f,-1,0", ("GPU-8b6f",)),
        (0, "", ()),
        (0, "0,1", ()),
    ],
)
def test_visible_ones_are_named_as_the_variable_names_them(machine, count, variable, expected):
    machine(count, variable)
    assert gpus.visible_gpus() == expected


def test_without_a_driver_torch_is_not_asked(monkeypatch):
    monkeypatch.setattr(gpus, "GPU_DRIVERS", ("/no/such/driver",))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 8)
    assert gpus.visible_gpus() == ()


def test_no_two_units_share_a_gpu_and_the_others_go_on_beside(machine):
    machine(2, "4,7")
    with local_engine(3) as engine:
        items = [*(f"gpu {i}" for i in range(6)), *(f"cpu {i}" for i in range(4))]
        done: dict[str, Any] = dict(engine.run(hold_gpu, items, wants_gpu=is_for_gpu))
    on_gpu = {item: held for item, held in done.items() if is_for_gpu(item)}
    assert len(done) == 10
    assert {gpu for gpu, _, _ in on_gpu.values()} == {"4", "7"}
    for gpu in ("4", "7"):
        times = sorted((start, end) for number, start, end in on_gpu.values() if number == gpu)
        assert all(end <= later for (_, end), (later, _) in pairwise(times))
    assert at_once(on_gpu.values()) == 2
    assert at_once(done.values()) == 3


def test_with_none_units_for_one_take_every_process(machine):
    machine(0)
    with local_engine(2) as engine:
        items = [f"gpu {i}" for i in range(4)]
        done: dict[str, Any] = dict(engine.run(hold_gpu, items, wants_gpu=is_for_gpu))
    assert {gpu for gpu, _, _ in done.values()} == {os.environ.get(gpus.VARIABLE)}
    assert at_once(done.values()) == 2


def is_for_gpu(item):
    return item.startswith("gpu")


def at_once(held):
    """Return the largest number of units that were under way at a time."""
    return max(sum(s <= start < e for _, s, e in held) for _, start, _ in held)
