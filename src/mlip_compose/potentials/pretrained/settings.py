"""Settings of pretrained potentials; nothing here imports torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mlip_compose.potentials.base import Settings
from mlip_compose.potentials.neural_kind import (
    BatchSize,
    LearningRate,
    Steps,
    TrainingSettings,
    Validations,
)


class ZeroShotSettings(Settings):
    """Settings of a published model that is used as it is."""

    dtype: Literal["float32", "float64"] = Field(
        default="float32", description="of the network; energies are summed up in float64"
    )


class FineTuningSettings(TrainingSettings):
    """Settings of a training that starts from a published model.

    By default it sees 6,000 frames, as the small kinds from scratch do. ``docs/potentials`` says in
    ``fine-tuning.md`` how the defaults were chosen.
    """

    steps: Steps = 750
    batch_size: BatchSize = 8
    learning_rate: LearningRate = 1e-4
    validations: Validations = 5
