"""``schnet-small`` and ``schnet-standard``: SchNet trained from scratch through graph-pes.

Architecture: K. T. Schuett, H. E. Sauceda, P.-J. Kindermans, A. Tkatchenko, K.-R. Mueller, "SchNet
- a deep learning architecture for molecules and materials", J. Chem. Phys. 148, 241722 (2018),
doi:10.1063/1.5019779.
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

Channels = Annotated[int, Field(ge=2, le=4096, description="features of an atom")]
RadialFunctions = Annotated[int, Field(ge=1, le=1024, description="Gaussians of a distance")]


class SchNetSettings(NeuralSettings):
    """Settings of the architecture and of its training.

    The learning rate was chosen on validation frames of ``length``, level 2 (1,000 training frames,
    the steps and batches of every small kind); all that was tried is in
    ``docs/potentials/settings.md``.
    """

    cutoff: Cutoff = 5.0
    channels: Channels = 64
    layers: Layers = 3
    radial_functions: RadialFunctions = 32
    learning_rate: LearningRate = 0.005

    def receptive_field(self) -> ReceptiveField:
        """Return how far messages travel."""
        return message_passing_field(self.cutoff, self.layers)


class SchNetStandardSettings(SchNetSettings):
    """Settings for a GPU; not tuned here.

    Width, depth, cutoff and learning rate are those with which the authors' SchNetPack trains
    SchNet on molecular dynamics (``experiment=rmd17``); the rest follows from the small kind.
    """

    channels: Channels = 128
    layers: Layers = 6
    radial_functions: RadialFunctions = 50
    learning_rate: LearningRate = 1e-3
    steps: Steps = 50_000
    batch_size: BatchSize = 8
    ema_decay: EmaDecay = 0.999
    validations: Validations = 50


def build(settings: SchNetSettings, elements: list[int]) -> GraphPESModel:
    """Make an untrained SchNet; it has an embedding of every element.

    Filters fall to zero at the cutoff (a cosine), as in the authors' SchNetPack and unlike in
    graph-pes 1.0.2, where energies jump when two atoms come within the cutoff.
    """
    from graph_pes.models import SchNet
    from graph_pes.models.components.distances import CosineEnvelope
    from graph_pes.utils.nn import HaddamardProduct

    from mlip_compose.potentials.neural.networks.scaling import ScaledFilter

    model = SchNet(
        cutoff=settings.cutoff,
        channels=settings.channels,
        expansion_features=settings.radial_functions,
        layers=settings.layers,
    )
    for interaction in model.interactions:
        convolution = interaction.cfconv
        smooth = HaddamardProduct(
            convolution.filter_generator, CosineEnvelope(settings.cutoff), left_aligned=True
        )
        convolution.filter_generator = ScaledFilter(smooth)
    return model


SMALL = neural_kind(
    Architecture("schnet-small", SchNetSettings, build),
    summary="SchNet (64 channels, three layers) trained from scratch in CPU minutes.",
)

STANDARD = neural_kind(
    Architecture("schnet-standard", SchNetStandardSettings, build),
    summary="SchNet (128 channels, six layers) trained from scratch: for a GPU.",
)
