"""Graphics processors of this machine, as a process that starts others counts them."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Final

VARIABLE: Final = "CUDA_VISIBLE_DEVICES"
"""Says which graphics processors a process may use; PyTorch heeds it for NVIDIA's and AMD's."""

_DRIVERS: Final = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""Where the drivers of NVIDIA, AMD and Windows' subsystem for Linux show themselves."""


def visible_gpus() -> tuple[str, ...]:
    """Return the graphics processors that this process may use, each as ``VARIABLE`` names it.

    PyTorch is asked, and imported, only where a driver is there.
    """
    if importlib.util.find_spec("torch") is None or not any(Path(d).exists() for d in _DRIVERS):
        return ()
    import torch

    given = os.environ.get(VARIABLE)
    count: int = torch.cuda.device_count()
    named = [str(number) for number in range(count)] if given is None else given.split(",")
    return tuple(name.strip() for name in named[:count])
