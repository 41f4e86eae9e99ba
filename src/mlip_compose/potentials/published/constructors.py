"""Constructors of calculators whose own library needs more than one call.

They run in the environment of the model (``environments/``), which has this program's core too.
"""

from __future__ import annotations

import importlib
from typing import Any


def orb(model: str, precision: str, weights_path: str | None = None) -> Any:
    """Make a calculator of orb-models.

    Parameters
    ----------
    model
        Function of ``orb_models.forcefield.pretrained``, such as ``orb_v3_conservative_omol``.
    precision
        Precision of matrix products: ``float32-high``, ``float32-highest`` or ``float64``.
    weights_path
        File or address of the weights; None takes the address of the library.
    """
    pretrained = importlib.import_module("orb_models.forcefield.pretrained")
    calculator = importlib.import_module("orb_models.forcefield.calculator")
    options = {} if weights_path is None else {"weights_path": weights_path}
    # compiled code would be made anew for every size of a molecule
    return calculator.ORBCalculator(
        getattr(pretrained, model)(precision=precision, compile=False, **options)
    )


def so3lr(lr_cutoff: float) -> Any:
    """Make a calculator of so3lr, in float64.

    Parameters
    ----------
    lr_cutoff
        Cutoff of electrostatics and dispersion, Angstrom.
    """
    import numpy as np

    library = importlib.import_module("so3lr")
    return library.So3lrCalculator(calculate_stress=False, lr_cutoff=lr_cutoff, dtype=np.float64)
