"""Settings of published models; nothing here imports torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mlip_compose.potentials.base import Settings
from mlip_compose.potentials.neural.settings import (
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

    The default budget is 6,000 frames, that of the small kinds from scratch.
    ``docs/potentials/fine-tuning.md`` says how the defaults were chosen.
    """

    steps: Steps = 750
    batch_size: BatchSize = 8
    learning_rate: LearningRate = 1e-4
    validations: Validations = 5


class WeightsSettings(Settings):
    """Path of the weights, and consent to code in them."""

    weights: str | None = Field(
        default=None, description="path of the weights file; null looks for it and downloads it"
    )
    trust: bool = Field(
        default=False, description="consent to weights that run code when they are loaded"
    )


class NativeSettings(WeightsSettings, ZeroShotSettings):
    """Settings of a published model that runs in this environment, used as it is."""


class TunedSettings(WeightsSettings, FineTuningSettings):
    """Settings of a published model that is trained on here."""
