"""What an evaluation says: every number with its unit, aggregation, level of theory, split and level.

These records are the files of scores (``model_dump_json``), strict in both directions.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

SCORE_SCHEMA: Final = 1


class Strict(BaseModel):
    """A frozen record that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="null")


class Interval(Strict):
    """A value with the 95 % interval of the bootstrap over molecules.

    ``low`` and ``high`` are None where fewer than two molecules leave nothing to resample.
    """

    value: float
    low: float | None = None
    high: float | None = None


class Metric(Strict):
    """One metric of one potential on one split.

    ``name`` is the field's (``forces_mae``); ``unit`` and ``aggregation`` (in words) travel with it.
    ``id``, ``ood`` and ``gap`` (OOD / ID) are None where the split has no such frames or no finite value.
    """

    name: str
    label: str
    unit: str
    aggregation: str
    id: Interval | None
    ood: Interval | None
    gap: Interval | None
    id_frames: int
    ood_frames: int
    id_molecules: int
    ood_molecules: int


class MoleculeScore(Strict):
    """The errors on one molecule's frames; ``values`` maps metric names to values in the metric's unit."""

    molecule: str
    family: str
    left: str
    chain: int
    right: str
    part: Literal["id", "ood"]
    frames: int
    failed_frames: int
    novel_atoms: int
    values: dict[str, float]


class Score(Strict):
    """All that is known of one potential on one task at one level.

    ``resamples`` is the number of bootstrap resamples; intervals are at ``confidence``.
    """

    schema_version: Literal[1] = SCORE_SCHEMA
    task: str
    level: int
    coverage_radius: int
    potential: str
    role: Literal["scale", "feasibility", "learned"]
    seed: int
    dataset: str
    dataset_sha256: str
    reference: str
    train_frames: int
    train_molecules: int
    resamples: int
    confidence: float
    metrics: tuple[Metric, ...]
    molecules: tuple[MoleculeScore, ...]
    failed_frames: int

    def metric(self, name: str) -> Metric:
        """Return the metric of this name."""
        return next(metric for metric in self.metrics if metric.name == name)


class PairedDifference(Strict):
    """How two potentials differ on the same resampled molecules.

    ``difference`` is b - a of ``quantity`` (``ood`` error in the metric's unit, or ``gap``), and
    ``probability`` the share of resamples in which a is the smaller.
    """

    task: str
    level: int
    seed: int
    metric: str
    unit: str
    quantity: Literal["ood", "gap"]
    a: str
    b: str
    difference: Interval
    probability: float
