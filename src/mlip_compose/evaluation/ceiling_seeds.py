"""Ceilings over several seeds: the mean of each error and of the ceiling gap, and their spread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Literal

from mlip_compose.evaluation.catalogue import MATCHED, METRICS, Description, describe
from mlip_compose.evaluation.ceiling import CeilingScore, ceiling_estimates
from mlip_compose.evaluation.pooling import frame_pool
from mlip_compose.evaluation.results import SeedValue, Strict
from mlip_compose.evaluation.seeds import over_seeds


class CeilingSummary(Strict):
    """One metric of a potential and its ceiling on one split, over the seeds of their trainings.

    ``ood``, ``ceiling`` and ``gap`` are those of :class:`~mlip_compose.evaluation.ceiling.
    CeilingMetric`, as means over seeds with their spread; None where a seed has no value. They are
    of the ``molecules`` molecules that the ceilings of all seeds were tested on.
    """

    task: str
    level: int
    potential: str
    role: Literal["scale", "feasibility", "learned"]
    train_frames: int
    seeds: tuple[int, ...]
    metric: str
    label: str
    unit: str
    aggregation: str
    ood: SeedValue | None
    ceiling: SeedValue | None
    gap: SeedValue | None
    molecules: int


def ceiling_summaries(
    scores: Iterable[CeilingScore], metrics: Sequence[str] = tuple(METRICS)
) -> tuple[CeilingSummary, ...]:
    """Summarise each potential on each split, and each metric of frames, over the seeds.

    Every seed meets the same resamples of the molecules that all of them have; the interval of a
    mean is over molecules, and the standard deviation beside it over seeds.

    Parameters
    ----------
    scores
        Of any potentials, splits and seeds.
    metrics
        Names of metrics. Those of reactions have no ceiling and are passed over, and so is the
        one like with like, whose OOD error is that of ``forces_mae``.
    """
    groups: dict[tuple[object, ...], list[CeilingScore]] = {}
    for score in scores:
        key = (score.task, score.level, score.potential, score.train_frames, score.dataset_sha256)
        groups.setdefault(key, []).append(score)
    described = [describe(name) for name in metrics if name != MATCHED]
    chosen = [each for each in described if each.source == "frames"]
    return tuple(_summary(group, each) for group in groups.values() for each in chosen)


def _summary(scores: Sequence[CeilingScore], description: Description) -> CeilingSummary:
    pools = [
        tuple(frame_pool(part, description, "ood") for part in (score.ood, score.ceiling))
        for score in scores
    ]
    units = reduce(set.intersection, (set(ood.units) for ood, _ in pools))
    first = scores[0]
    found = [
        ceiling_estimates(
            ood.only(units), ceiling.only(units), first.resamples, first.resampling_seed
        )
        for ood, ceiling in pools
    ]
    return CeilingSummary(
        task=first.task,
        level=first.level,
        potential=first.potential,
        role=first.role,
        train_frames=first.train_frames,
        seeds=tuple(score.seed for score in scores),
        metric=description.name,
        label=description.label,
        unit=description.unit,
        aggregation=description.aggregation,
        ood=over_seeds([each.ood for each in found], first.confidence),
        ceiling=over_seeds([each.ceiling for each in found], first.confidence),
        gap=over_seeds([each.gap for each in found], first.confidence),
        molecules=len(units),
    )
