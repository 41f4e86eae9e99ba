"""``tensornet-small`` and ``tensornet-standard``: TensorNet trained from scratch through graph-pes.

Architecture: G. Simeon, G. De Fabritiis, "TensorNet: Cartesian tensor representations for efficient
learning of molecular potentials", NeurIPS 2023, arXiv:2306.06482.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from mlip_compose.core.records import ReceptiveField
from mlip_compose.potentials.neural.kind import neural_kind
from mlip_compose.potentials.neural.reach import message_passing_field
from mlip_compose.potentials.neural.settings import (
    Cutoff,
    GpuBudget,
    Layers,
    LearningRate,
    NeuralSettings,
)

if TYPE_CHECKING:
    from graph_pes import GraphPESModel

Channels = Annotated[int, Field(ge=1, le=4096, description="3 x 3 tensors of an atom")]
RadialFunctions = Annotated[
    int, Field(ge=1, le=1024, description="exponential functions of a distance")
]


class TensorNetSettings(NeuralSettings):
    """Settings of TensorNet and of its training."""

    channels: Channels = 16
    layers: Layers = 1
    radial_functions: RadialFunctions = 16
    learning_rate: LearningRate = 0.01

    def receptive_field(self) -> ReceptiveField:
        """Return how far messages travel; the embedding is one more sum over neighbours."""
        return message_passing_field(self.cutoff, self.layers + 1)


class TensorNetStandardSettings(GpuBudget, TensorNetSettings):
    """Settings for a GPU.

    Width, depth, radial functions, batch and learning rate are those of the authors' example for
    molecular dynamics (TorchMD-Net, ``TensorNet-rMD17.yaml``), whose cutoff is 4.5 Angstrom.
    """

    cutoff: Cutoff = 5.0
    channels: Channels = 128
    layers: Layers = 2
    radial_functions: RadialFunctions = 32
    learning_rate: LearningRate = 1e-3


def build(settings: TensorNetSettings, elements: list[int]) -> GraphPESModel:
    """Make an untrained TensorNet. It embeds every element, so ``elements`` is not used."""
    from graph_pes.models import TensorNet

    from mlip_compose.potentials.neural.networks.scaling import ScaledFilter

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
    "tensornet-small",
    "TensorNet (16 channels, one layer) trained from scratch in CPU minutes.",
    TensorNetSettings,
    build,
)

STANDARD = neural_kind(
    "tensornet-standard",
    "TensorNet (128 channels, two layers) trained from scratch: for a GPU.",
    TensorNetStandardSettings,
    build,
)
