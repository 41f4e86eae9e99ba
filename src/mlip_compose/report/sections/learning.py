"""Figure: the validation error against gradient steps, and whether it had levelled off."""

from __future__ import annotations

from typing import Any

from mlip_compose.evaluation.study_results import StudyResults, UnitFacts
from mlip_compose.report.entry import Entry
from mlip_compose.report.figures.style import (
    Figure,
    Style,
    line,
    log_axis,
    marker,
    panel,
    plain,
    rounded,
    title,
)
from mlip_compose.report.sections.leaderboard import tasks_of
from mlip_compose.report.words import is_number, number, percent

Curve = list[tuple[int, float]]
"""Gradient steps, and the validation error of the forces in meV/Å."""


def learning_panels(
    results: StudyResults, level: int, styles: dict[Entry, Style]
) -> list[dict[str, Any]]:
    """Return a panel for each task on which a potential was trained by gradient steps.

    Parameters
    ----------
    results
        The study.
    level
        Of the tasks.
    styles
        Of each potential with each of its seeds.

    Returns
    -------
    list of dict
        ``task``, ``figure`` and ``caption``. All panels have the same axes.
    """
    curves: dict[str, dict[Entry, tuple[UnitFacts, Curve]]] = {}
    for task in tasks_of(results):
        for entry in styles:
            unit = _training(results, entry, task, level)
            curve = _curve(unit)
            if unit is not None and curve:
                curves.setdefault(task, {})[entry] = unit, curve
    every = [point for own in curves.values() for _, curve in own.values() for point in curve]
    if not every:
        return []
    last = max(step for step, _ in every)
    x = title("gradient steps") | {"range": [-0.03 * last, 1.03 * last], "nticks": 6}
    y = log_axis(error for _, error in every) | title("validation force MAE, meV/Å")
    return [
        {
            "task": task,
            "figure": {
                "data": [_trace(entry, curve, styles[entry]) for entry, (_, curve) in own.items()],
                "layout": panel(x, y),
            },
            "caption": " ".join(_said(results, e, unit, curve) for e, (unit, curve) in own.items()),
        }
        for task, own in curves.items()
    ]


def _training(results: StudyResults, entry: Entry, task: str, level: int) -> UnitFacts | None:
    return next(
        (
            unit
            for unit in results.units
            if not unit.ceiling
            and (unit.potential, unit.seed, unit.task) == (entry.potential, entry.seed, task)
            and level in unit.levels
        ),
        None,
    )


def _curve(unit: UnitFacts | None) -> Curve:
    points = unit.facts.get("validation_curve", ()) if unit is not None else ()
    return [
        (int(point["step"]), float(point["forces_mae"]))
        for point in points
        if is_number(point["forces_mae"]) and point["forces_mae"] > 0
    ]


def _trace(entry: Entry, curve: Curve, style: Style) -> Figure:
    many = len(curve) > 30  # marks would hide the line
    return {
        "type": "scatter",
        "mode": "lines" if many else "lines+markers",
        "name": plain(entry.label),
        "x": [step for step, _ in curve],
        "y": [rounded(error) for _, error in curve],
        "line": line(style),
        "marker": marker(style) | {"size": 6},
        "hovertemplate": "%{fullData.name}, step %{x}: %{y:.3g} meV/Å<extra></extra>",
    }


def _said(results: StudyResults, entry: Entry, unit: UnitFacts, curve: Curve) -> str:
    step, error = curve[-1]
    text = f"{entry.label}: {number(error)} meV/Å after {step:,} steps"
    verdict = next((v for v in results.levellings if v.training == unit.id), None)
    if verdict is None:
        return f"{text}."
    lowered = f"the last quarter of the steps lowered the error by {percent(verdict.lowered)}"
    return f"{text}, {'levelled off' if verdict.levelled else 'not levelled off'} ({lowered})."
