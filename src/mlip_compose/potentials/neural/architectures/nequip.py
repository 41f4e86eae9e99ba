"""``nequip-small`` and ``nequip-standard``: NequIP trained from scratch through graph-pes.

Architecture: S. Batzner et al., "E(3)-equivariant graph neural networks for data-efficient and
accurate interatomic potentials", Nat. Commun. 13, 2453 (2022), doi:10.1038/s41467-022-29939-5.
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

Channels = Annotated[int, Field(ge=1, le=4096, description="features of each irrep")]
LMax = Annotated[int, Field(ge=0, le=3, description="highest order of features and edges")]
RadialWidth = Annotated[int, Field(ge=1, le=4096, description="width of the radial network")]


class NequipSettings(NeuralSettings):
    """Settings of NequIP and of its training; ``l_max`` was chosen as the learning rate was."""

    channels: Channels = 16
    layers: Layers = 2
    l_max: LMax = 2
    radial_functions: int = Field(
        default=8, ge=1, le=1024, description="Bessel functions of a distance"
    )
    radial_width: RadialWidth = 32


class NequipStandardSettings(GpuBudget, NequipSettings):
    """Settings for a GPU.

    Depth, width, radial network and learning rate are those of the authors' documented
    configuration of their first releases (``configs/full.yaml``), with l <= 2 and features of
    natural parity alone.
    """

    cutoff: Cutoff = 5.0
    channels: Channels = 32
    layers: Layers = 4
    l_max: LMax = 2
    radial_width: RadialWidth = 64
    learning_rate: LearningRate = 5e-3


def build(settings: NequipSettings, elements: list[int]) -> GraphPESModel:
    """Make an untrained NequIP that knows ``elements``, atomic numbers in ascending order.

    Its features have the parity of spherical harmonics, (-1)^l, so mirror images have the same
    energy. Features of the other parity would double the cost; there are none.
    """
    from ase.data import chemical_symbols
    from graph_pes.models import NequIP
    from graph_pes.utils.nn import MLP
    from torch.nn import SiLU

    from mlip_compose.potentials.neural.networks.scaling import one_hot_in_default_dtype

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
    for layer in model.layers:  # graph-pes 1.0.2 makes them as wide as there are radial functions
        widths = [settings.radial_functions, settings.radial_width, settings.radial_width]
        n_weights = layer.message_tensor_product.weight_numel
        layer.weight_generator.components[0][1] = MLP([*widths, n_weights], activation=SiLU())
    one_hot_in_default_dtype(model.Z_embedding)
    return model


SMALL = neural_kind(
    "nequip-small",
    "NequIP (16 channels, l <= 2, two layers) trained from scratch in CPU minutes.",
    NequipSettings,
    build,
)

STANDARD = neural_kind(
    "nequip-standard",
    "NequIP (32 channels, l <= 2, four layers) trained from scratch: for a GPU.",
    NequipStandardSettings,
    build,
)
