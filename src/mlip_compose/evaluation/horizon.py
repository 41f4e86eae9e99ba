"""The horizon: how much of its parts a task has to show before a potential generalises.

The levels of a task differ in their coverage radius r*: at level r every environment out to r
bonds around an atom of the unseen molecules occurs in training. A potential whose gap is small at
level r and large below it makes use of environments of r bonds: r is its horizon.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from mlip_compose.evaluation.results import Interval, Score, Strict

HORIZON_GAP: Final = 1.5
"""The gap up to which a potential counts as generalising."""

HORIZON_METRICS: Final = ("forces_mae", "forces_mae_novel", "energy_mae_per_atom_within")
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

    ``horizon`` is the smallest level among ``points`` whose gap is at most ``threshold``, whatever
    the gaps at higher levels are; None where there is none. ``certain`` says whether the high end
    of that gap's interval is at most the threshold, too; None without a horizon. Levels without a
    score are not among the points.
    """

    task: str
    potential: str
    role: Literal["scale", "feasibility", "learned"]
    seed: int
    metric: str
    label: str
    unit: str
    aggregation: str
    confidence: float
    threshold: float
    points: tuple[HorizonPoint, ...]
    horizon: int | None
    certain: bool | None


def horizons(
    scores: Iterable[Score],
    metrics: Sequence[str] = HORIZON_METRICS,
    threshold: float = HORIZON_GAP,
) -> tuple[Horizon, ...]:
    """Return the horizons of all potentials that were scored at several levels of a task.

    Parameters
    ----------
    scores
        Any scores; those of a task, potential, seed and data set belong together.
    metrics
        Names of metrics; one that a score lacks is passed over.
    threshold
        The gap up to which a potential counts as generalising.
    """
    groups: dict[tuple[object, ...], list[Score]] = {}
    for score in scores:
        key = (score.task, score.potential, score.seed, score.dataset_sha256)
        groups.setdefault(key, []).append(score)
    return tuple(
        horizon(group, metric, threshold)
        for group in groups.values()
        if len({score.level for score in group}) > 1
        for metric in metrics
        if all(metric in {m.name for m in score.metrics} for score in group)
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
    ordered = sorted(scores, key=lambda score: score.level)
    points = tuple(_point(score, metric) for score in ordered)
    reached = next((p for p in points if p.gap is not None and p.gap.value <= threshold), None)
    certain = None
    if reached is not None and reached.gap is not None:
        certain = reached.gap.high is not None and reached.gap.high <= threshold
    example = ordered[0].metric(metric)
    return Horizon(
        task=ordered[0].task,
        potential=ordered[0].potential,
        role=ordered[0].role,
        seed=ordered[0].seed,
        metric=metric,
        label=example.label,
        unit=example.unit,
        aggregation=example.aggregation,
        confidence=ordered[0].confidence,
        threshold=threshold,
        points=points,
        horizon=None if reached is None else reached.level,
        certain=certain,
    )


def _point(score: Score, name: str) -> HorizonPoint:
    metric = score.metric(name)
    return HorizonPoint(
        level=score.level,
        coverage_radius=score.coverage_radius,
        id=metric.id,
        ood=metric.ood,
        gap=metric.gap,
    )
