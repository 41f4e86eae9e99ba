"""The horizon: how much of its parts a task has to show before a potential generalises.

The levels of a task differ in their coverage radius r*: at level r every environment out to r
bonds around an atom of the unseen molecules occurs in training. A potential whose gap is small at
level r and large below it makes use of environments of r bonds: r is its horizon.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from mlip_compose.core.documents import Strict
from mlip_compose.core.records import Interval, Role
from mlip_compose.evaluation.metric_names import MATCHED
from mlip_compose.evaluation.results import Score, SeedSummary, SeedValue

HORIZON_GAP: Final = 1.5
"""The gap up to which a potential counts as generalising."""

HORIZON_METRICS: Final = (
    "forces_mae",
    MATCHED,
    "forces_mae_novel",
    "energy_mae_per_atom_within",
)
"""The metrics whose horizon a study reports."""


class HorizonPoint(Strict):
    """A potential at one level.

    ``coverage_radius`` is r* of the split, in bonds, as certified; ``id`` and ``ood`` are errors in
    the horizon's unit and ``gap`` their ratio, each with its interval over molecules.
    """

    level: int
    coverage_radius: int
    id: Interval | None
    ood: Interval | None
    gap: Interval | None


class Horizon(Strict):
    """The horizon of one potential on one task, by one metric.

    ``seed`` is None for that of the means over seeds.
    ``horizon`` is the smallest level among ``points`` whose gap is at most ``threshold``, whatever
    the gaps at higher levels are; None where there is none. ``certain`` says whether the high end
    of that gap's interval is at most the threshold, too; None without a horizon. Levels without a
    score are not among the points.
    """

    task: str
    potential: str
    role: Role
    seed: int | None
    metric: str
    label: str
    unit: str
    aggregation: str
    threshold: float
    points: tuple[HorizonPoint, ...]
    horizon: int | None
    certain: bool | None


def horizons(
    scores: Iterable[Score],
    summaries: Iterable[SeedSummary] = (),
    metrics: Sequence[str] = HORIZON_METRICS,
    threshold: float = HORIZON_GAP,
) -> tuple[Horizon, ...]:
    """Return the horizons of all potentials that were scored at several levels of a task.

    Parameters
    ----------
    scores
        Any scores; those of a task, potential, seed and data set belong together.
    summaries
        Of these scores over seeds, where there are several: the horizons of their means come after
        those of the single seeds.
    metrics
        Names of metrics; one that a score lacks is passed over.
    threshold
        The gap up to which a potential counts as generalising.
    """
    groups: dict[tuple[object, ...], list[Score]] = {}
    radii: dict[tuple[str, int], int] = {}
    for score in scores:
        key = (score.task, score.potential, score.seed, score.dataset_sha256)
        groups.setdefault(key, []).append(score)
        split = score.task, score.level
        radii[split] = min(score.coverage_radius, radii.get(split, score.coverage_radius))
    single = [
        horizon(group, metric, threshold)
        for group in groups.values()
        if len({score.level for score in group}) > 1
        for metric in metrics
        if all(metric in {m.name for m in score.metrics} for score in group)
    ]
    means: dict[tuple[str, str, str], list[SeedSummary]] = {}
    for summary in summaries:
        if summary.metric in metrics:
            means.setdefault((summary.task, summary.potential, summary.metric), []).append(summary)
    return (
        *single,
        *(_of_means(group, radii, threshold) for group in means.values() if len(group) > 1),
    )


def horizon(
    scores: Sequence[Score], metric: str = "forces_mae", threshold: float = HORIZON_GAP
) -> Horizon:
    """Return the horizon of one potential.

    Parameters
    ----------
    scores
        At least one score, of one potential on one task, each at another level.
    metric
        Name of a metric that every score has.
    threshold
        The gap up to which a potential counts as generalising.
    """
    points = [
        HorizonPoint(
            **score.shared_with(HorizonPoint), **score.metric(metric).shared_with(HorizonPoint)
        )
        for score in scores
    ]
    return Horizon(
        **scores[0].shared_with(Horizon),
        metric=metric,
        **scores[0].metric(metric).shared_with(Horizon),
        threshold=threshold,
        **_reached(points, threshold),
    )


def _of_means(
    summaries: Sequence[SeedSummary], radii: Mapping[tuple[str, int], int], threshold: float
) -> Horizon:
    points = [
        HorizonPoint(
            level=summary.level,
            coverage_radius=radii[summary.task, summary.level],
            id=_mean(summary.id),
            ood=_mean(summary.ood),
            gap=_mean(summary.gap),
        )
        for summary in summaries
    ]
    return Horizon(
        **summaries[0].shared_with(Horizon),
        seed=None,
        threshold=threshold,
        **_reached(points, threshold),
    )


def _mean(value: SeedValue | None) -> Interval | None:
    return None if value is None else value.mean


def _reached(points: Sequence[HorizonPoint], threshold: float) -> dict[str, Any]:
    """Return the points by level, the smallest level with a small gap, and whether it is surely."""
    ordered = sorted(points, key=lambda point: point.level)
    for point in ordered:
        if point.gap is not None and point.gap.value <= threshold:
            certain = point.gap.high is not None and point.gap.high <= threshold
            return {"points": tuple(ordered), "horizon": point.level, "certain": certain}
    return {"points": tuple(ordered), "horizon": None, "certain": None}
