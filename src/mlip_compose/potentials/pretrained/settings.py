"""Settings of pretrained potentials; nothing here imports torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mlip_compose.potentials.base import Settings
from mlip_compose.potentials.neural_kind import TrainingSettings


class ZeroShotSettings(Settings):
    """Settings of a published model that is used as it is."""

    dtype: Literal["float32", "float64"] = Field(
        default="float32", description="of the network; energies are summed up in float64"
    )


class FineTuningSettings(TrainingSettings):
    """Settings of a training that starts from a published model.

    The defaults were chosen as ``docs/potentials/fine-tuning.md`` says.
    """

    learning_rate: float = Field(default=1e-4, gt=0, description="peak of the schedule, Adam")
