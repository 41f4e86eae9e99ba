"""``schnet-small`` and ``schnet-standard``: SchNet trained from scratch through graph-pes.

Architecture: K. T. Schuett, H. E. Sauceda, P.-J. Kindermans, A. Tkatchenko, K.-R. Mueller, "SchNet -
A deep learning architecture for molecules and materials", J. Chem. Phys. 148, 241722 (2018),
doi:10.1063/1.5019779.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from mlip_compose.potentials.neural_kind import Architecture, NeuralSettings, neural_kind
from mlip_compose.potentials.reach import message_passing_field
from mlip_compose.records import ReceptiveField

if TYPE_CHECKING:
    from graph_pes import GraphPESModel


class SchNetSettings(NeuralSettings):
    """Settings of the architecture and of its training."""

    cutoff: float = Field(default=5.0, gt=0, description="Angstrom")
    channels: int = Field(default=64, ge=2, description="features of an atom")
    layers: int = Field(default=3, ge=1, description="interaction blocks")
    radial_functions: int = Field(default=32, ge=1, description="Gaussians of a distance")

    def receptive_field(self) -> ReceptiveField:
        """Return how far messages travel."""
        return message_passing_field(self.cutoff, self.layers)


def build(settings: SchNetSettings, elements: list[int]) -> GraphPESModel:
    """Make an untrained SchNet; it has an embedding of every element.

    Filters fall to zero at the cutoff (a cosine), as in the authors' SchNetPack and unlike in
    graph-pes 1.0.2, where energies jump when two atoms come within the cutoff.
    """
    from graph_pes.models import SchNet
    from graph_pes.models.components.distances import CosineEnvelope
    from graph_pes.utils.nn import HaddamardProduct

    from mlip_compose.potentials.neural.scaling import ScaledFilter

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
