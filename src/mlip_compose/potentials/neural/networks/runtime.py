"""The device on which torch computes, and notices of its libraries."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_WARNINGS: tuple[tuple[str, type[Warning]], ...] = (
    # e3nn 0.4.4 compiles its tensor products with TorchScript and copies them through files
    (r"`torch\.jit\.(script|save|load)` is deprecated", DeprecationWarning),
    ("The TorchScript type system doesn't support", UserWarning),
    # Lightning 2.6 asks torch for the leaves of nested containers
    (r"`isinstance\(treespec, LeafSpec\)` is deprecated", FutureWarning),
    # torchani 2.9: extensions for NVIDIA GPUs that were not built
    ("The extensions: .* are not installed", UserWarning),
    # where SLURM is installed; a training is one process, and Lightning need not start it
    ("The `srun` command is available on your system but is not used", UserWarning),
    # the folder of checkpoints has those of earlier trainings
    ("Checkpoint directory .* exists and is not empty", UserWarning),
)
_LOGGERS = (  # devices found, tips, "max_steps reached"
    "lightning_fabric.utilities.rank_zero",
    "pytorch_lightning.utilities.rank_zero",
)


@contextmanager
def quiet() -> Iterator[None]:
    """Drop the notices listed above, and no others, within this context."""
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
    """Return the device of networks in this process: the first GPU, or the CPU."""
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def name_of(device: torch.device) -> str:
    """Return the name of a device in results: the model of a GPU, or ``cpu``."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
