"""What every record of an evaluation is made of: strict models, and values with intervals."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A frozen record that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="null")


class Interval(Strict):
    """A value with the 95 % interval of the bootstrap over molecules (``bootstrap``).

    ``low`` and ``high`` are None where fewer than two molecules leave nothing to resample.
    """

    value: float
    low: float | None = None
    high: float | None = None
