"""One panel: a Plotly document drawn onto matplotlib's axes, as far as the report uses Plotly."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from mlip_compose.evaluation.parity import unpacked
from mlip_compose.report.figures.style import VIRIDIS, Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.colors import Colormap
    from matplotlib.image import AxesImage

INK: Final = "#16191d"
GRID: Final = "#e4e7ea"
FILLS: Final = {"band": "#f3f5f7", "training": "#dfe9f4"}
LINES: Final = {"reference": "#565d66", "outline": INK, "outline-under": "#ffffff"}
POINTS: Final = 0.55
"""Points on paper to a pixel of the page, for marks, lines and the distance of names."""

MARKERS: Final[dict[str, Any]] = {
    "circle": "o",
    "square": "s",
    "diamond": "D",
    "triangle-up": "^",
    "triangle-down": "v",
    "bowtie": [(-1, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)],
    "hourglass": [(-1, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)],
    "hexagon": "H",
    "x-thin": "x",
}
DASHES: Final[dict[str, Any]] = {
    "solid": "-",
    "dot": (0, (1, 1.6)),
    "dash": (0, (4, 2)),
    "dashdot": (0, (4, 1.6, 1, 1.6)),
    "longdash": (0, (7, 2.4)),
    "longdashdot": (0, (7, 1.6, 1, 1.6)),
}
LIGHT_FROM: Final = 0.47  # of the colour scale: where black numbers are easier to read than white


def draw_panel(axes: Axes, figure: Figure) -> AxesImage | QuadMesh | None:
    """Draw a document, and return what a colour scale would belong to, if there is any."""
    layout = figure["layout"]
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    _axis(axes, "x", layout["xaxis"])
    _axis(axes, "y", layout["yaxis"])
    for shape in layout.get("shapes", ()):
        _shape(axes, shape)
    mesh: AxesImage | QuadMesh | None = None
    for trace in figure["data"]:
        if trace["type"] == "heatmap":
            mesh = _heatmap(axes, trace)
        elif trace.get("visible", True):
            _scatter(axes, trace)
    for note in layout.get("annotations", ()):
        _annotation(axes, note)
    return mesh


def _text(text: str) -> str:
    """Return text as it is shown: Plotly's is escaped."""
    return html.unescape(text)


def _axis(axes: Axes, which: str, given: Figure) -> None:
    from matplotlib.ticker import (
        FixedLocator,
        FuncFormatter,
        MaxNLocator,
        NullFormatter,
        NullLocator,
    )

    axis = axes.xaxis if which == "x" else axes.yaxis
    set_limits = axes.set_xlim if which == "x" else axes.set_ylim
    logarithmic = given.get("type") == "log"
    if logarithmic:
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    if "range" in given:
        set_limits(*((10.0**end if logarithmic else end) for end in given["range"]))
    if "tickvals" in given:
        axis.set_major_locator(FixedLocator(given["tickvals"]))
        axis.set_ticklabels([_text(text) for text in given["ticktext"]])
    else:
        axis.set_major_locator(MaxNLocator(given.get("nticks", 6)))
        axis.set_major_formatter(FuncFormatter(lambda at, _: f"{at:g}".replace("-", "−")))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
    if given.get("showgrid", True):
        axes.grid(True, axis="x" if which == "x" else "y", color=GRID, linewidth=0.5)
    if "title" in given:
        axis.set_label_text(_text(given["title"]["text"]))


def _shape(axes: Axes, shape: Figure) -> None:
    from matplotlib.collections import LineCollection

    name, width = shape.get("name", ""), POINTS * shape["line"]["width"]
    if shape["type"] == "rect":
        fill: dict[str, Any] = {"color": FILLS[name], "linewidth": 0, "zorder": 0}
        if shape.get("yref") == "paper":
            axes.axvspan(shape["x0"], shape["x1"], **fill)
        else:
            axes.axhspan(shape["y0"], shape["y1"], **fill)
    elif shape["type"] == "path":
        number = r"(-?[\d.]+)"
        steps = re.findall(f"M{number},{number}L{number},{number}", shape["path"])
        ends = [((float(a), float(b)), (float(c), float(d))) for a, b, c, d in steps]
        axes.add_collection(
            LineCollection(
                ends, colors=LINES[name], linewidths=width, capstyle="projecting", zorder=3
            )
        )
    else:
        style = {"color": LINES[name], "linewidth": width, "zorder": 1}
        style["linestyle"] = DASHES[shape["line"].get("dash", "solid")]
        if shape.get("xref") == "paper":
            axes.axhline(shape["y0"], **style)
        elif shape.get("yref") == "paper":
            axes.axvline(shape["x0"], **style)
        else:
            axes.plot((shape["x0"], shape["x1"]), (shape["y0"], shape["y1"]), **style)


