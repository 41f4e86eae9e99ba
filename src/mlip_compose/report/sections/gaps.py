"""Figure: the gap of each potential on each task, with its interval."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeGuard

from mlip_compose.core.records import Interval
from mlip_compose.evaluation.horizon import HORIZON_GAP
from mlip_compose.report.entry import Entry
from mlip_compose.report.figures.style import (
    Figure,
    Style,
    band,
    bars,
    log_axis,
    marker,
    plain,
    rule,
    title,
)
from mlip_compose.report.sections.ceilings import Ceilings
from mlip_compose.report.sections.leaderboard import Board
from mlip_compose.report.words import DASH, between, is_number, ratio

ROW_HEIGHT = 20  # pixels for one potential on one task
TALL_ROW_HEIGHT = 28  # pixels, with its ceiling gap below it
APART = 0.2  # of a row, between a gap and its ceiling gap

Dot = tuple[float, Interval, str]
"""Height, value with interval, and text."""


def gap_figure(
    board: Board, styles: dict[Entry, Style], ceilings: Ceilings | None = None
) -> Figure:
    """Return dots with intervals: gap on a logarithmic axis, one band a task.

    Lines stand at 1 (no gap) and at the gap that defines the horizon. Where there are ceilings,
    open marks show the ceiling gap below each gap.
    """
    rows, n = board.rows, len(board.rows)
    step = 0.8 / max(n, 1)
    apart = APART * step if ceilings else 0.0
    traces, seen = [], [1.0, HORIZON_GAP]
    for i, row in enumerate(rows):
        dots: list[Dot] = []
        below: list[Dot] = []
        for column, cell in enumerate(row.cells):
            y = column - 0.4 + step * (i + 0.5)
            where = f"{row.entry.label} on {cell.task}"
            ceiling = ceilings.get((cell.task, row.entry)) if ceilings else None
            if cell.metric is not None and _is_shown(cell.metric.gap):
                dots.append((y - apart, cell.metric.gap, f"{where}: gap"))
            if ceiling is not None and _is_shown(ceiling.gap):
                below.append((y + apart, ceiling.gap, f"{where}: ceiling gap"))
        style = styles[row.entry]
        traces.append(_trace(row.entry.label, dots, style, style.symbol))
        if ceilings:
            name = f"{row.entry.label}, ceiling gap"
            traces.append(_trace(name, below, style, f"{style.symbol}-open"))
        for _, gap, _ in (*dots, *below):
            seen += _limits(gap)
    bands = [band(at - 0.5, at + 0.5, along="y") for at in range(0, len(board.tasks), 2)]
    tasks = len(board.tasks)
    ends = [tasks - 0.5, -0.5]
    lines = [rule(1.0, ends, along="x"), rule(HORIZON_GAP, ends, "dot", along="x")]
    return {
        "data": traces,
        "layout": {
            "height": 90 + max(tasks * n * (TALL_ROW_HEIGHT if ceilings else ROW_HEIGHT), 120),
            "margin": {"l": 104, "r": 12, "t": 8, "b": 48},
            "showlegend": False,
            "xaxis": log_axis(seen) | title(f"gap, OOD / ID of {board.label}"),
            "yaxis": {
                "range": ends,
                "tickmode": "array",
                "tickvals": list(range(tasks)),
                "ticktext": [plain(task) for task in board.tasks],
                "showgrid": False,
                "zeroline": False,
            },
            "shapes": bands + lines,
        },
    }


def has_gaps(boards: Iterable[Board]) -> bool:
    """Whether there is a gap to be drawn; a task that trains on nothing has none."""
    return any(
        cell.metric is not None and _is_shown(cell.metric.gap)
        for board in boards
        for row in board.rows
        for cell in row.cells
    )


def _is_shown(gap: Interval | None) -> TypeGuard[Interval]:
    return gap is not None and is_number(gap.value) and gap.value > 0


def _limits(gap: Interval) -> tuple[float, float]:
    return (
        gap.low if is_number(gap.low) else gap.value,
        gap.high if is_number(gap.high) else gap.value,
    )


def _trace(name: str, dots: list[Dot], style: Style, symbol: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": plain(name),
        "x": [round(gap.value, 4) for _, gap, _ in dots],
        "y": [round(y, 4) for y, _, _ in dots],
        "error_x": bars(
            style.colour,
            [round(_limits(gap)[1] - gap.value, 4) for _, gap, _ in dots],
            [round(gap.value - _limits(gap)[0], 4) for _, gap, _ in dots],
        ),
        "marker": marker(style) | {"symbol": symbol, "size": 10},
        "text": [
            plain(f"{text} {ratio(gap.value)} ({between(gap, as_ratio=True) or DASH})")
            for _, gap, text in dots
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }


def gap_caption(board: Board, ceilings: Ceilings | None = None) -> str:
    """Return the numbers of the figure as a sentence."""
    parts = []
    for row in board.rows:
        gaps = []
        for cell in row.cells:
            ceiling = ceilings.get((cell.task, row.entry)) if ceilings else None
            gap = cell.metric.gap if cell.metric is not None else None
            if gap is not None:
                text = f"{cell.task} {ratio(gap.value)} ({between(gap, True) or DASH})"
                if ceiling is not None and ceiling.gap is not None:
                    limits = between(ceiling.gap, True) or DASH
                    text += f", ceiling gap {ratio(ceiling.gap.value)} ({limits})"
                gaps.append(text)
        if gaps:
            parts.append(f"{row.entry.label}: {', '.join(gaps)}")
    return "; ".join(parts) + "." if parts else f"{board.label} has no gap."
