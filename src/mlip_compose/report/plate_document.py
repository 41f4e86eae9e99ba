"""One Plotly document of a plate: the panels of the page side by side, in the colours of paper.

The documents of the panels stay as they are: each gets axes of its own name and a place. What a
plate adds are titles, one legend and one colour scale. A map alone is drawn in another way: Plotly
makes pixels of a heatmap, so that its cells become bars, which are vectors.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from mlip_compose.evaluation.parity import unpacked
from mlip_compose.report.figures.style import SCALE, VIRIDIS, Figure, Style, line, marker, plain
from mlip_compose.report.plates import Marks, Plate

PIXELS: Final = 130.0
"""Pixels of the page to an inch of paper: text of 12 pixels is 6.6 points."""
FONT: Final = "DejaVu Sans, Verdana, sans-serif"
"""Has the subscripts of formulas, and comes with Debian's Chromium."""
SIZE: Final = 12  # pixels, of text
LINE: Final = 17  # pixels, of a line of a title or of the legend
SCALE_HEIGHT: Final = 62  # pixels, of the colour scale with its numbers and title
LETTER: Final = 6.8  # pixels, mean width of a letter
SAMPLE: Final = 52  # pixels, of the line and the mark beside a name in the legend
CELL: Final = {"width": 0.92, "height": 0.9}  # of the room of a cell; the rest is a gap

FILLS: Final = {"band": "band", "training": "training"}
LINES: Final = {"reference": "soft", "outline": "ink", "outline-under": "page"}
"""Name of a shape -> the page's colour of it, as in ``templates/js/plots.js``."""
MARKS: Final[dict[Marks, tuple[str, ...]]] = {
    "none": (),
    "parts": ("ID", "OOD"),
    "training": ("ID", "OOD"),
    "ceilings": ("gap", "ceiling gap"),
}
HOVER: Final = ("customdata", "hovertemplate", "hoverongaps", "hoverinfo")
"""What a trace has for the mouse alone."""
WHITE_TO: Final = 0.47  # of the colour scale: where black numbers are easier to read than white


@cache
def paper_colours() -> Mapping[str, str]:
    """Return the colours of the page on paper by their name: those of its light style."""
    css = (files("mlip_compose.report") / "templates" / "report.css").read_text("utf-8")
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", css.partition("}")[0]))


@dataclass(frozen=True)
class _Sheet:
    """Where the parts of a plate stand, in pixels."""

    plate: Plate
    names: tuple[Figure, ...]
    """Traces without points, which the legend shows."""

    @property
    def width(self) -> int:
        return round(self.plate.width * PIXELS)

    @property
    def height(self) -> int:
        below = self.legend + (SCALE_HEIGHT if self.plate.scale else 0)
        return round(self.row * math.ceil(len(self.plate.panes) / self.plate.columns) + below)

    @property
    def row(self) -> float:
        """Height of a row of panels, with their titles."""
        panels: list[float] = [pane.figure["layout"]["height"] for pane in self.plate.panes]
        return (PIXELS * self.plate.height if self.plate.height else max(panels)) + self.titles

    @property
    def titles(self) -> int:
        lines = [pane.title.count("\n") + 1 for pane in self.plate.panes if pane.title]
        return LINE * max(lines, default=0)

    @property
    def columns(self) -> int:
        """How many names of the legend stand beside each other, each as wide as the longest."""
        longest = max((len(name["name"]) for name in self.names), default=1)
        return max(1, int(self.width / (SAMPLE + LETTER * longest)))

    @property
    def legend(self) -> int:
        """Height of the legend."""
        return LINE * math.ceil(len(self.names) / self.columns) + 8 if self.names else 0

    def domains(self, i: int) -> tuple[list[float], list[float]]:
        """Return where the axes of the i-th panel stand, in x and y, as fractions of the plate."""
        margin = self.plate.panes[i].figure["layout"]["margin"]
        down, across = divmod(i, self.plate.columns)
        left, right = (self.width / self.plate.columns * edge for edge in (across, across + 1))
        top, bottom = self.row * down + self.titles, self.row * (down + 1)
        x = ((left + margin["l"]) / self.width, (right - margin["r"]) / self.width)
        y = (1 - (bottom - margin["b"]) / self.height, 1 - (top + margin["t"]) / self.height)
        return [round(end, 6) for end in x], [round(end, 6) for end in y]


