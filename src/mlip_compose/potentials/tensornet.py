"""``tensornet-small`` and ``tensornet-standard``: TensorNet trained from scratch through graph-pes.

Architecture: G. Simeon, G. De Fabritiis, "TensorNet: Cartesian tensor representations for efficient
learning of molecular potentials", NeurIPS 2023, arXiv:2306.06482.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from mlip_compose.potentials.neural_kind import Architecture, NeuralSettings, neural_kind
from mlip_compose.potentials.reach import message_passing_field
from mlip_compose.records import ReceptiveField

if TYPE_CHECKING:
    from graph_pes import GraphPESModel


class TensorNetSettings(NeuralSettings):
    """Settings of the architecture and of its training."""

    channels: int = Field(default=16, ge=1, description="3 x 3 tensors of an atom")
    layers: int = Field(default=1, ge=1, description="interaction layers after the embedding")
    radial_functions: int = Field(
        default=16, ge=1, description="exponential functions of a distance"
    )

    def receptive_field(self) -> ReceptiveField:
        """Return how far messages travel: the embedding sums over neighbours too."""
        return message_passing_field(self.cutoff, self.layers + 1)


def build(settings: TensorNetSettings, elements: list[int]) -> GraphPESModel:
    """Make an untrained TensorNet; it has an embedding of every element."""
    from graph_pes.models import TensorNet

    from mlip_compose.potentials.neural.scaling import ScaledFilter

    model = TensorNet(
        cutoff=settings.cutoff,
        radial_features=settings.radial_functions,
        channels=settings.channels,
        layers=settings.layers,
    )
    for block in (model.embedding.edge_embedding, *model.interactions):
        block.distance_embedding = ScaledFilter(block.distance_embedding)
    return model


SMALL = neural_kind(
    Architecture("tensornet-small", TensorNetSettings, build),
    summary="TensorNet (16 channels, one layer) trained from scratch in CPU minutes.",
)
