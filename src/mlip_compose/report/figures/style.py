"""How potentials look in every figure, and text that Plotly shows as it is written."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mlip_compose.report.entry import Entry

Figure = dict[str, Any]
"""A Plotly figure as JSON: ``data`` and ``layout``. Colours of text and axes come from the page."""

# After Okabe and Ito, of middling lightness: each stands out (contrast 3 or more) from the light
# page and from the dark one.
PALETTE: Final = ("#2f86c9", "#d55e00", "#b5579a", "#a87900", "#7a6fd0", "#8a6a4f", "#6a7f2e")
FEASIBILITY: Final = ("#009e73", "#00868b", "#5c9e31")
SCALE: Final = ("#7c828a",)
SYMBOLS: Final = (
    "circle",
    "square",
    "triangle-up",
    "triangle-down",
    "bowtie",
    "hourglass",
    "hexagon",
)
MARKS: Final = {
    "circle": "M-4,0A4,4 0 1,1 4,0A4,4 0 1,1 -4,0Z",
    "square": "M-3.6,-3.6H3.6V3.6H-3.6Z",
    "diamond": "M0,-5L5,0L0,5L-5,0Z",
    "triangle-up": "M0,-4.5L4.5,3.5H-4.5Z",
    "triangle-down": "M0,4.5L4.5,-3.5H-4.5Z",
    "bowtie": "M-4.5,-4L4.5,4V-4L-4.5,4Z",
    "hourglass": "M-4,-4.5H4L-4,4.5H4Z",
    "hexagon": "M-2,-4H2L4.5,0L2,4H-2L-4.5,0Z",
    "x-thin": "M-4,-4L4,4M-4,4L4,-4",
}
"""Plotly's symbols as SVG paths, for the legend."""
DASHES: Final = ("solid", "dash", "dashdot", "longdash", "longdashdot", "solid", "dash")
VIRIDIS: Final = (
    "#440154", "#482878", "#3e4989", "#31688e", "#26828e",
    "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725",
)  # fmt: skip
"""Equally spaced stops of matplotlib's viridis: perceptually uniform, safe for the colour-blind."""

PANEL_HEIGHT: Final = 300  # pixels

TICKS: Final = (
    (0.35, (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9)),
    (0.7, (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8)),
    (1.2, (1, 1.5, 2, 3, 5, 7)),
    (2.5, (1, 2, 5)),
    (math.inf, (1,)),
)
"""Ticks within a decade of a logarithmic axis that spans up to so many decades."""


@dataclass(frozen=True)
class Style:
    """Colour, symbol and dash of one potential; enough to tell it apart in black and white."""

    colour: str
    symbol: str
    dash: str

    @property
    def mark(self) -> str:
        """The symbol as an SVG path, for the legend."""
        return MARKS[self.symbol]

    @property
    def dash_array(self) -> str:
        """The dash as an SVG ``stroke-dasharray``, for the legend."""
        return {
            "solid": "none",
            "dash": "6 4",
            "dashdot": "6 3 2 3",
            "longdash": "9 4",
            "longdashdot": "9 3 2 3",
            "dot": "2 3",
        }[self.dash]


def styles_of(entries: Iterable[Entry]) -> dict[Entry, Style]:
    """Return a style for each entry, in the order given."""
    styles: dict[Entry, Style] = {}
    counts = {"learned": 0, "feasibility": 0, "scale": 0}
    for entry in entries:
        i = counts[entry.role]
        counts[entry.role] += 1
        if entry.role == "scale":
            styles[entry] = Style(SCALE[i % len(SCALE)], "x-thin", "dot")
        elif entry.role == "feasibility":
            styles[entry] = Style(FEASIBILITY[i % len(FEASIBILITY)], "diamond", "dashdot")
        else:
            styles[entry] = Style(
                PALETTE[i % len(PALETTE)], SYMBOLS[i % len(SYMBOLS)], DASHES[i % len(DASHES)]
            )
    return styles


