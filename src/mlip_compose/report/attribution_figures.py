"""Figures: force errors by group of atoms, and the part of the energy error that grows with n."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from mlip_compose.evaluation.attribution_results import EnergySplit, ForceGrouping
from mlip_compose.evaluation.results import Interval
from mlip_compose.report.leaderboard import Entry
from mlip_compose.report.numbers import is_number
from mlip_compose.report.style import Figure, Style, log_axis, plain

HEIGHT: Final = 360  # pixels
WIDTH: Final = 0.7  # of the room of a group, shared by all marks
ORDERED: Final = ("chain", "end_distance", "novel_distance")
"""Groupings along a distance or a length, whose marks a line joins."""

Rows = Sequence[tuple[str, str, Interval]]
"""Group, part and value."""


def force_figure(
    by_entry: Mapping[Entry, ForceGrouping],
    groups: Sequence[str],
    ticks: Sequence[str],
    styles: Mapping[Entry, Style],
) -> Figure:
    """Return the force error of each group on a logarithmic axis; filled ID, open OOD.

    Returns
    -------
    dict
        ``figure``, and ``axes``: the error axis with the scale rows (``show``) and without
        (``hide``), which the page puts in. The ``meta`` of a trace names its entry and role.
    """
    rows = {
        entry: [(row.group, row.part, row.forces_mae) for row in grouping.rows]
        for entry, grouping in by_entry.items()
    }
    first = next(iter(by_entry.values()))
    spread: dict[str, list[float]] = {"show": [], "hide": []}
    for entry, own in rows.items():
        values = [v for _, _, i in own for v in (i.low, i.value, i.high) if is_number(v)]
        spread["show"] += values
        spread["hide"] += values if entry.role != "scale" else []
    title = {"title": {"text": f"force MAE, {plain(first.unit)}", "standoff": 4}}
    lines = first.name in ORDERED
    return {
        "figure": _figure(rows, groups, ticks, first.label, styles, lines),
        "axes": {choice: log_axis(v or spread["show"]) | title for choice, v in spread.items()},
    }


def energy_figure(
    by_entry: Mapping[Entry, EnergySplit],
    groups: Sequence[str],
    ticks: Sequence[str],
    styles: Mapping[Entry, Style],
) -> Figure:
    """Return the slope of each family on a linear axis with a line at zero; as ``force_figure``."""
    rows = {
        entry: [(row.group, row.part, row.slope) for row in split.rows if row.slope is not None]
        for entry, split in by_entry.items()
    }
    unit = next(iter(by_entry.values())).slope_unit
    axis = {"title": {"text": f"slope, {plain(unit)}", "standoff": 4}, "zeroline": False}
    figure = _figure(rows, groups, ticks, "end group", styles, lines=False)
    zero = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0}
    zero |= {"layer": "below", "line": {"width": 1.5}, "name": "reference"}
    figure["layout"]["shapes"].append(zero)
    return {"figure": figure, "axes": {"show": axis, "hide": axis}}


def _figure(
    rows: Mapping[Entry, Rows],
    groups: Sequence[str],
    ticks: Sequence[str],
    label: str,
    styles: Mapping[Entry, Style],
    lines: bool,
) -> Figure:
    series = [
        (entry, part, at)
        for entry, own in rows.items()
        for part in ("id", "ood")
        if (at := {group: value for group, p, value in own if p == part})
    ]
    step = WIDTH / max(len(series), 1)
    traces = [
        _trace(entry, styles[entry], part, at, groups, ticks, step * (i + 0.5) - WIDTH / 2, lines)
        for i, (entry, part, at) in enumerate(series)
    ]
    return {
        "data": traces,
        "layout": {
            "height": HEIGHT,
            "margin": {"l": 64, "r": 8, "t": 6, "b": 44},
            "showlegend": False,
            "hovermode": "closest",
            "xaxis": {
                "title": {"text": plain(label), "standoff": 6},
                "range": [-0.6, len(groups) - 0.4],
                "tickmode": "array",
                "tickvals": list(range(len(groups))),
                "ticktext": [plain(tick) for tick in ticks],
                "tickangle": 0,
                "showgrid": False,
                "zeroline": False,
            },
            "yaxis": {},
            "shapes": [
                {
                    "type": "rect",
                    "x0": at - 0.5,
                    "x1": at + 0.5,
                    "yref": "paper",
                    "y0": 0,
                    "y1": 1,
                    "layer": "below",
                    "line": {"width": 0},
                    "name": "band",
                }
                for at in range(0, len(groups), 2)
            ],
        },
    }


def _trace(
    entry: Entry,
    style: Style,
    part: str,
    at: Mapping[str, Interval],
    groups: Sequence[str],
    ticks: Sequence[str],
    dodge: float,
    lines: bool,
) -> Figure:
    places = [i for i, group in enumerate(groups) if group in at]
    values = [at[groups[i]] for i in places]
    marks = [
        (
            round(i + dodge, 3),
            _round(v.value),
            _round(v.high - v.value) if is_number(v.high) else 0.0,
            _round(v.value - v.low) if is_number(v.low) else 0.0,
            plain(ticks[i]),
        )
        for i, v in zip(places, values, strict=True)
    ]
    gap = (None, None, None, None, None)  # what is no distance is not joined to the distances
    with_gaps = [
        point
        for i, mark in zip(places, marks, strict=True)
        for point in ((mark,) if groups[i].isdecimal() else (gap, mark))
    ]
    x, y, above, below, text = zip(*(with_gaps if lines else marks), strict=True)
    return {
        "type": "scatter",
        "mode": "lines+markers" if lines else "markers",
        "meta": {"entry": entry.label, "role": entry.role},
        "name": plain(f"{entry.label}, {part.upper()}"),
        "x": list(x),
        "y": list(y),
        "text": list(text),
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": list(above),
            "arrayminus": list(below),
            "color": style.colour,
            "thickness": 1.5,
            "width": 0,
        },
        "line": {"color": style.colour, "width": 1.5, "dash": style.dash},
        "marker": {
            "color": style.colour,
            "symbol": style.symbol if part == "id" else f"{style.symbol}-open",
            "size": 9,
            "line": {"color": style.colour, "width": 2},
        },
        "hovertemplate": "%{text}: %{y:.3g}<extra>%{fullData.name}</extra>",
    }


def _round(value: float) -> float:
    return float(f"{value:.4g}")
