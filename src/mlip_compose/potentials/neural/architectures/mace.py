"""``mace-small``, ``mace-standard``, ``mace-short``: MACE trained from scratch through graph-pes.

Architecture: I. Batatia, D. P. Kovacs, G. N. C. Simm, C. Ortner, G. Csanyi, "MACE: Higher Order
Equivariant Message Passing Neural Networks for Fast and Accurate Force Fields", NeurIPS 2022,
arXiv:2206.07697.
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
LMax = Annotated[int, Field(ge=0, le=3, description="highest spherical harmonic")]
Correlation = Annotated[int, Field(ge=1, le=3, description="body order of messages, less one")]
RadialDepth = Annotated[int, Field(ge=1, le=16, description="hidden layers of the radial network")]


class MaceSettings(NeuralSettings):
    """Settings of MACE and of its training.

    The defaults were chosen once, for a budget of about two CPU minutes, one setting at a time. The
    force error was that of secondary frames of training molecules with n <= 4 (GFN2-xTB, 500 K, 400
    training frames, 500 to 2,000 steps); for the cutoff also of ``recombination``, level 2. Another
    seed changes it by some 5 %.

    Choices that lower the force error, each with the alternative:

    - loss: the length of the error vector (its square: a sixth worse);
    - messages divided by the root of the number of neighbours (by the number: a tenth worse);
    - a learning rate of 0.02 that falls linearly (0.01: a tenth worse);
    - one radial layer of width 64 (three: a fifth worse);
    - a cutoff of 4 Angstrom (5 or 3: 5 to 13 % worse).

    24 channels, batches of 8 and other radial functions make no difference at equal cost.
    """

    channels: Channels = 16
    layers: Layers = 2
    hidden_irreps: str = Field(default="0e + 1o", description="of the features between layers")
    l_max: LMax = 2
    correlation: Correlation = 2
    radial_functions: int = Field(
        default=8, ge=1, le=1024, description="Bessel functions of a distance"
    )
    radial_width: int = Field(default=64, ge=1, le=4096, description="width of the radial network")
    radial_depth: RadialDepth = 1
    readout_width: int = Field(default=16, ge=1, le=4096, description="width of the last readout")


class MaceStandardSettings(GpuBudget, MaceSettings):
    """Settings for a GPU.

    The architecture is that of the paper and of the defaults of the authors' ``mace_run_train``:
    128 channels, l <= 3, messages of four bodies, three radial layers of width 64, learning rate
    0.01.
    """

    cutoff: Cutoff = 5.0
    channels: Channels = 128
    l_max: LMax = 3
    correlation: Correlation = 3
    radial_depth: RadialDepth = 3
    learning_rate: LearningRate = 0.01


class MaceShortSettings(MaceSettings):
    """Settings of ``mace-small``, but for one layer of 3 Angstrom.

    An atom then knows only its neighbours within 3 Angstrom, two bonds along a chain. Such a
    potential can only add up small pieces.
    """

    cutoff: Cutoff = 3.0
    layers: Layers = 1


def build(settings: MaceSettings, elements: list[int]) -> GraphPESModel:
    """Make an untrained MACE that knows ``elements``, atomic numbers in ascending order."""
    from ase.data import chemical_symbols
    from graph_pes.models import MACE

    from mlip_compose.potentials.neural.networks.scaling import one_hot_in_default_dtype

    model = MACE(
        elements=[chemical_symbols[z] for z in elements],
        cutoff=settings.cutoff,
        n_radial=settings.radial_functions,
        weights_mlp={
            "hidden_depth": settings.radial_depth,
            "hidden_features": settings.radial_width,
            "activation": "SiLU",
        },
        channels=settings.channels,
        hidden_irreps=settings.hidden_irreps,
        l_max=settings.l_max,
        layers=settings.layers,
        correlation=settings.correlation,
        readout_width=settings.readout_width,
    )
    one_hot_in_default_dtype(model.node_attribute_generator)
    return model


SMALL = neural_kind(
    "mace-small",
    "MACE (16 channels, two layers) trained from scratch in about two CPU minutes.",
    MaceSettings,
    build,
)

STANDARD = neural_kind(
    "mace-standard",
    "MACE (128 channels, l <= 3, two layers) trained from scratch: for a GPU.",
    MaceStandardSettings,
    build,
)

SHORT = neural_kind(
    "mace-short",
    "MACE that sees 3 Angstrom far (one layer): short-sighted beside mace-small.",
    MaceShortSettings,
    build,
)
