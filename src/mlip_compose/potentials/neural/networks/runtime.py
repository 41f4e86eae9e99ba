"""Where torch computes, and its libraries kept quiet."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_WARNINGS: tuple[tuple[str, type[Warning]], ...] = (
    # e3nn 0.4.4 makes TorchScript of its tensor products, and copies them through files
    (r"`torch\.jit\.(script|save|load)` is deprecated", DeprecationWarning),
    ("The TorchScript type system doesn't support", UserWarning),
    # Lightning 2.6 asks torch for the leaves of nested containers
    (r"`isinstance\(treespec, LeafSpec\)` is deprecated", FutureWarning),
    # torchani 2.9: extensions for NVIDIA GPUs that were not built
    ("The extensions: .* are not installed", UserWarning),
    # where SLURM is installed; a training is one process, which Lightning has not to start
    ("The `srun` command is available on your system but is not used", UserWarning),
    # that is what checkpoints are for
    ("Checkpoint directory .* exists and is not empty", UserWarning),
)
_LOGGERS = (  # devices found, tips, "max_steps reached"
    "lightning_fabric.utilities.rank_zero",
    "pytorch_lightning.utilities.rank_zero",
)


@contextmanager
def quiet() -> Iterator[None]:
    """Within this context, drop the notices that are listed above, and no others."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            for start, category in _WARNINGS:
                warnings.filterwarnings("ignore", message=start, category=category)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            if logger.level == logging.ERROR:  # importing Lightning sets a level of its own
                logger.setLevel(level)


def chosen_device() -> torch.device:
    """Return the device on which networks run in this process."""
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def name_of(device: torch.device) -> str:
    """Return what results call a device: the model of a GPU, or ``cpu``."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
