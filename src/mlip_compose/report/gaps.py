"""Figure: the gap of each potential on each task, with its interval."""

from __future__ import annotations

from mlip_compose.report.leaderboard import Board, Entry
from mlip_compose.report.numbers import DASH, between, is_number, ratio
from mlip_compose.report.style import Figure, Style, log_axis, plain
from mlip_compose.report.words import HORIZON_GAP

ROW_HEIGHT = 20  # pixels for one potential on one task


def gap_figure(board: Board, styles: dict[Entry, Style]) -> Figure:
    """Return dots with intervals: gap on a logarithmic axis, one band a task.

    Lines stand at 1 (no gap) and at the gap that defines the horizon.
    """
    rows, n = board.rows, len(board.rows)
    step = 0.8 / max(n, 1)
    traces, seen = [], [1.0, HORIZON_GAP]
    for i, row in enumerate(rows):
        x, y, plus, minus, text = [], [], [], [], []
        for column, cell in enumerate(row.cells):
            gap = cell.metric.gap if cell.metric else None
            if gap is None or not is_number(gap.value) or gap.value <= 0:
                continue
            low = gap.low if is_number(gap.low) else gap.value
            high = gap.high if is_number(gap.high) else gap.value
            x.append(round(gap.value, 4))
            plus.append(round(high - gap.value, 4))
            minus.append(round(gap.value - low, 4))
            y.append(round(column - 0.4 + step * (i + 0.5), 4))
            text.append(
                plain(
                    f"{row.entry.label} on {cell.task}: gap {ratio(gap.value)} "
                    f"({between(gap, as_ratio=True) or DASH})"
                )
            )
            seen += [low, high]
        style = styles[row.entry]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": plain(row.entry.label),
                "x": x,
                "y": y,
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": plus,
                    "arrayminus": minus,
                    "color": style.colour,
                    "thickness": 2,
                    "width": 0,
                },
                "marker": {
                    "color": style.colour,
                    "symbol": style.symbol,
                    "size": 10,
                    "line": {"color": style.colour, "width": 2},
                },
                "text": text,
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    bands = [
        {
            "type": "rect",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": column - 0.5,
            "y1": column + 0.5,
            "layer": "below",
            "line": {"width": 0},
            "name": "band",
        }
        for column in range(0, len(board.tasks), 2)
    ]
    lines = [
        {
            "type": "line",
            "x0": at,
            "x1": at,
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "layer": "below",
            "line": {"width": 1.5, "dash": dash},
            "name": "reference",
        }
        for at, dash in ((1.0, "solid"), (HORIZON_GAP, "dot"))
    ]
    tasks = len(board.tasks)
    return {
        "data": traces,
        "layout": {
            "height": 90 + max(tasks * n * ROW_HEIGHT, 120),
            "margin": {"l": 104, "r": 12, "t": 8, "b": 48},
            "showlegend": False,
            "xaxis": log_axis(seen) | {"title": {"text": f"gap, OOD / ID of {plain(board.label)}"}},
            "yaxis": {
                "range": [tasks - 0.5, -0.5],
                "tickmode": "array",
                "tickvals": list(range(tasks)),
                "ticktext": [plain(task) for task in board.tasks],
                "showgrid": False,
                "zeroline": False,
            },
            "shapes": bands + lines,
        },
    }


def gap_caption(board: Board) -> str:
    """Return the numbers of the figure as a sentence."""
    parts = []
    for row in board.rows:
        found = [
            f"{cell.task} {ratio(cell.metric.gap.value)} ({between(cell.metric.gap, True) or DASH})"
            for cell in row.cells
            if cell.metric is not None and cell.metric.gap is not None
        ]
        if found:
            parts.append(f"{row.entry.label}: {', '.join(found)}")
    return "; ".join(parts) + "." if parts else f"{board.label} has no gap."
