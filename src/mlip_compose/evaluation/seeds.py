"""Several seeds of one potential: their mean and spread, and the molecules' interval apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any, Final, TypeVar

import numpy as np

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import TEST_PARTS, TestPart
from mlip_compose.evaluation.bootstrap import Estimate, estimates
from mlip_compose.evaluation.metric_names import METRICS, Description, describe
from mlip_compose.evaluation.pooling import Pool, pool
from mlip_compose.evaluation.results import OverSeeds, Score, ScoredRow, SeedSummary, SeedValue

Scored = TypeVar("Scored", bound=ScoredRow)

_SAME: Final = (
    "task",
    "level",
    "potential",
    "train_frames",
    "dataset_sha256",
    "reference",
    "resamples",
    "resampling_seed",
    "confidence",
)


def summarise_seeds(scores: Sequence[Score], metric: str) -> SeedSummary:
    """Summarise one metric of one potential on one split over the seeds of its training.

    The interval of the mean is that of the bootstrap over molecules, every seed on the same
    resampled molecules; the standard deviation over seeds (n - 1 in the denominator) stands beside
    it. The two answer different questions: whether other molecules, and whether another training,
    would give another number. A molecule that has a value from some seeds alone is left out of all.

    Parameters
    ----------
    scores
        Scores, one for each seed.
    metric
        Name of a metric.

    Raises
    ------
    RequestError
        There is no score, a seed comes twice, or the scores differ in more than the seed.
    """
    description = describe(metric)
    _check(scores)
    id_pools, ood_pools = (_common(scores, description, part) for part in TEST_PARTS)
    first = scores[0]
    quantities = [
        estimates(id_pool, ood_pool, first.resamples, first.resampling_seed)
        for id_pool, ood_pool in zip(id_pools, ood_pools, strict=True)
    ]
    return SeedSummary(
        **over_seeds(scores, description),
        id=seed_value([seed.id for seed in quantities], first.confidence),
        ood=seed_value([seed.ood for seed in quantities], first.confidence),
        gap=seed_value([seed.gap for seed in quantities], first.confidence),
        failed_frames=sum(score.failed_frames for score in scores),
    )


def seed_summaries(
    scores: Iterable[Score], metrics: Sequence[str] = tuple(METRICS)
) -> tuple[SeedSummary, ...]:
    """Summarise each potential on each split, and each metric, in the order of first appearance."""
    return tuple(summarise_seeds(group, metric) for group in by_row(scores) for metric in metrics)


def by_row(scores: Iterable[Scored]) -> list[list[Scored]]:
    """Return groups of scores that differ in the seed alone, in the order of first appearance."""
    groups: dict[tuple[object, ...], list[Scored]] = {}
    for score in scores:
        groups.setdefault(_key(score), []).append(score)
    return list(groups.values())


def over_seeds(scores: Sequence[Scored], description: Description) -> dict[str, Any]:
    """Return the fields of :class:`OverSeeds` for scores that differ in the seed alone."""
    return {
        **scores[0].shared_with(OverSeeds),
        "seeds": tuple(score.seed for score in scores),
        "metric": description.name,
        **description.words,
    }


def common_pools(pools: Sequence[Pool]) -> list[Pool]:
    """Return pools, one a seed, on the molecules that all of them have."""
    units = reduce(set.intersection, (set(pool.units) for pool in pools))
    return [pool.only(units) for pool in pools]


def seed_value(per_seed: Sequence[Estimate | None], confidence: float) -> SeedValue | None:
    """Return mean and spread of the estimates, one a seed; None where a seed has none."""
    present = [estimate for estimate in per_seed if estimate is not None]
    if len(present) < len(per_seed):
        return None
    values = [estimate.value for estimate in present]
    return SeedValue(
        mean=mean_estimate(present).interval(confidence),
        sd=float(np.std(values, ddof=1)) if len(values) > 1 else None,
    )


def _key(score: ScoredRow) -> tuple[object, ...]:
    return tuple(getattr(score, name) for name in _SAME)


def _check(scores: Sequence[Score]) -> None:
    if not scores:
        raise RequestError("at least one score to summarise", "none")
    seeds = [score.seed for score in scores]
    if len(set(seeds)) < len(seeds):
        raise RequestError("one score for each seed", f"the seeds {seeds}")
    for score in scores[1:]:
        for name, ours, theirs in zip(_SAME, _key(scores[0]), _key(score), strict=True):
            if ours != theirs:
                raise RequestError(
                    "scores that differ in the seed alone", f"{name} {ours!r} and {theirs!r}"
                )


def _common(scores: Sequence[Score], description: Description, part: TestPart) -> list[Pool]:
    return common_pools(
        [pool(score.molecules, score.reactions, description, part) for score in scores]
    )


def mean_estimate(per_seed: Sequence[Estimate]) -> Estimate:
    """Return the mean of estimates that were made on the same resampled molecules."""
    samples = [one.samples for one in per_seed if one.samples is not None]
    complete = len(samples) == len(per_seed)
    influences = zip(*(one.influences for one in per_seed), strict=True)
    return Estimate(
        float(np.mean([one.value for one in per_seed])),
        np.mean(samples, axis=0) if complete else None,
        tuple(np.mean(parts, axis=0) for parts in influences) if complete else (),
    )