def run_styles(runs: Iterable[Entry], styles: dict[Entry, Style]) -> dict[Entry, Style]:
    """Return the style of each run: that of its potential, whichever its seed."""
    of_potential = {entry.potential: style for entry, style in styles.items()}
    return {run: styles.get(run, of_potential[run.potential]) for run in runs}


def plain(text: str) -> str:
    """Return text escaped for Plotly, which reads some tags and entities in its labels."""
    return html.escape(text, quote=False)


def rounded(value: float) -> float:
    """Return a value with four significant digits, which no figure shows the lack of."""
    return float(f"{value:.4g}")


def marker(style: Style, hollow: bool = False) -> Figure:
    """Return the marks of a potential: filled for training molecules, open for unseen ones."""
    return {
        "color": style.colour,
        "symbol": f"{style.symbol}-open" if hollow else style.symbol,
        "size": 8,
        "line": {"color": style.colour, "width": 1.5},
    }


def line(style: Style) -> Figure:
    """Return the line of a potential."""
    return {"color": style.colour, "width": 2, "dash": style.dash}


def bars(colour: str, above: Sequence[float | None], below: Sequence[float | None]) -> Figure:
    """Return error bars of these lengths, the same in all figures."""
    return {
        "type": "data",
        "symmetric": False,
        "array": list(above),
        "arrayminus": list(below),
        "color": colour,
        "thickness": 1.5,
        "width": 3,
    }


def panel(
    x: Figure, y: Figure, shapes: Iterable[Figure] = (), height: int = PANEL_HEIGHT
) -> Figure:
    """Return the layout of a panel with these axes, the same in all figures."""
    return {
        "height": height,
        "margin": {"l": 60, "r": 10, "t": 8, "b": 46},
        "showlegend": False,
        "hovermode": "closest",
        "xaxis": {"tickangle": 0, "zeroline": False} | x,
        "yaxis": {"zeroline": False} | y,
        "shapes": list(shapes),
    }


def title(text: str) -> Figure:
    """Return the title of an axis."""
    return {"title": {"text": plain(text), "standoff": 4}}


def band(low: float, high: float, name: str = "band", along: str = "x") -> Figure:
    """Return a band behind the data, in the page's colour of this name."""
    across = "y" if along == "x" else "x"
    return {
        "type": "rect",
        f"{along}0": low,
        f"{along}1": high,
        f"{across}ref": "paper",
        f"{across}0": 0,
        f"{across}1": 1,
        "layer": "below",
        "line": {"width": 0},
        "name": name,
    }


def rule(at: float, ends: Sequence[float], dash: str = "solid", along: str = "y") -> Figure:
    """Return a line of reference across a panel, above its grid and below its marks.

    Parameters
    ----------
    at
        Value of the axis ``along``.
    ends
        Of the other axis. Plotly puts a line that goes to the ends of the paper below the grid,
        which hides it where it has a line at the same value.
    dash
        Plotly's name of the dash.
    along
        "x" or "y".
    """
    across = "y" if along == "x" else "x"
    return {
        "type": "line",
        f"{along}0": at,
        f"{along}1": at,
        f"{across}0": ends[0],
        f"{across}1": ends[1],
        "layer": "between",
        "line": {"width": 1.5, "dash": dash},
        "name": "reference",
    }


def log_axis(values: Iterable[float], margin: float = 0.06) -> Figure:
    """Return range and ticks of a logarithmic axis that shows these positive values.

    Parameters
    ----------
    values
        What is to be seen; values that are not positive and finite are passed over.
    margin
        Free room at both ends, as a fraction of the span.
    """
    logs = [math.log10(v) for v in values if v > 0 and math.isfinite(v)] or [0.0]
    low, high = min(logs), max(logs)
    room = margin * (high - low) if high - low > 0.02 else 0.05
    low, high = low - room, high + room
    steps = next(steps for most, steps in TICKS if high - low <= most)
    ticks = [
        step * 10.0**decade
        for decade in range(math.floor(low), math.ceil(high) + 1)
        for step in steps
        if low <= math.log10(step * 10.0**decade) <= high
    ]
    return {
        "type": "log",
        "range": [round(low, 4), round(high, 4)],
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [f"{tick:g}" for tick in ticks],
    }
