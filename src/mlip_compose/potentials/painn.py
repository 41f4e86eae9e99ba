"""``painn-small`` and ``painn-standard``: PaiNN trained from scratch through graph-pes.

Architecture: K. T. Schuett, O. T. Unke, M. Gastegger, "Equivariant message passing for the
prediction of tensorial properties and molecular spectra", ICML 2021, arXiv:2102.03150.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from mlip_compose.potentials.neural_kind import Architecture, NeuralSettings, neural_kind
from mlip_compose.potentials.reach import message_passing_field
from mlip_compose.records import ReceptiveField

if TYPE_CHECKING:
    from graph_pes import GraphPESModel


class PaiNNSettings(NeuralSettings):
    """Settings of the architecture and of its training."""

    channels: int = Field(default=32, ge=1, description="scalars, and vectors, of an atom")
    layers: int = Field(default=3, ge=1, description="interaction and update blocks")
    radial_functions: int = Field(default=16, ge=1, description="Bessel functions of a distance")

    def receptive_field(self) -> ReceptiveField:
        """Return how far messages travel."""
        return message_passing_field(self.cutoff, self.layers)


def build(settings: PaiNNSettings, elements: list[int]) -> GraphPESModel:
    """Make an untrained PaiNN; it has an embedding of every element."""
    from graph_pes.models import PaiNN

    from mlip_compose.potentials.neural.scaling import ScaledFilter

    model = PaiNN(
        channels=settings.channels,
        radial_features=settings.radial_functions,
        layers=settings.layers,
        cutoff=settings.cutoff,
    )
    for interaction in model.interactions:
        interaction.filter_generator = ScaledFilter(interaction.filter_generator)
    return model


SMALL = neural_kind(
    Architecture("painn-small", PaiNNSettings, build),
    summary="PaiNN (32 channels, three layers) trained from scratch in CPU minutes.",
)
