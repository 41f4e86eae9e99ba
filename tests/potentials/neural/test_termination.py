"""A training ends when its process is told to."""

import signal
import subprocess
import sys

import pytest

pytest.importorskip("graph_pes")

PROGRAM = """
import tempfile
from pathlib import Path

import numpy as np

from mlip_compose.potentials.registry import get_potential
from mlip_compose.core.records import PRIMARY, TrainingSet
from mlip_compose.store.catalogue import open_dataset

store = open_dataset("mini-v1")
frames = (store.frames("H-2-H", PRIMARY, np.arange(4)),)
data = TrainingSet({"H-2-H": store.molecules["H-2-H"]}, frames, frames)
kind = get_potential("mace-small")
settings = kind.settings(steps=2_000, batch_size=1, validations=1)
with tempfile.TemporaryDirectory() as folder:
    print("starts", flush=True)
    kind.fit(data, settings, 0, Path(folder), lambda fraction, message: print(message, flush=True))
"""


def test_a_terminated_training_ends_at_once_and_says_how():
    """Lightning by itself would go on to the end of the step, and raise."""
    training = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PROGRAM], stdout=subprocess.PIPE, text=True
    )
    try:
        assert any(line.startswith("step") for line in training.stdout)
        training.send_signal(signal.SIGTERM)
        assert training.wait(timeout=60) == -signal.SIGTERM
    finally:
        training.kill()
        training.stdout.close()