def _numbers(values: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def _scatter(axes: Axes, trace: Figure) -> None:
    x, y = _numbers(trace["x"]), _numbers(trace["y"])
    alpha = trace.get("opacity", 1.0)
    if "lines" in trace["mode"]:
        line = trace["line"]
        axes.plot(
            x,
            y,
            color=line["color"],
            linewidth=POINTS * line["width"],
            linestyle=DASHES[line.get("dash", "solid")],
            alpha=alpha,
            zorder=2,
        )
    for error, of in (("error_x", "xerr"), ("error_y", "yerr")):
        if error in trace:
            bars = trace[error]
            lengths = np.stack([_numbers(bars["arrayminus"]), _numbers(bars["array"])])
            both: dict[str, Any] = {of: np.maximum(lengths, 0.0)}
            axes.errorbar(
                x,
                y,
                fmt="none",
                ecolor=bars["color"],
                elinewidth=POINTS * bars["thickness"],
                capsize=POINTS * bars["width"],
                capthick=POINTS * bars["thickness"],
                zorder=2,
                **both,
            )
    if "markers" in trace["mode"]:
        marker = trace["marker"]
        symbols = marker["symbol"]
        each = np.array([symbols] * len(x) if isinstance(symbols, str) else symbols)
        for symbol in dict.fromkeys(each.tolist()):
            chosen = each == symbol
            mark(axes, x[chosen], y[chosen], symbol, marker["color"], marker["size"], alpha)


def mark(
    axes: Axes,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    symbol: str,
    colour: str,
    size: float = 8.0,
    alpha: float = 1.0,
) -> None:
    """Draw marks by Plotly's name of their symbol, and its size in pixels."""
    axes.plot(x, y, linestyle="none", alpha=alpha, zorder=2.5, **marker_style(symbol, colour, size))


def marker_style(symbol: str, colour: str, size: float = 8.0) -> dict[str, Any]:
    """Return how matplotlib draws a symbol of Plotly: open ones are filled with paper."""
    hollow = symbol.endswith("-open")
    return {
        "marker": MARKERS[symbol.removesuffix("-open")],
        "markersize": POINTS * size,
        "markerfacecolor": "#ffffff" if hollow else colour,
        "markeredgecolor": colour,
        "markeredgewidth": 0.8,
    }


def _heatmap(axes: Axes, trace: Figure) -> AxesImage | QuadMesh:
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("report", VIRIDIS)
    if "packed" in trace:
        return _histogram(axes, trace, colours)
    z = np.ma.masked_invalid(np.stack([_numbers(row) for row in trace["z"]]))
    x, y = (np.arange(n + 1) - 0.5 for n in z.shape[::-1])
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=6.0)
    mesh = axes.pcolormesh(
        x,
        y,
        z,
        cmap=colours,
        vmin=trace["zmin"],
        vmax=trace["zmax"],
        edgecolors="#ffffff",
        linewidth=1.0,
        zorder=1.5,
    )
    _cell_texts(axes, trace, z)
    return mesh


def _histogram(axes: Axes, trace: Figure, colours: Colormap) -> AxesImage:
    """Draw counts as an image: as squares they would be megabytes."""
    bins = trace["bins"]
    counts = unpacked(trace["packed"], bins).T
    low_x, low_y = (trace[f"{which}0"] - trace[f"d{which}"] / 2 for which in "xy")
    high_x, high_y = low_x + bins * trace["dx"], low_y + bins * trace["dy"]
    return axes.imshow(
        np.ma.masked_where(counts == 0, np.log10(np.maximum(counts, 1))),
        extent=(low_x, high_x, low_y, high_y),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap=colours,
        vmin=trace["zmin"],
        vmax=trace["zmax"],
        zorder=1.5,
    )


def _cell_texts(axes: Axes, trace: Figure, z: NDArray[np.float64]) -> None:
    for i, row in enumerate(trace["text"]):
        for j, text in enumerate(row):
            if text and not np.ma.is_masked(z[i, j]):
                at = (z[i, j] - trace["zmin"]) / (trace["zmax"] - trace["zmin"])
                colour = "#000000" if at >= LIGHT_FROM else "#ffffff"
                axes.text(j, i, text, color=colour, size=5.2, ha="center", va="center", zorder=4)


def _annotation(axes: Axes, note: Figure) -> None:
    at = tuple(
        10.0 ** note[which] if scale == "log" else note[which]
        for which, scale in (("x", axes.get_xscale()), ("y", axes.get_yscale()))
    )
    axes.annotate(
        _text(note["text"]),
        xy=at,
        xytext=(POINTS * note["ax"], -POINTS * note["ay"]),
        textcoords="offset points",
        ha="center",
        va="center",
        size=POINTS * note["font"]["size"],
        arrowprops={
            "arrowstyle": "-",
            "color": LINES["reference"],
            "linewidth": 0.4,
            "shrinkA": 0.5,
            "shrinkB": 3.0,
        },
        zorder=5,
    )