def plate_document(plate: Plate) -> Figure:
    """Return a plate as one Plotly figure: its panels in rows, with one legend below them.

    Parameters
    ----------
    plate
        Its panels are documents of the page.

    Returns
    -------
    dict
        ``data`` and ``layout``, the size in pixels among it; an inch of paper has ``PIXELS``.
    """
    sheet = _Sheet(plate, tuple(_names(plate)))
    document: Figure = {"data": [], "layout": _layout(sheet)}
    for i in range(len(plate.panes)):
        panel = _panel(sheet, i)
        document["data"] += panel.pop("data")
        for parts in ("shapes", "annotations"):
            document["layout"][parts] += panel.pop(parts)
        document["layout"] |= panel
    document["data"] += sheet.names
    return document


def _layout(sheet: _Sheet) -> Figure:
    """Return what a plate has besides its panels."""
    colours = paper_colours()
    layout: Figure = {
        "width": sheet.width,
        "height": sheet.height,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0, "autoexpand": False},
        "font": {"family": FONT, "size": SIZE, "color": colours["ink"]},
        "paper_bgcolor": colours["page"],
        "plot_bgcolor": "rgba(0,0,0,0)",
        "barmode": "overlay",
        "showlegend": bool(sheet.names),
        "legend": {
            "orientation": "h",
            "entrywidthmode": "fraction",
            "entrywidth": round(0.98 / sheet.columns, 4),
            "x": 0.01,
            "xanchor": "left",
            "y": 0,
            "yanchor": "bottom",
            "bgcolor": "rgba(0,0,0,0)",
        },
        "shapes": [],
        "annotations": [],
    }
    return layout | ({"coloraxis": _colour_axis(sheet)} if sheet.plate.scale else {})


def _panel(sheet: _Sheet, i: int) -> Figure:
    """Return the traces, axes, shapes and notes of the i-th panel, on axes of its own."""
    pane, colours = sheet.plate.panes[i], paper_colours()
    layout, (x, y) = pane.figure["layout"], sheet.domains(i)
    number = str(i + 1) if i else ""
    axes = {"x": f"x{number}", "y": f"y{number}"}
    paint = {
        "color": colours["ink"],
        "gridcolor": colours["grid"],
        "linecolor": colours["line"],
        "automargin": False,
    }
    notes = [
        note | {"arrowcolor": colours["soft"]} | _refs(note, axes)
        for note in layout.get("annotations", ())
    ]
    return {
        "data": [
            _trace(trace) | {"xaxis": axes["x"], "yaxis": axes["y"]}
            for trace in pane.figure["data"]
            if trace.get("visible", True)
        ],
        f"xaxis{number}": layout["xaxis"] | paint | {"domain": x, "anchor": axes["y"]},
        f"yaxis{number}": layout["yaxis"] | paint | {"domain": y, "anchor": axes["x"]},
        "shapes": [_shape(shape) | _refs(shape, axes) for shape in layout.get("shapes", ())],
        "annotations": notes + ([_title(pane.title, x[0], y[1])] if pane.title else []),
    }


def _title(text: str, x: float, y: float) -> Figure:
    """Return the title of a panel, above the upper left corner of its axes."""
    return {
        "text": plain(text).replace("\n", "<br>"),
        "align": "left",
        "showarrow": False,
        "x": x,
        "xref": "paper",
        "xanchor": "left",
        "y": y,
        "yref": "paper",
        "yanchor": "bottom",
    }


def _refs(part: Figure, axes: Mapping[str, str]) -> dict[str, str]:
    """Return what a shape or note of a panel belongs to on the plate: its paper is the panel."""
    return {
        f"{which}ref": f"{name} domain" if part.get(f"{which}ref") == "paper" else name
        for which, name in axes.items()
    }


