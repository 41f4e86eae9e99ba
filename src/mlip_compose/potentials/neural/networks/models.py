"""Untrained graph-pes models, and parameters of models as plain arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from graph_pes import GraphPESModel
from graph_pes.utils.nn import PerElementParameter
from numpy.typing import NDArray

from mlip_compose.potentials.neural.networks.runtime import quiet
from mlip_compose.potentials.neural.settings import Architecture, NeuralSettings

DTYPES = {"float32": torch.float32, "float64": torch.float64}


@contextmanager
def _default_dtype(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def build_model(
    architecture: Architecture, settings: NeuralSettings, elements: list[int], seed: int
) -> GraphPESModel:
    """Make an untrained model, whose random weights depend only on ``seed``.

    Torch's random numbers and default dtype outside stay as they are.
    """
    with torch.random.fork_rng(devices=[]), _default_dtype(DTYPES[settings.dtype]), quiet():
        torch.manual_seed(seed)
        model = architecture.build(settings, elements)
    for parameter in model.parameters():
        if isinstance(parameter, PerElementParameter):
            parameter.register_elements(elements)  # the others do not count as parameters
    return model


def parameter_arrays(model: GraphPESModel) -> dict[str, NDArray[Any]]:
    """Return all parameters and buffers of a model by name."""
    return {
        name: tensor.detach().cpu().numpy()
        for name, tensor in model.state_dict().items()
        if isinstance(tensor, torch.Tensor)
    }


def load_parameter_arrays(model: GraphPESModel, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Set all parameters and buffers of a model.

    Raises
    ------
    ValueError
        Names or shapes are not those of the model.
    """
    tensors = {n: t for n, t in model.state_dict().items() if isinstance(t, torch.Tensor)}
    expected = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    shapes = {name: array.shape for name, array in arrays.items()}
    if shapes != expected:
        differing = sorted(n for n in expected.keys() | shapes if expected.get(n) != shapes.get(n))
        raise ValueError(f"arrays that are not the model's: {', '.join(differing[:5])}")
    with torch.no_grad():
        for name, tensor in tensors.items():
            tensor.copy_(torch.tensor(np.asarray(arrays[name])))
