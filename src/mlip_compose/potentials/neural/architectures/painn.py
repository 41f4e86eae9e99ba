"""``painn-small`` and ``painn-standard``: PaiNN trained from scratch through graph-pes.

Architecture: K. T. Schuett, O. T. Unke, M. Gastegger, "Equivariant message passing for the
prediction of tensorial properties and molecular spectra", ICML 2021, arXiv:2102.03150.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from mlip_compose.core.records import ReceptiveField
from mlip_compose.potentials.neural.kind import neural_kind
from mlip_compose.potentials.neural.reach import message_passing_field
from mlip_compose.potentials.neural.settings import (
    Architecture,
    BatchSize,
    Cutoff,
    EmaDecay,
    Layers,
    LearningRate,
    NeuralSettings,
    Steps,
    Validations,
)

if TYPE_CHECKING:
    from graph_pes import GraphPESModel

Channels = Annotated[int, Field(ge=1, le=4096, description="scalars, and vectors, of an atom")]
RadialFunctions = Annotated[int, Field(ge=1, le=1024, description="Bessel functions of a distance")]


class PaiNNSettings(NeuralSettings):
    """Settings of the architecture and of its training.

    The learning rate was chosen on validation frames of ``length``, level 2 (1,000 training frames,
    the steps and batches of every small kind); all that was tried is in
    ``docs/potentials/settings.md``.
    """

    channels: Channels = 32
    layers: Layers = 3
    radial_functions: RadialFunctions = 16
    learning_rate: LearningRate = 0.01

    def receptive_field(self) -> ReceptiveField:
        """Return how far messages travel."""
        return message_passing_field(self.cutoff, self.layers)


class PaiNNStandardSettings(PaiNNSettings):
    """Settings for a GPU; not tuned here.

    Width, depth, cutoff and learning rate are those with which the authors' SchNetPack trains
    PaiNN on molecular dynamics (``experiment=rmd17``); the rest follows from the small kind.
    """

    cutoff: Cutoff = 5.0
    channels: Channels = 128
    radial_functions: RadialFunctions = 20
    learning_rate: LearningRate = 1e-3
    steps: Steps = 50_000
    batch_size: BatchSize = 8
    ema_decay: EmaDecay = 0.999
    validations: Validations = 50


def build(settings: PaiNNSettings, elements: list[int]) -> GraphPESModel:
    """Make an untrained PaiNN; it has an embedding of every element."""
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
    Architecture("painn-small", PaiNNSettings, build),
    summary="PaiNN (32 channels, three layers) trained from scratch in CPU minutes.",
)

STANDARD = neural_kind(
    Architecture("painn-standard", PaiNNStandardSettings, build),
    summary="PaiNN (128 channels, three layers) trained from scratch: for a GPU.",
)
