"""Where networks are trained and predict: the first GPU that this process sees, or its CPU.

Which one that is, the engine decides: a unit's process sees the GPU that the unit has to itself.
"""

from __future__ import annotations

import torch


def chosen_device() -> torch.device:
    """Return the device on which networks run in this process."""
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def name_of(device: torch.device) -> str:
    """Return what results call a device: the model of a GPU, or ``cpu``."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
