"""Figures and tables: gap and error against the coverage radius, and the horizon of each potential.

Beside a horizon stands the receptive field of the potential: how far it could see, and how much of
what it sees has to be shown in training before it generalises.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mlip_compose.core.records import Interval, ReceptiveField
from mlip_compose.evaluation.horizon import HORIZON_GAP, Horizon, HorizonPoint
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.entry import Entry
from mlip_compose.report.figures.style import (
    Figure,
    Style,
    bars,
    line,
    log_axis,
    marker,
    panel,
    plain,
    rounded,
    rule,
    title,
)
from mlip_compose.report.sections.leaderboard import MAIN_METRIC, runs_of, tasks_of
from mlip_compose.report.words import DASH, between, is_number, number, ratio

DODGE = 0.05  # bonds, between potentials that would hide each other

Quantity = Literal["gap", "ood"]


@dataclass(frozen=True)
class HorizonCell:
    """A horizon as text: the level, what its interval says of it, and all that belongs to it."""

    text: str
    detail: str
    note: str


@dataclass(frozen=True)
class HorizonRow:
    """A potential: its receptive field, and a cell for each task."""

    entry: Entry
    bonds: str
    angstrom: str
    words: str
    cells: tuple[HorizonCell, ...]


@dataclass(frozen=True)
class HorizonTable:
    """The horizons by one metric."""

    metric: str
    label: str
    tasks: tuple[str, ...]
    rows: tuple[HorizonRow, ...]
    points: tuple[tuple[str, ...], ...]


def horizon_tables(results: StudyResults, entries: Sequence[Entry]) -> tuple[HorizonTable, ...]:
    """Return a table for each metric, the force error first; none for a study of one level."""
    metrics = {h.metric: h.label for h in results.horizons}
    tasks = tuple(t for t in tasks_of(results) if any(h.task == t for h in results.horizons))
    return tuple(
        HorizonTable(
            metric=metric,
            label=label,
            tasks=tasks,
            rows=tuple(_row(results, entry, metric, tasks) for entry in entries),
            points=tuple(
                (task, entry.label, *_numbers(point, horizon.unit))
                for task in tasks
                for entry in entries
                if (horizon := find_horizon(results, entry, task, metric)) is not None
                for point in horizon.points
            ),
        )
        for metric, label in sorted(metrics.items(), key=lambda item: item[0] != MAIN_METRIC)
    )


def find_horizon(results: StudyResults, entry: Entry, task: str, metric: str) -> Horizon | None:
    """Return the horizon of an entry on a task, or None."""
    wanted = (entry.potential, entry.seed, task, metric)
    return next(
        (h for h in results.horizons if (h.potential, h.seed, h.task, h.metric) == wanted), None
    )


def _row(results: StudyResults, entry: Entry, metric: str, tasks: Sequence[str]) -> HorizonRow:
    field = _field(results, entry)
    return HorizonRow(
        entry=entry,
        bonds=DASH if field is None else f"{field.bonds}",
        angstrom=DASH if field is None or field.angstrom is None else f"{field.angstrom:g}",
        words="not known" if field is None else field.words,
        cells=tuple(_cell(results, entry, task, metric) for task in tasks),
    )


def _field(results: StudyResults, entry: Entry) -> ReceptiveField | None:
    return next(
        (
            unit.receptive_field
            for unit in results.units
            if unit.potential == entry.potential and unit.receptive_field is not None
        ),
        None,
    )


def _cell(results: StudyResults, entry: Entry, task: str, metric: str) -> HorizonCell:
    horizon = find_horizon(results, entry, task, metric)
    if horizon is None:
        return HorizonCell(DASH, "", f"{entry.label} on {task}: not scored at several levels.")
    levels = ", ".join(str(point.level) for point in horizon.points)
    gaps = ", ".join(f"{_value(p.gap, True)} at level {p.level}" for p in horizon.points)
    note = (
        f"{entry.label} on {task}: of the levels {levels}, the smallest with a gap of at most "
        f"{horizon.threshold:g} is {'none' if horizon.horizon is None else horizon.horizon}; "
        f"gaps: {gaps}."
    )
    seeds = [
        "none" if single.horizon is None else str(single.horizon)
        for run in runs_of(results)
        if entry.seed is None and run.potential == entry.potential
        for single in (find_horizon(results, run, task, metric),)
        if single is not None
    ]
    if seeds:
        note += f" Of single seeds: {', '.join(seeds)}."
    if horizon.horizon is None:
        return HorizonCell("none", f"of levels {levels}", note)
    return HorizonCell(str(horizon.horizon), "certain" if horizon.certain else "uncertain", note)


def _numbers(point: HorizonPoint, unit: str) -> tuple[str, ...]:
    return (
        str(point.level),
        str(point.coverage_radius),
        _value(point.gap, as_ratio=True),
        f"{_value(point.ood)} {unit}",
    )


def _value(interval: Interval | None, as_ratio: bool = False) -> str:
    if interval is None or not is_number(interval.value):
        return DASH
    limits = between(interval, as_ratio)
    value = ratio(interval.value) if as_ratio else number(interval.value)
    return f"{value} ({limits})" if limits else value


def horizon_panels(results: StudyResults, styles: dict[Entry, Style]) -> list[dict[str, Any]]:
    """Return two panels a task: gap, and force error on unseen molecules, against r*.

    Returns
    -------
    list of dict
        ``task``, ``what``, ``figure`` and ``caption``. Scale rows are not drawn.
    """
    panels = []
    for task in tasks_of(results):
        by_entry = {
            entry: horizon
            for entry in styles
            if entry.role != "scale"
            and (horizon := find_horizon(results, entry, task, MAIN_METRIC)) is not None
        }
        if not by_entry:
            continue
        example = next(iter(by_entry.values()))
        quantities: tuple[tuple[Quantity, str], ...] = (
            ("gap", "gap, OOD / ID"),
            ("ood", f"OOD {example.label}, {example.unit}"),
        )
        for quantity, name in quantities:
            panels.append(
                {
                    "task": task,
                    "what": name,
                    "figure": _figure(by_entry, styles, quantity, name),
                    "caption": _caption(by_entry, quantity),
                }
            )
    return panels


def _figure(
    by_entry: dict[Entry, Horizon], styles: dict[Entry, Style], quantity: Quantity, name: str
) -> Figure:
    traces = []
    seen = [1.0, HORIZON_GAP] if quantity == "gap" else []
    radii = sorted({point.coverage_radius for h in by_entry.values() for point in h.points})
    for i, (entry, horizon) in enumerate(by_entry.items()):
        style = styles[entry]
        points = [
            (point, value)
            for point in horizon.points
            for value in (getattr(point, quantity),)
            if value is not None and is_number(value.value) and value.value > 0
        ]
        limits = [
            tuple(end if is_number(end) else v.value for end in (v.low, v.high)) for _, v in points
        ]
        seen += [end for both in limits for end in both]
        shift = DODGE * (i - (len(by_entry) - 1) / 2)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": plain(entry.label),
                "x": [round(point.coverage_radius + shift, 4) for point, _ in points],
                "y": [rounded(value.value) for _, value in points],
                "error_y": bars(
                    style.colour,
                    [
                        rounded(high - v.value)
                        for (_, v), (_, high) in zip(points, limits, strict=True)
                    ],
                    [
                        rounded(v.value - low)
                        for (_, v), (low, _) in zip(points, limits, strict=True)
                    ],
                ),
                "line": line(style),
                "marker": marker(style),
                "text": [
                    plain(
                        f"{entry.label}, level {point.level}, r* = {point.coverage_radius}: "
                        f"{_value(value, quantity == 'gap')}"
                    )
                    for point, value in points
                ],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    ends = [radii[0] - 0.4, radii[-1] + 0.4]
    return {
        "data": traces,
        "layout": panel(
            title("coverage radius r*, bonds")
            | {
                "range": ends,
                "tickmode": "array",
                "tickvals": radii,
                "ticktext": [str(radius) for radius in radii],
            },
            log_axis(seen) | title(name),
            [rule(1.0, ends), rule(HORIZON_GAP, ends, "dot")] if quantity == "gap" else [],
        ),
    }


def _caption(by_entry: dict[Entry, Horizon], quantity: Quantity) -> str:
    parts = []
    for entry, horizon in by_entry.items():
        values = [
            f"{_value(getattr(point, quantity), quantity == 'gap')} at r* = {point.coverage_radius}"
            for point in horizon.points
        ]
        parts.append(f"{entry.label} {', '.join(values)}")
    return f"{'; '.join(parts)}."
