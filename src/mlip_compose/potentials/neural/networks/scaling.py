"""Changes inside graph-pes models: the scale of sums over neighbours, the dtype of elements."""

from __future__ import annotations

import torch
from graph_pes import AtomicGraph, GraphPESModel
from graph_pes.atomic_graph import number_of_atoms, number_of_edges
from graph_pes.models.components.aggregation import ScaledSumNeighbours


class ScaledFilter(torch.nn.Module):
    """Filters of neighbours, divided by a constant.

    SchNet, PaiNN and TensorNet of graph-pes add up messages that are linear in such a filter, and
    do not scale the sum. Filters divided by a constant scale it.

    Attributes
    ----------
    filters
        Module that makes filters of distances.
    scale
        Divisor of the filters; :func:`scale_messages` sets it.
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

    Random messages add up as the root of their number. The quotient has the size that the next
    layers are initialised for. On this data MACE trains faster with it than with division by the
    number, the default of graph-pes.

    ``pre_fit_all_components`` of graph-pes is not called. It would also fit scales of energies per
    element, which the compositions of a homologous series leave undetermined.
    """
    average = number_of_edges(graph) / number_of_atoms(graph)
    for module in model.modules():
        if isinstance(module, ScaledSumNeighbours | ScaledFilter):
            module.scale.data.fill_(max(average, 1.0) ** 0.5)


def one_hot_in_default_dtype(one_hot: torch.nn.Module) -> None:
    """Let a module of one-hot elements return torch's present default dtype.

    The module of graph-pes 1.0.2 returns float32 for a model of any dtype.
    """
    dtype = torch.get_default_dtype()
    one_hot.register_forward_hook(lambda _module, _z, out: out.to(dtype))
