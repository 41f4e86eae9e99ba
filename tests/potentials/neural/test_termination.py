"""A training ends when its process is told to."""

import signal
import subprocess
import sys
import threading
from typing import Any, cast

import pytest

pytest.importorskip("graph_pes")

from mlip_compose.potentials.neural.networks import callbacks, training

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


class Stopped:
    """A trainer as Lightning's at Ctrl-C, which switches the signal off and ends by SystemExit."""

    def __init__(self, error):
        self.error = error

    def fit(self, *_, **__):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self.step()
        except BaseException:
            sys.exit(1)

    def step(self):
        raise self.error


def test_ctrl_c_stays_what_it_is_and_is_heeded_again():
    before = signal.getsignal(signal.SIGINT)
    trainer: Any = Stopped(KeyboardInterrupt())
    rest: Any = None
    with pytest.raises(KeyboardInterrupt):
        training._fit(trainer, rest, rest, rest, None)
    assert signal.getsignal(signal.SIGINT) == before
    trainer = Stopped(ValueError("of a library"))
    try:
        with pytest.raises(SystemExit):
            training._fit(trainer, rest, rest, rest, None)
    finally:
        signal.signal(signal.SIGINT, before)


def test_in_a_thread_no_handler_is_set():
    """Workers of a cluster may train in threads, where Python refuses to."""
    before = signal.getsignal(signal.SIGTERM)
    termination, none = callbacks.Termination(), cast(Any, None)
    termination._before = signal.SIG_IGN
    thread = threading.Thread(target=termination.on_train_start, args=(none, none))
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_file_that_is_no_checkpoint_is_set_aside(tmp_path, caplog):
    import torch

    path = tmp_path / "last.ckpt"
    torch.save([1, 2], path)
    assert not training._can_go_on(path)
    assert "list of something else" in caplog.text
    assert not path.exists()
