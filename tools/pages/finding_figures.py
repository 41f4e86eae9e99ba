"""The figures of the findings: plates like those of reports, to be drawn as SVG."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from mlip_compose.core.records import Interval
from mlip_compose.evaluation.horizon import HORIZON_GAP
from mlip_compose.report.entry import Entry
from mlip_compose.report.figures.style import (
    Figure,
    Style,
    bars,
    line,
    log_axis,
    marker,
    panel,
    rule,
    styles_of,
    title,
)
from mlip_compose.report.plates import Pane, Plate
from mlip_compose.report.sections.gaps import gap_figure
from mlip_compose.report.sections.leaderboard import Board, build_board, entries_of, metrics_of
from pages import finding_tables as tables
from pages import published as at

LEVELS = (1, 2)


def gaps() -> Plate:
    """Return the force gaps of the leaderboard at each level, on one scale."""
    styles = _styles([p for p in at.potentials() if p not in at.potentials("scale")])
    figures = [gap_figure(_board(level), styles) for level in LEVELS]
    ends = [figure["layout"]["xaxis"]["range"] for figure in figures]
    whole = [min(low for low, _ in ends), max(high for _, high in ends)]
    widest = max(figures, key=lambda each: each["layout"]["xaxis"]["range"][1])
    for figure in figures:
        figure["layout"]["xaxis"] |= widest["layout"]["xaxis"] | {"range": whole}
    panes = tuple(
        Pane(f"level {level}", figure) for level, figure in zip(LEVELS, figures, strict=True)
    )
    names = tuple((entry.potential, style) for entry, style in styles.items())
    return Plate("gaps", panes, 2, names)


def _styles(chosen: Collection[str]) -> dict[Entry, Style]:
    """Return how some potentials of the leaderboard look in every figure of it."""
    styles = styles_of(entries_of(at.study(at.BOARD)))
    return {entry: style for entry, style in styles.items() if entry.potential in chosen}


def _board(level: int) -> Board:
    """Return the leaderboard at a level: what was asked for, without scale rows."""
    results = at.study(at.BOARD)
    board = build_board(results, metrics_of(results)[0], level)
    groups = (
        (name, tuple(row for row in rows if row.entry.potential in at.potentials()))
        for name, rows in board.groups
    )
    kept = tuple((name, rows) for name, rows in groups if rows and rows[0].entry.role != "scale")
    return replace(board, groups=kept)


def depth() -> Plate:
    """Return the gap on all and on novel atoms against the ID error, as training goes deeper."""
    of_entries = _styles(tables.DEPTH_POTENTIALS)
    styles = {entry.potential: style for entry, style in of_entries.items()}
    views = {"all atoms": at.MAIN, "novel atoms": at.NOVEL}
    ids = {potential: at.by_depth("id", potential) for potential in styles}
    found = {
        (said, potential): at.by_depth("gap", potential, quantity)
        for said, quantity in views.items()
        for potential in styles
    }
    limits = [limit for each in found.values() for gap in each for limit in (gap.low, gap.high)]
    x = log_axis([each.value for of in ids.values() for each in of])
    y = log_axis([1.0, at.PUBLISHED_FACTOR, *limits])
    ends = [10.0**end for end in x["range"]]
    rules = (
        rule(1.0, ends),
        rule(HORIZON_GAP, ends, "dot"),
        rule(at.PUBLISHED_FACTOR, ends, "dash"),
    )
    panes = []
    for said in views:
        traces = [_trace(p, ids[p], found[said, p], style) for p, style in styles.items()]
        axes = x | title("force error ID, meV/Å"), y | title(f"gap, {said}")
        panes.append(Pane("", {"data": traces, "layout": panel(*axes, rules)}))
    return Plate("depth", tuple(panes), 2, tuple(styles.items()))


def _trace(name: str, x: Sequence[Interval], y: Sequence[Interval], style: Style) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [each.value for each in x],
        "y": [each.value for each in y],
        "error_y": bars(
            style.colour,
            [each.high - each.value for each in y],
            [each.value - each.low for each in y],
        ),
        "line": line(style),
        "marker": marker(style),
    }
