"""Settings that trainings and networks have in common, and what an architecture is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from mlip_compose.core.records import ReceptiveField
from mlip_compose.potentials.base import Settings
from mlip_compose.potentials.neural.reach import message_passing_field

if TYPE_CHECKING:
    from graph_pes import GraphPESModel

Cutoff = Annotated[float, Field(gt=0, le=50, description="Angstrom")]
Layers = Annotated[int, Field(ge=1, le=32, description="message-passing layers")]
Steps = Annotated[int, Field(ge=1, description="gradient steps")]
BatchSize = Annotated[int, Field(ge=1, description="frames a gradient step")]
LearningRate = Annotated[float, Field(gt=0, description="peak of the schedule, Adam")]
EmaDecay = Annotated[float, Field(ge=0, lt=1, description="of the averaged weights")]
Validations = Annotated[int, Field(ge=1, description="validations, with a checkpoint each")]


class TrainingSettings(Settings):
    """Settings of a training. Its budget is counted in gradient steps."""

    steps: Steps = 1500
    batch_size: BatchSize = 4
    learning_rate: LearningRate = 0.02
    schedule: Literal["cos", "linear"] = Field(
        default="linear", description="how the learning rate rises and then falls to nothing"
    )
    warmup: float = Field(default=0.05, gt=0, lt=1, description="fraction of steps while it rises")
    energy_weight: float = Field(default=1.0, ge=0, description="of the energy per atom, eV")
    forces_weight: float = Field(default=1.0, ge=0, description="of the forces, eV/Angstrom")
    gradient_clip: float = Field(default=10.0, gt=0, description="largest norm of the gradient")
    ema_decay: EmaDecay = 0.99
    validations: Validations = 10
    validation_frames: int = Field(
        default=200, ge=1, description="that a validation looks at, at most, evenly taken"
    )
    dtype: Literal["float32", "float64"] = Field(
        default="float32", description="of the network; energies are summed up in float64"
    )


class NeuralSettings(TrainingSettings):
    """Settings of a message-passing network and of its training from scratch.

    Every small kind has the same steps and batches. Its learning rate was chosen, or confirmed for
    MACE, on validation frames of ``length``, level 2, with 1,000 training frames.
    ``docs/potentials/settings.md`` lists all trials.
    """

    cutoff: Cutoff = 4.0
    channels: int = Field(default=16, ge=1, le=4096, description="features of an atom")
    layers: Layers = 2

    def receptive_field(self) -> ReceptiveField | None:
        """Return how far messages travel: one cutoff a layer."""
        return message_passing_field(self.cutoff, self.layers)


class GpuBudget(Settings):
    """Budget of every standard kind, which is for a GPU: 400,000 frames; not tuned here.

    The settings of a standard kind inherit from this class and, after it, from those of the small
    kind. Their architecture is one that its authors published.
    """

    steps: Steps = 50_000
    batch_size: BatchSize = 8
    ema_decay: EmaDecay = 0.999
    validations: Validations = 50


@dataclass(frozen=True)
class Architecture:
    """Name, settings and network of a neural kind.

    Attributes
    ----------
    name
        Name of the kind.
    settings
        Pydantic model of its settings.
    build
        Function that makes the untrained graph-pes model, from settings and the atomic numbers that
        it has to know, in ascending order. The default dtype of torch is then that of the model.
    """

    name: str
    settings: type[NeuralSettings]
    build: Callable[[Any, list[int]], GraphPESModel]
