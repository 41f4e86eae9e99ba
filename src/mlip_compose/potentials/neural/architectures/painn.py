"""``painn-small`` and ``painn-standard``: PaiNN trained from scratch through graph-pes.

Architecture: K. T. Schuett, O. T. Unke, M. Gastegger, "Equivariant message passing for the
prediction of tensorial properties and molecular spectra", ICML 2021, arXiv:2102.03150.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from mlip_compose.potentials.neural.kind import neural_kind
from mlip_compose.potentials.neural.settings import (
    Cutoff,
    GpuBudget,
    Layers,
    LearningRate,
    NeuralSettings,
)

if TYPE_CHECKING:
    from graph_pes import GraphPESModel

Channels = Annotated[int, Field(ge=1, le=4096, description="scalars, and vectors, of an atom")]
RadialFunctions = Annotated[int, Field(ge=1, le=1024, description="Bessel functions of a distance")]


class PaiNNSettings(NeuralSettings):
    """Settings of PaiNN and of its training."""

    channels: Channels = 32
    layers: Layers = 3
    radial_functions: RadialFunctions = 16
    learning_rate: LearningRate = 0.01


class PaiNNStandardSettings(GpuBudget, PaiNNSettings):
    """Settings for a GPU.

    Width, depth, cutoff and learning rate are those of the authors' SchNetPack for molecular
    dynamics (``experiment=rmd17``).
    """

    cutoff: Cutoff = 5.0
    channels: Channels = 128
    radial_functions: RadialFunctions = 20
    learning_rate: LearningRate = 1e-3


def build(settings: PaiNNSettings, elements: list[int]) -> GraphPESModel:
    """Make an untrained PaiNN. It embeds every element, so ``elements`` is not used."""
    from graph_pes.models import PaiNN

    from mlip_compose.potentials.neural.networks.scaling import ScaledFilter

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
    "painn-small",
    "PaiNN (32 channels, three layers) trained from scratch in CPU minutes.",
    PaiNNSettings,
    build,
)

STANDARD = neural_kind(
    "painn-standard",
    "PaiNN (128 channels, three layers) trained from scratch: for a GPU.",
    PaiNNStandardSettings,
    build,
)
