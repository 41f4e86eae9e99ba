"""Figures: force errors by group of atoms, and the part of the energy error that grows with n."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from mlip_compose.core.records import Interval
from mlip_compose.evaluation.results import EnergySplit, ForceGrouping
from mlip_compose.report.entry import Entry
from mlip_compose.report.figures.style import (
    PANEL_HEIGHT,
    Figure,
    Style,
    band,
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
from mlip_compose.report.words import is_number, shortened

WIDE: Final = 6  # letters of a name that no longer fits under its group
MANY: Final = 14  # groups, of more only short names fit
NARROW: Final = 3  # letters of such a name
LETTER: Final = 6  # pixels of a letter
WIDTH: Final = 0.7  # of the room of a group, shared by all marks
ORDERED: Final = ("chain", "heavy_atoms", "end_distance", "novel_distance", "seen_radius")
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
    name = title(f"force MAE, {first.unit}")
    lines = first.name in ORDERED
    return {
        "figure": _figure(rows, groups, ticks, first.label, styles, lines),
        "axes": {choice: log_axis(v or spread["show"]) | name for choice, v in spread.items()},
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
    axis = title(f"slope, {unit}") | {"zeroline": False}
    figure = _figure(rows, groups, ticks, "end group", styles, lines=False)
    figure["layout"]["shapes"].append(rule(0.0, figure["layout"]["xaxis"]["range"]))
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
    names = [shortened(tick) for tick in ticks]
    widest = max(map(len, names), default=0)
    upright = widest > (WIDE if len(names) <= MANY else NARROW)
    below = LETTER + widest * LETTER if upright else 0
    layout = panel(
        title(label)
        | {
            "range": [-0.6, len(groups) - 0.4],
            "tickmode": "array",
            "tickvals": list(range(len(groups))),
            "ticktext": [plain(name) for name in names],
            "showgrid": False,
        }
        | ({"tickangle": -90} if upright else {}),
        {},
        [band(at - 0.5, at + 0.5) for at in range(0, len(groups), 2)],
        height=PANEL_HEIGHT + below,
    )
    if upright:
        layout["margin"] = layout["margin"] | {"b": layout["margin"]["b"] + below}
    return {"data": traces, "layout": layout}


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
            rounded(v.value),
            rounded(v.high - v.value) if is_number(v.high) else 0.0,
            rounded(v.value - v.low) if is_number(v.low) else 0.0,
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
        "error_y": bars(style.colour, above, below),
        "line": line(style),
        "marker": marker(style, hollow=part == "ood"),
        "hovertemplate": "%{text}: %{y:.3g}<extra>%{fullData.name}</extra>",
    }
