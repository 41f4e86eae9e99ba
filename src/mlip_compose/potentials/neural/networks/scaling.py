"""Sizes and types inside graph-pes models: sums over neighbours, one-hot elements."""

from __future__ import annotations

import torch
from graph_pes import AtomicGraph, GraphPESModel
from graph_pes.atomic_graph import number_of_atoms, number_of_edges
from graph_pes.models.components.aggregation import ScaledSumNeighbours


class ScaledFilter(torch.nn.Module):
    """Filters of neighbours, divided by a constant.

    graph-pes's SchNet, PaiNN and TensorNet add up messages that are linear in such a filter, and
    divide the sum by nothing: dividing the filters is dividing the sum.

    Attributes
    ----------
    filters
        Module that makes filters of distances.
    scale
        What they are divided by; set by :func:`scale_messages`.
    """

    scale: torch.Tensor

    def __init__(self, filters: torch.nn.Module) -> None:
        super().__init__()
        self.filters = filters
        self.register_buffer("scale", torch.tensor(1.0))

    def forward(self, distances: torch.Tensor) -> torch.Tensor:
        """Return filters (E, K) of distances (E,) or (E, 1), Angstrom."""
        filters: torch.Tensor = self.filters(distances)
        return filters / self.scale


def scale_messages(model: GraphPESModel, graph: AtomicGraph) -> None:
    """Divide sums over neighbours by the root of their average number in ``graph``.

    The parts of a model are set one by one, not by graph-pes's ``pre_fit_all_components``: that
    also fits scales of energies per element, which the compositions of a homologous series leave
    undetermined. Random messages add up as the root of their number, so this keeps features at
    the size that the layers after it are initialised for; on this data MACE trains faster with it
    than with division by the number, which is graph-pes's default.
    """
    average = number_of_edges(graph) / number_of_atoms(graph)
    for module in model.modules():
        if isinstance(module, ScaledSumNeighbours | ScaledFilter):
            module.scale.data.fill_(max(average, 1.0) ** 0.5)


def one_hot_in_default_dtype(one_hot: torch.nn.Module) -> None:
    """Let a module of one-hot elements return torch's present default dtype.

    That of graph-pes 1.0.2 returns float32 whatever the model is of.
    """
    dtype = torch.get_default_dtype()
    one_hot.register_forward_hook(lambda _module, _z, out: out.to(dtype))
