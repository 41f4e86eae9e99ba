"""Figure: the map of families and chain lengths, coloured by the force error.

One ground (axes, outline of the training cells, what each cell is) a task and level, shared by
all potentials; of each potential only its values. The page puts the two together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.entry import Entry
from mlip_compose.report.figures.style import Figure, log_axis, plain
from mlip_compose.report.sections.leaderboard import MAIN_METRIC, failure_of, find_score, unit_of
from mlip_compose.report.sections.map_cells import Ground, Place, errors_of, ground_of
from mlip_compose.report.words import DASH, family_label, formula, is_number, number, shortened

Grid = tuple[tuple[Place | None, ...], ...]
QUANTITIES = ("error", "ratio")
ROW = 30  # pixels a row
LETTER = 7  # pixels of a letter
WIDE = 6  # letters of a name that no longer fits under a column


def map_document(
    results: StudyResults, task: str, level: int, entries: tuple[Entry, ...]
) -> dict[str, Any]:
    """Return all that the page needs to draw the maps of a task at a level.

    Returns
    -------
    dict
        ``panels``: figures without values (data of one heatmap, layout) with a title, the names of
        ``rows`` and ``columns``, and of each cell its molecule and whether it was ``trained`` on;
        ``scales``: for each quantity the colour range and its ticks, the same for all potentials;
        ``values``: for each entry's label and quantity one ``{z, text}`` a panel, z the decadic
        logarithm; ``captions``: for each entry's label the numbers in a sentence.
    """
    ground = ground_of(results, task, level)
    grids = _grids(ground)
    errors = {entry: errors_of(results, entry, ground) for entry in entries}
    values: dict[str, dict[str, list[Figure]]] = {}
    numbers: dict[str, dict[Entry, dict[Place, float]]] = {quantity: {} for quantity in QUANTITIES}
    for entry in entries:
        by_place = errors[entry]
        id_error = _id_error(results, entry, ground)
        numbers["error"][entry] = by_place
        numbers["ratio"][entry] = (
            {place: value / id_error for place, value in by_place.items()} if id_error else {}
        )
        values[entry.label] = {
            quantity: [
                _values(grid, numbers[quantity][entry], quantity == "ratio") for _, grid, _ in grids
            ]
            for quantity in QUANTITIES
        }
    return {
        "panels": [
            {
                "title": title,
                "figure": _panel(ground, grid, axes),
                "rows": axes["rows"],
                "columns": axes["columns"],
                "molecules": [
                    [place and "-".join(map(str, place)) for place in row] for row in grid
                ],
                "trained": [
                    [place is not None and ground.parts[place] == "id" for place in r] for r in grid
                ],
            }
            for title, grid, axes in grids
        ],
        "scales": {quantity: _scale(numbers[quantity]) for quantity in QUANTITIES},
        "values": values,
        "captions": {
            entry.label: _caption(results, entry, ground, errors[entry]) for entry in entries
        },
    }


def _grids(ground: Ground) -> list[tuple[str, Grid, dict[str, Any]]]:
    """Return title, cells and axes of each panel of a task."""
    grids: list[tuple[str, Grid, dict[str, Any]]] = []
    families = ground.families
    if families:
        chains = ground.chains
        cells = tuple(tuple(_known(ground, Place(f, n, "H")) for n in chains) for f in families)
        axes = {
            "columns": [str(n) for n in chains],
            "rows": [family_label(f) for f in families],
            "title": "chain length n",
            "left": _room([family_label(f) for f in families], 104),
        }
        grids.append(("One end group, X-(CH₂)n-H", cells, axes))
    for chain, groups in ground.pairs.items():
        cells = tuple(tuple(_known(ground, Place(a, chain, b)) for b in groups) for a in groups)
        names = [formula(g) for g in groups]
        axes = {
            "columns": names,
            "rows": names,
            "title": "right end group Y",
            "left": _room(names, 64),
        }
        grids.append((f"Two end groups, X-(CH₂){chain}-Y", cells, axes))
    return grids


def _room(names: Sequence[str], least: int) -> int:
    """Return the pixels of a margin that these names fit into."""
    return max(least, 16 + LETTER * max(len(shortened(name)) for name in names))


def _known(ground: Ground, place: Place) -> Place | None:
    return place if place in ground.parts else None


def _trained(ground: Ground, place: Place | None) -> bool:
    return place is not None and ground.parts[place] == "id"


def _panel(ground: Ground, grid: Grid, axes: dict[str, Any]) -> Figure:
    """Return the heatmap of a panel without its values."""
    rows, columns = len(grid), len(grid[0])
    upright = max(map(len, axes["columns"])) > WIDE
    below = _room(axes["columns"], 44) + 18 if upright else 44
    return {
        "data": [
            {
                "type": "heatmap",
                "x": list(range(columns)),
                "y": list(range(rows)),
                "xgap": 3,
                "ygap": 3,
                "hoverongaps": False,
                "customdata": [[_what(ground, place) for place in row] for row in grid],
                "hovertemplate": "%{customdata}<br>%{text}<extra></extra>",
            }
        ],
        "layout": {
            "height": rows * ROW + 56 + below,
            "showlegend": False,
            "margin": {"l": axes["left"], "r": 8, "t": 8, "b": below},
            "xaxis": {
                "title": {"text": axes["title"], "standoff": 6},
                "tickmode": "array",
                "tickvals": list(range(columns)),
                "ticktext": [plain(shortened(text)) for text in axes["columns"]],
                "tickangle": -90 if upright else 0,
                "range": [-0.6, columns - 0.4],
                "showgrid": False,
                "zeroline": False,
            },
            "yaxis": {
                "tickmode": "array",
                "tickvals": list(range(rows)),
                "ticktext": [plain(shortened(text)) for text in axes["rows"]],
                "range": [rows - 0.4, -0.6],
                "showgrid": False,
                "zeroline": False,
            },
            "shapes": _outline(ground, grid),
        },
    }


def _what(ground: Ground, place: Place | None) -> str:
    if place is None:
        return ""
    name = plain(f"{place.left}-{place.chain}-{place.right}")
    return f"{name}, {'training molecule (ID)' if ground.parts[place] == 'id' else 'unseen (OOD)'}"


def _outline(ground: Ground, grid: Grid) -> list[Figure]:
    """Return the border of the training cells: one path, drawn twice to stand out on any colour."""
    trained = {
        (i, j)
        for i, row in enumerate(grid)
        for j, place in enumerate(row)
        if _trained(ground, place)
    }
    steps = []
    for i, j in sorted(trained):
        top, bottom, left, right = i - 0.5, i + 0.5, j - 0.5, j + 0.5
        edges = {
            (i - 1, j): (left, top, right, top),
            (i + 1, j): (left, bottom, right, bottom),
            (i, j - 1): (left, top, left, bottom),
            (i, j + 1): (right, top, right, bottom),
        }
        for neighbour, (x0, y0, x1, y1) in edges.items():
            if neighbour not in trained:
                steps.append(f"M{x0},{y0}L{x1},{y1}")
    if not steps:
        return []
    path = "".join(steps)
    return [
        {"type": "path", "path": path, "line": {"width": 5}, "name": "outline-under"},
        {"type": "path", "path": path, "line": {"width": 2.5}, "name": "outline"},
    ]


def _id_error(results: StudyResults, entry: Entry, ground: Ground) -> float | None:
    score = find_score(results, entry, ground.task, ground.level)
    metric = score and next((m for m in score.metrics if m.name == MAIN_METRIC), None)
    return metric.id.value if metric and metric.id and metric.id.value > 0 else None


def _values(grid: Grid, numbers: dict[Place, float], as_ratio: bool) -> Figure:
    z: list[list[float | None]] = []
    text: list[list[str]] = []
    for row in grid:
        row_values = [numbers.get(place) if place is not None else None for place in row]
        z.append(
            [round(math.log10(v), 3) if is_number(v) and v and v > 0 else None for v in row_values]
        )
        text.append([_short(v, as_ratio) for v in row_values])
    return {"z": z, "text": text}


def _short(value: float | None, as_ratio: bool) -> str:
    """Return a number that fits into a cell: two digits at least, no more than four signs."""
    if value is None or not is_number(value):
        return ""
    if as_ratio:
        return f"{value:.1f}" if value < 99.5 else f"{value:.0f}"
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}"


def _scale(numbers: dict[Entry, dict[Place, float]]) -> Figure:
    """Return the colour range of a quantity: what all but the scale rows span, or all if none."""
    models = [
        v for entry, by_place in numbers.items() if entry.role != "scale" for v in by_place.values()
    ]
    every = models or [v for by_place in numbers.values() for v in by_place.values()]
    if not every:
        return {"zmin": 0.0, "zmax": 1.0, "tickvals": [], "ticktext": []}
    axis = log_axis(every, margin=0.0)
    low, high = axis["range"]
    apart = 0.15 * (high - low)
    ticks = [(low, number(10**low))]
    for value, text in zip(map(math.log10, axis["tickvals"]), axis["ticktext"], strict=True):
        if value - ticks[-1][0] > apart and high - value > apart:
            ticks.append((value, text))
    ticks.append((high, number(10**high)))
    return {
        "zmin": low,
        "zmax": high,
        "tickvals": [round(value, 4) for value, _ in ticks],
        "ticktext": [text for _, text in ticks],
    }


def _caption(
    results: StudyResults, entry: Entry, ground: Ground, errors: dict[Place, float]
) -> str:
    failed = failure_of(results, entry, ground.task, ground.level)
    if not errors:
        return f"{entry.label}: failed, {failed.reason}." if failed else f"{entry.label}: not run."
    unit = unit_of(results, MAIN_METRIC)
    parts = []
    for part, noun in (("id", "training cells"), ("ood", "cells of unseen molecules")):
        by_place = {p: v for p, v in errors.items() if ground.parts.get(p) == part and is_number(v)}
        if by_place:
            worst = max(by_place, key=lambda place: by_place[place])
            parts.append(
                f"{len(by_place)} {noun} from {number(min(by_place.values()))} to "
                f"{number(by_place[worst])} {unit} "
                f"(largest: {worst.left}-{worst.chain}-{worst.right})"
            )
    return f"{entry.label}: {'; '.join(parts) or DASH}."
