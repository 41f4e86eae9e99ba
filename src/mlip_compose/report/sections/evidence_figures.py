"""Figures of certificates: coverage and divergence by radius, a line a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mlip_compose.report.figures.style import (
    DASHES,
    PALETTE,
    SYMBOLS,
    Figure,
    Style,
    line,
    marker,
    panel,
    plain,
    rule,
    title,
)
from mlip_compose.report.sections.evidence import Evidence
from mlip_compose.report.words import DASH

HEIGHT: Final = 280  # pixels


def task_styles(evidences: Sequence[Evidence]) -> dict[str, Style]:
    """Return a style for each task that has a certificate."""
    tasks = dict.fromkeys(item.task for item in evidences)
    return {
        task: Style(PALETTE[i % len(PALETTE)], SYMBOLS[i % len(SYMBOLS)], DASHES[i % len(DASHES)])
        for i, task in enumerate(tasks)
    }


def evidence_panels(
    evidences: Sequence[Evidence], styles: Mapping[str, Style]
) -> list[dict[str, Any]]:
    """Return for each level the figures of coverage and of divergence.

    Returns
    -------
    list of dict
        ``level``, ``name``, ``figure`` and ``caption``.
    """
    panels = []
    for level in sorted({item.level for item in evidences}):
        certified = [item for item in evidences if item.level == level and item.reach]
        if not certified:
            continue
        radii = ", ".join(f"{item.task} r* = {item.radius}" for item in certified)
        beyond = ", ".join(f"{item.task} {_first_loss(item)}" for item in certified)
        panels += [
            {
                "level": level,
                "name": "coverage",
                "figure": _coverage(certified, styles),
                "caption": (
                    "Share of the atoms of unseen molecules whose surroundings out to r bonds "
                    f"occur in training. It is complete up to the coverage radius ({radii}) and "
                    f"falls beyond it: {beyond}."
                ),
            },
            {
                "level": level,
                "name": "divergence",
                "figure": _divergence(certified, styles),
                "caption": (
                    "How differently surroundings are distributed in training and among the "
                    "unseen molecules: 0 alike, 1 nothing in common. Left of the line atoms, "
                    "which should be alike; right of it what they combine to."
                ),
            },
        ]
    return panels


def _first_loss(item: Evidence) -> str:
    lost = next((reach for reach in item.reach if reach.coverage < 1.0), None)
    return DASH if lost is None else f"{lost.covered} at r = {lost.radius}"


def _coverage(items: Sequence[Evidence], styles: Mapping[str, Style]) -> Figure:
    rows = {
        item.task: [(r.radius, 100 * r.coverage, f"{r.covered} covered") for r in item.reach]
        for item in items
    }
    figure = _lines(rows, styles, "atoms covered, %")
    figure["layout"]["yaxis"] |= {"range": [-4, 106], "dtick": 25}
    return figure


def _divergence(items: Sequence[Evidence], styles: Mapping[str, Style]) -> Figure:
    rows = {
        item.task: [
            (r.radius, float(r.divergence), f"divergence {r.divergence}")
            for r in item.reach
            if r.divergence != DASH
        ]
        for item in items
    }
    figure = _lines(rows, styles, "divergence, 0 to 1")
    ends = [-0.04, 1.06]
    figure["layout"]["yaxis"] |= {"range": ends, "dtick": 0.25}
    figure["layout"]["shapes"] = [rule(1.5, ends, "dot", along="x")]
    return figure


def _lines(
    rows: Mapping[str, Sequence[tuple[int, float, str]]], styles: Mapping[str, Style], quantity: str
) -> Figure:
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": plain(task),
            "x": [radius for radius, _, _ in points],
            "y": [value for _, value, _ in points],
            "line": line(styles[task]),
            "marker": marker(styles[task]),
            "text": [f"{plain(task)}, r = {radius}: {text}" for radius, _, text in points],
            "hoverinfo": "text",
        }
        for task, points in rows.items()
    ]
    x = title("radius r, bonds") | {"dtick": 1, "range": [-0.3, 6.3]}
    return {"data": traces, "layout": panel(x, title(quantity), height=HEIGHT)}
