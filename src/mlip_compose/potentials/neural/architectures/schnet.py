"""``schnet-small`` and ``schnet-standard``: SchNet trained from scratch through graph-pes.

Architecture: K. T. Schuett, H. E. Sauceda, P.-J. Kindermans, A. Tkatchenko, K.-R. Mueller, "SchNet
- a deep learning architecture for molecules and materials", J. Chem. Phys. 148, 241722 (2018),
doi:10.1063/1.5019779.
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

Channels = Annotated[int, Field(ge=2, le=4096, description="features of an atom")]
RadialFunctions = Annotated[int, Field(ge=1, le=1024, description="Gaussians of a distance")]


class SchNetSettings(NeuralSettings):
    """Settings of SchNet and of its training."""

    cutoff: Cutoff = 5.0
    channels: Channels = 64
    layers: Layers = 3
    radial_functions: RadialFunctions = 32
    learning_rate: LearningRate = 0.005


class SchNetStandardSettings(GpuBudget, SchNetSettings):
    """Settings for a GPU.

    Width, depth, cutoff and learning rate are those of the authors' SchNetPack for molecular
    dynamics (``experiment=rmd17``).
    """

    channels: Channels = 128
    layers: Layers = 6
    radial_functions: RadialFunctions = 50
    learning_rate: LearningRate = 1e-3


def build(settings: SchNetSettings, elements: list[int]) -> GraphPESModel:
    """Make an untrained SchNet. It embeds every element, so ``elements`` is not used.

    Filters fall to zero at the cutoff by a cosine, as in the authors' SchNetPack. Those of
    graph-pes 1.0.2 do not, and its energies jump where two atoms come within the cutoff.
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
    "schnet-small",
    "SchNet (64 channels, three layers) trained from scratch in CPU minutes.",
    SchNetSettings,
    build,
)

STANDARD = neural_kind(
    "schnet-standard",
    "SchNet (128 channels, six layers) trained from scratch: for a GPU.",
    SchNetStandardSettings,
    build,
)
