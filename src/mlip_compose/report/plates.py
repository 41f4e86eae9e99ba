"""What the publication figures are: the documents that the page draws, gathered by task and level.

Nothing is prepared here; :mod:`mlip_compose.report.printing` draws the plates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.entry import Entry
from mlip_compose.report.figures.style import Figure, Style, run_styles, styles_of
from mlip_compose.report.sections.attribution import attribution_document, attribution_views
from mlip_compose.report.sections.by_molecule import molecule_document
from mlip_compose.report.sections.ceilings import ceilings_of
from mlip_compose.report.sections.costs import cost_document
from mlip_compose.report.sections.curves import curve_document
from mlip_compose.report.sections.gaps import gap_figure
from mlip_compose.report.sections.horizons import horizon_panels
from mlip_compose.report.sections.leaderboard import (
    build_board,
    entries_of,
    levels_of,
    metrics_of,
    runs_of,
    tasks_of,
    unit_of,
)
from mlip_compose.report.sections.learning import learning_panels
from mlip_compose.report.sections.map_cells import ground_of
from mlip_compose.report.sections.maps import map_document
from mlip_compose.report.sections.parities import parity_document
from mlip_compose.report.sections.reactions import reactions_of

COLUMN: Final = 3.3  # inches, one column of a journal
PAGE: Final = 7.0  # inches, both
DISTANCES: Final = ("end_distance", "novel_distance")
ROWS: Final = 4  # of panels, on one sheet
QUANTITIES: Final = {"forces": "forces", "energy_within": "energies − mean"}

Marks = Literal["none", "parts", "training", "ceilings"]


@dataclass(frozen=True)
class Pane:
    """A panel: its title and its Plotly document."""

    title: str
    figure: Figure


@dataclass(frozen=True)
class Plate:
    """A figure for print.

    ``names`` are the potentials of its legend; ``marks`` says what else the legend explains: filled
    and open marks as ID and OOD (``parts``), with the band of training (``training``), or as gap
    and ceiling gap (``ceilings``). ``scale`` is the title
    of the colour scale that all panels share; empty where there is none. ``height`` is that of its
    panels in inches, None for what the page gives them.
    """

    name: str
    panes: tuple[Pane, ...]
    columns: int = 1
    names: tuple[tuple[str, Style], ...] = ()
    marks: Marks = "none"
    scale: str = ""
    height: float | None = None

    @property
    def width(self) -> float:
        """In inches: that of a column, or of both."""
        return COLUMN if self.columns == 1 else PAGE


def plates(results: StudyResults) -> Iterator[Plate]:
    """Yield every plate that has something to show.

    Of a potential with several seeds, maps and parity plots are those of the first; scale rows are
    on the leaderboard alone.
    """
    entries, runs = entries_of(results), runs_of(results)
    styles = styles_of(entries)
    of_runs = run_styles(runs, styles)
    styled = {run: style for run, style in of_runs.items() if run.role != "scale"}
    firsts = tuple({run.potential: run for run in reversed(styled)}.values())[::-1]
    attributions = attribution_document(attribution_views(results, styles))
    reactions = reactions_of(results, of_runs)
    for level in levels_of(results):
        yield from _leaderboard(results, level, styles)
        costs = cost_document(results, level, styles)
        curves = curve_document(results, level, of_runs)
        learning = learning_panels(results, level, of_runs)
        for task in tasks_of(results):
            at = f"{task}_L{level}"
            yield from _map(results, task, level, firsts)
            yield from _by_molecule(results, task, level, of_runs)
            panes = [
                Pane(panel["families"], _without_scale(panel["figure"], curves["axes"]))
                for panel in curves["panels"]
                if panel["task"] == task
            ]
            if ground_of(results, task, level).has_map:
                yield from _plate(f"error-against-n_{at}", panes, styled, "training")
            else:
                yield from _plate(f"error-against-size_{at}", panes, styled, "parts")
            views = attributions.get(str(level), {}).get(task, {})
            panes = [
                Pane("", _without_scale(views[name]["figure"], views[name]["axes"]))
                for name in DISTANCES
                if name in views
            ]
            yield from _plate(f"distance_{at}", panes, _but_scale(styles), "parts")
            panes = [Pane("", panel["figure"]) for panel in learning if panel["task"] == task]
            learned = {run: style for run, style in styled.items() if run.role == "learned"}
            yield from _plate(f"learning_{at}", panes, learned)
            panes = [
                Pane("", panel["figure"])
                for panels in costs.values()
                for panel in panels
                if panel["task"] == task
            ]
            yield from _plate(f"cost_{at}", panes, {})
            panes = [
                Pane(panel.title, panel.figure)
                for panel in (reactions.panels if reactions else ())
                if (panel.level, panel.task) == (level, task)
            ]
            yield from _plate(f"reactions_{at}", panes, {}, "parts")
            yield from _parity(results, task, level, firsts)
    horizons = horizon_panels(results, styles)
    for task in tasks_of(results):
        panes = [Pane("", panel["figure"]) for panel in horizons if panel["task"] == task]
        yield from _plate(f"horizon_{task}", panes, _but_scale(styles))


def _but_scale(styles: Mapping[Entry, Style]) -> dict[Entry, Style]:
    return {entry: style for entry, style in styles.items() if entry.role != "scale"}


def _plate(
    name: str, panes: Sequence[Pane], styles: Mapping[Entry, Style], marks: Marks = "none"
) -> Iterator[Plate]:
    """Yield a plate if there are panels whose traces have points."""
    drawn = tuple(
        pane for pane in panes if any(len(trace.get("x", ())) for trace in pane.figure["data"])
    )
    if drawn:
        names = tuple((entry.label, style) for entry, style in styles.items())
        yield Plate(name, drawn, min(len(drawn), 2), names, marks)


def _leaderboard(
    results: StudyResults, level: int, styles: Mapping[Entry, Style]
) -> Iterator[Plate]:
    for metric in metrics_of(results)[:1]:
        board = build_board(results, metric, level)
        ceilings = ceilings_of(results, board)
        figure = gap_figure(board, dict(styles), ceilings)
        marks: Marks = "ceilings" if ceilings else "none"
        yield from _plate(f"leaderboard_L{level}", [Pane("", figure)], styles, marks)


def _without_scale(figure: Figure, axes: Mapping[str, Any]) -> Figure:
    """Return a figure as the page shows it first: without scale rows and single families."""
    data = [
        trace
        for trace in figure["data"]
        if trace["meta"]["role"] != "scale" and not trace["meta"].get("single")
    ]
    return {"data": data, "layout": figure["layout"] | {"yaxis": axes["hide"]}}


def _by_molecule(
    results: StudyResults, task: str, level: int, styles: Mapping[Entry, Style]
) -> Iterator[Plate]:
    ground = ground_of(results, task, level)
    if not ground.has_map:
        document = molecule_document(results, ground, styles)
        panes = [Pane(panel["title"], panel["figure"]) for panel in document["panels"]]
        yield from _plate(f"molecules_{task}_L{level}", panes, _but_scale(styles), "parts")


def _map(results: StudyResults, task: str, level: int, runs: Sequence[Entry]) -> Iterator[Plate]:
    if not ground_of(results, task, level).has_map:
        return
    document = map_document(results, task, level, tuple(runs))
    scale = document["scales"]["error"]
    panes = []
    for run in runs:
        for panel, values in zip(
            document["panels"], document["values"][run.label]["error"], strict=True
        ):
            heat = panel["figure"]["data"][0] | values | scale
            if any(z is not None for row in values["z"] for z in row):
                figure = {"data": [heat], "layout": panel["figure"]["layout"]}
                panes.append(Pane(f"{run.label}\n{panel['title']}", figure))
    if panes:
        unit = unit_of(results, "forces_mae")
        plate = Plate(f"map_{task}_L{level}", tuple(panes), 2, scale=f"force MAE, {unit}")
        yield from _sheets(replace(plate, height=0.6 + 0.14 * len(document["panels"][0]["rows"])))


def _parity(results: StudyResults, task: str, level: int, runs: Sequence[Entry]) -> Iterator[Plate]:
    document = parity_document(results, level, task, tuple(runs))
    panes = [
        Pane(f"{label}\n{QUANTITIES[panel['quantity']]}, {panel['part'].upper()}", panel["figure"])
        for label, panels in document.items()
        for panel in panels
    ]
    if panes:
        plate = Plate(f"parity_{task}_L{level}", tuple(panes), 4, scale="pairs in a bin")
        yield from _sheets(replace(plate, height=1.62))


def _sheets(plate: Plate) -> Iterator[Plate]:
    """Yield a plate in parts that a page has room for; from the second on, their names say so."""
    step = ROWS * plate.columns
    for i in range(0, len(plate.panes), step):
        name = f"{plate.name}_{i // step + 1}" if i else plate.name
        yield replace(plate, name=name, panes=plate.panes[i : i + step])
