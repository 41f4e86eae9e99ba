"""Figure: the error on unseen molecules against what a potential costs, potentials named in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mlip_compose.core.records import Interval
from mlip_compose.evaluation.study_results import StudyResults, UnitFacts
from mlip_compose.report.entry import Entry
from mlip_compose.report.figures.label_places import Point, direct_names
from mlip_compose.report.figures.style import (
    Figure,
    Style,
    bars,
    log_axis,
    marker,
    panel,
    plain,
    rounded,
    title,
)
from mlip_compose.report.sections.leaderboard import MAIN_METRIC, cell_of, tasks_of, unit_of
from mlip_compose.report.words import between, is_number, number

ROOM: Final = 0.16
"""Of the span of an axis, free at both ends for names."""

Cost = tuple[str, str, Callable[[UnitFacts], float | None]]


def _cpu_minutes(unit: UnitFacts) -> float | None:
    seconds = unit.cost.get("cpu_s")
    return float(seconds) / 60.0 if isinstance(seconds, int | float) else None


def _parameters(unit: UnitFacts) -> float | None:
    count = unit.cost.get("parameters")
    return float(count) if isinstance(count, int | float) else None


COSTS: Final[dict[str, Cost]] = {
    "cpu": ("CPU time of the training", "min", _cpu_minutes),
    "parameters": ("fitted parameters", "", _parameters),
}
"""Kind of cost -> its name, its unit, and how a training tells it."""


@dataclass(frozen=True)
class _Point:
    """A potential: its cost, its error on unseen molecules, and on what it was trained."""

    entry: Entry
    cost: float
    ood: Interval
    device: str


def cost_document(
    results: StudyResults, level: int, styles: dict[Entry, Style]
) -> dict[str, list[dict[str, Any]]]:
    """Return for each kind of cost a panel a task: ``task``, ``figure`` and ``caption``.

    Scale rows, which are not trained to be good, are not drawn. The axes are the same for all
    tasks. A kind of cost that no potential tells has no panels.
    """
    document = {}
    for kind, cost in COSTS.items():
        points_of_task = {
            task: points
            for task in tasks_of(results)
            if (points := _points(results, task, level, list(styles), cost))
        }
        every = [point for points in points_of_task.values() for point in points]
        if every:
            x = log_axis([p.cost for p in every], margin=ROOM) | title(_name(cost))
            errors = [
                v for p in every for v in (p.ood.value, p.ood.low, p.ood.high) if is_number(v)
            ]
            unit = unit_of(results, MAIN_METRIC)
            y = log_axis(errors, margin=ROOM) | title(f"OOD force MAE, {unit}")
            document[kind] = [
                {
                    "task": task,
                    "figure": _figure(points, styles, x, y),
                    "caption": _caption(points, cost, unit),
                }
                for task, points in points_of_task.items()
            ]
    return document


def _points(
    results: StudyResults, task: str, level: int, entries: Sequence[Entry], cost: Cost
) -> list[_Point]:
    points = []
    for entry in entries:
        metric = cell_of(results, entry, task, level, MAIN_METRIC).metric
        trainings = [
            unit
            for unit in results.units
            if unit.status == "done"
            and not unit.ceiling
            and (unit.potential, unit.task) == (entry.potential, task)
            and entry.seed in (None, unit.seed)
            and level in unit.levels
        ]
        costs = [c for unit in trainings if (c := cost[2](unit)) is not None and c > 0]
        ood = metric.ood if metric is not None else None
        if entry.role != "scale" and costs and ood is not None and _positive(ood):
            devices = {str(unit.cost.get("device", "cpu")) for unit in trainings}
            mean = sum(costs) / len(costs)
            points.append(_Point(entry, mean, ood, ", ".join(sorted(devices))))
    return points


def _positive(interval: Interval) -> bool:
    return is_number(interval.value) and interval.value > 0


def _name(cost: Cost) -> str:
    return f"{cost[0]}, {cost[1]}" if cost[1] else cost[0]


def _figure(
    points: list[_Point], styles: dict[Entry, Style], x: dict[str, Any], y: dict[str, Any]
) -> Figure:
    names = direct_names([_place(point, x["range"], y["range"]) for point in points])
    layout = panel(x, y)
    layout["annotations"] = [
        name | {"x": round(math.log10(p.cost), 4), "y": round(math.log10(p.ood.value), 4)}
        for name, p in zip(names, points, strict=True)
    ]
    return {"data": [_trace(point, styles[point.entry]) for point in points], "layout": layout}


def _place(point: _Point, x: tuple[float, float], y: tuple[float, float]) -> Point:
    def fraction(value: float, ends: tuple[float, float]) -> float:
        return (math.log10(value) - ends[0]) / (ends[1] - ends[0])

    middle, low, high = (fraction(value, y) for value in _limits(point.ood))
    return Point(point.entry.label, fraction(point.cost, x), middle, low, high)


def _limits(ood: Interval) -> tuple[float, float, float]:
    """Return an error and the ends of its interval, which is that point where there is none."""
    low, high = (end if is_number(end) and end > 0 else ood.value for end in (ood.low, ood.high))
    return ood.value, low, high


def _trace(point: _Point, style: Style) -> Figure:
    value, low, high = _limits(point.ood)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": plain(point.entry.label),
        "x": [rounded(point.cost)],
        "y": [rounded(value)],
        "error_y": bars(style.colour, [rounded(high - value)], [rounded(value - low)]),
        "marker": marker(style) | {"size": 10},
        "text": [
            plain(
                f"{point.entry.label}: {number(value)} ({between(point.ood)}), cost "
                f"{number(point.cost)}, trained on {point.device}"
            )
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _caption(points: list[_Point], cost: Cost, unit: str) -> str:
    texts = [
        f"{p.entry.label} {number(p.cost)}{' ' + cost[1] if cost[1] else ''}, "
        f"{number(p.ood.value)} {unit}"
        for p in points
    ]
    others = sorted({p.device for p in points} - {"cpu"})
    note = f" Not only on CPUs: {', '.join(others)}." if others else ""
    return (
        f"{_name(cost)[0].upper()}{_name(cost)[1:]}, and OOD force MAE: {'; '.join(texts)}.{note}"
    )