def _shape(shape: Figure) -> Figure:
    """Return a shape in the colour that the page has for its name."""
    colours, name = paper_colours(), shape.get("name", "")
    fill = {"fillcolor": colours[FILLS[name]]} if name in FILLS else {}
    stroke = {"color": colours[LINES[name]]} if name in LINES else {}
    return shape | fill | {"line": shape["line"] | stroke}


def _trace(trace: Figure) -> Figure:
    drawn = {key: value for key, value in trace.items() if key not in HOVER}
    if trace["type"] != "heatmap":
        return drawn | {"showlegend": False}
    return _histogram(drawn) if "packed" in trace else _cells(drawn)


def _histogram(trace: Figure) -> Figure:
    """Return counts by their logarithm, as the page does; bins without a count are empty."""
    packed, bins = trace.pop("packed"), trace.pop("bins")
    counts = unpacked(packed, bins).T.tolist()
    z = [[round(math.log10(count), 3) if count else None for count in row] for row in counts]
    return trace | {"z": z, "coloraxis": "coloraxis"}


def _cells(trace: Figure) -> Figure:
    """Return the cells of a map as bars with their number in them."""
    cells = [
        (x, y, z, text)
        for y, (row, texts) in enumerate(zip(trace["z"], trace["text"], strict=True))
        for x, (z, text) in enumerate(zip(row, texts, strict=True))
        if z is not None
    ]
    middle = trace["zmin"] + WHITE_TO * (trace["zmax"] - trace["zmin"])
    return {
        "type": "bar",
        "x": [x for x, *_ in cells],
        "base": [y - CELL["height"] / 2 for _, y, *_ in cells],
        "y": [CELL["height"]] * len(cells),
        "width": CELL["width"],
        "marker": {
            "color": [z for _, _, z, _ in cells],
            "coloraxis": "coloraxis",
            "line": {"width": 0},
        },
        "text": [text for *_, text in cells],
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "constraintext": "none",
        "textfont": {
            "size": 9,
            "color": ["#ffffff" if z < middle else "#000000" for _, _, z, _ in cells],
        },
        "showlegend": False,
    }


def _colour_axis(sheet: _Sheet) -> Figure:
    """Return the colour scale that all panels share, below them and above the legend."""
    heats = [pane.figure["data"][0] for pane in sheet.plate.panes]
    low, high = min(heat["zmin"] for heat in heats), max(heat["zmax"] for heat in heats)
    powers = range(math.ceil(max(low, 0.0)), math.floor(high) + 1)
    return {
        "cmin": low,
        "cmax": high,
        "colorscale": [[i / (len(VIRIDIS) - 1), colour] for i, colour in enumerate(VIRIDIS)],
        "colorbar": {
            "orientation": "h",
            "x": 0.5,
            "xanchor": "center",
            "y": round((sheet.legend + 4) / sheet.height, 6),
            "yanchor": "bottom",
            "len": 0.5,
            "thickness": 10,
            "outlinewidth": 0,
            "ticks": "outside",
            "ticklen": 4,
            "tickmode": "array",
            "tickvals": heats[0].get("tickvals", list(powers)),
            "ticktext": heats[0].get("ticktext", [f"{10**power:,}" for power in powers]),
            "title": {"text": plain(sheet.plate.scale), "side": "bottom"},
        },
    }


def _names(plate: Plate) -> Iterator[Figure]:
    """Yield a trace without points for each name of the legend."""
    for label, style in plate.names:
        yield _name(label, "lines+markers", line=line(style), marker=marker(style))
    for label, symbol in zip(MARKS[plate.marks], ("circle", "circle-open"), strict=False):
        grey = Style(SCALE[0], symbol, "solid")
        yield _name(label, "markers", marker=marker(grey))
    if plate.marks == "training":
        square = {"symbol": "square", "color": paper_colours()["training"], "size": 14}
        yield _name("trained on", "markers", marker=square)


def _name(label: str, mode: str, **look: Figure) -> Figure:
    empty = {"x": [None], "y": [None], "showlegend": True}
    return {"type": "scatter", "mode": mode, "name": plain(label)} | empty | look
