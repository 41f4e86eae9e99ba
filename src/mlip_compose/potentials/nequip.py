"""``nequip-small`` and ``nequip-standard``: NequIP trained from scratch through graph-pes.

Architecture: S. Batzner et al., "E(3)-equivariant graph neural networks for data-efficient and
accurate interatomic potentials", Nat. Commun. 13, 2453 (2022), doi:10.1038/s41467-022-29939-5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from mlip_compose.potentials.neural_kind import Architecture, NeuralSettings, neural_kind
from mlip_compose.potentials.reach import message_passing_field
from mlip_compose.records import ReceptiveField

if TYPE_CHECKING:
    from graph_pes import GraphPESModel


class NequipSettings(NeuralSettings):
    """Settings of the architecture and of its training."""

    channels: int = Field(default=16, ge=1, description="features of each irrep")
    layers: int = Field(default=2, ge=1, description="message-passing layers")
    l_max: int = Field(default=1, ge=0, le=3, description="highest order of features and edges")
    radial_functions: int = Field(
        default=8, ge=1, description="Bessel functions of a distance; width of the radial network"
    )

    def receptive_field(self) -> ReceptiveField:
        """Return how far messages travel."""
        return message_passing_field(self.cutoff, self.layers)


def build(settings: NequipSettings, elements: list[int]) -> GraphPESModel:
    """Make an untrained NequIP that knows ``elements``, atomic numbers in ascending order.

    Its features have the parity of spherical harmonics, (-1)^l, so that mirror images have the
    same energy; those of the other parity, twice the cost, are left out.
    """
    from ase.data import chemical_symbols
    from graph_pes.models import NequIP

    from mlip_compose.potentials.neural.scaling import one_hot_in_default_dtype

    irreps = [f"{order}{'eo'[order % 2]}" for order in range(settings.l_max + 1)]
    model = NequIP(
        elements=[chemical_symbols[z] for z in elements],
        cutoff=settings.cutoff,
        layers=settings.layers,
        features={
            "node_irreps": " + ".join(f"{settings.channels}x{irrep}" for irrep in irreps),
            "edge_irreps": " + ".join(irreps),
        },
        neighbour_aggregation="constant_fixed",
        radial_features=settings.radial_functions,
    )
    one_hot_in_default_dtype(model.Z_embedding)
    return model


SMALL = neural_kind(
    Architecture("nequip-small", NequipSettings, build),
    summary="NequIP (16 channels, l <= 1, two layers) trained from scratch in CPU minutes.",
)
