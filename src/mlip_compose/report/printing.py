"""Publication figures: the documents of the page, drawn by matplotlib as PDF and SVG.

This draws the part of Plotly's documents that the report uses, in the colours of paper. PDF keeps
text as text, in an embedded font; SVG has it as outlines, which look the same everywhere.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlip_compose.core.errors import MissingExtraError
from mlip_compose.core.files import write_bytes
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.figures.style import SCALE
from mlip_compose.report.matplotlib_panel import DASHES, FILLS, draw_panel, marker_style
from mlip_compose.report.plates import Pane, Plate, plates

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.collections import QuadMesh
    from matplotlib.figure import Figure as Canvas
    from matplotlib.image import AxesImage

FORMATS: Final = ("pdf", "svg")
PIXELS: Final = 150.0  # of the page, to an inch of paper
SETTINGS: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same everywhere, with subscripts
    "font.size": 7.0,
    "axes.linewidth": 0.6,
    "axes.titlesize": 7.5,
    "axes.titlelocation": "left",
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "savefig.dpi": 300,  # of histograms; all else is vectors
    "text.parse_math": False,  # names are shown as they are written
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "mlip-compose",
}
METADATA: Final[dict[str, dict[str, Any]]] = {
    "pdf": {"CreationDate": None, "Creator": "mlip-compose"},
    "svg": {"Date": None, "Creator": "mlip-compose"},
}


def write_figures(results: StudyResults, folder: Path) -> Iterator[Path]:
    """Write every figure as PDF and SVG, and yield each path; the same results give the same bytes.

    Parameters
    ----------
    results
        The study.
    folder
        Is made where there is none.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    UnwritableError
        A file cannot be written.
    """
    try:
        import matplotlib as mpl
    except ImportError:
        raise MissingExtraError("publication figures", "matplotlib", "figures") from None

    for plate in plates(results):
        with mpl.rc_context(SETTINGS):
            canvas = draw_plate(plate)
            for extension in FORMATS:
                path = folder / f"{plate.name}.{extension}"
                write_bytes(path, _saved(canvas, extension))
                yield path


def plate_svg(plate: Plate) -> str:
    """Return a plate as SVG; the same plate gives the same text."""
    import matplotlib as mpl

    with mpl.rc_context(SETTINGS):
        return _saved(draw_plate(plate), "svg").decode("utf-8")


def _saved(canvas: Canvas, extension: str) -> bytes:
    buffer = io.BytesIO()
    canvas.savefig(buffer, format=extension, metadata=METADATA[extension])
    return buffer.getvalue()


def draw_plate(plate: Plate) -> Canvas:
    """Return a plate as matplotlib's figure: its panels in rows, with one legend below them."""
    from matplotlib.figure import Figure as Canvas
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    rows = math.ceil(len(plate.panes) / plate.columns)
    tallest = max(pane.figure["layout"]["height"] for pane in plate.panes) / PIXELS
    lines = 1 + max(pane.title.count("\n") for pane in plate.panes)
    handles = _legend(plate)
    columns = 2 if plate.columns == 1 else 4
    below = 0.16 * math.ceil(len(handles) / columns) + (0.45 if plate.scale else 0.1)
    canvas = Canvas(
        figsize=(plate.width, rows * ((plate.height or tallest) + 0.13 * lines) + below),
        layout=ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03),
    )
    places = canvas.subplots(rows, plate.columns, squeeze=False).ravel()
    drawn = [
        (pane, draw_panel(axes, pane.figure))
        for axes, pane in zip(places, plate.panes, strict=False)
    ]
    for axes, pane in zip(places, plate.panes, strict=False):
        axes.set_title(pane.title)
    for axes in places[len(plate.panes) :]:
        axes.remove()
    if plate.scale:
        _scale(canvas, plate.scale, drawn)
    if handles:
        canvas.legend(
            handles=handles,
            loc="outside lower center",
            ncols=columns,
            frameon=False,
            handlelength=3.2,
            columnspacing=1.2,
        )
    canvas.draw_without_rendering()  # lay out once for all formats
    canvas.set_layout_engine("none")
    return canvas


def _scale(
    canvas: Canvas, title: str, drawn: Sequence[tuple[Pane, AxesImage | QuadMesh | None]]
) -> None:
    """Give all heatmaps one colour scale, and show it below them."""
    meshes = [mesh for _, mesh in drawn if mesh is not None]
    ends = [mesh.get_clim() for mesh in meshes]
    low, high = (
        function(end) for function, end in zip((min, max), zip(*ends, strict=True), strict=True)
    )
    for mesh in meshes:
        mesh.set_clim(low, high)
    heat = drawn[0][0].figure["data"][0]
    bar = canvas.colorbar(
        meshes[0], ax=canvas.axes, location="bottom", shrink=0.5, aspect=45, pad=0.03
    )
    powers = range(math.ceil(max(low, 0.0)), math.floor(high) + 1)
    at = heat.get("tickvals", list(powers))
    bar.set_ticks(at, labels=heat.get("ticktext", [f"{10**power:,}" for power in powers]))
    bar.set_label(title)
    bar.outline.set_visible(False)


def _legend(plate: Plate) -> list[Artist]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Artist] = [
        Line2D(
            [],
            [],
            label=label,
            color=style.colour,
            linestyle=DASHES[style.dash],
            linewidth=1.1,
            **marker_style(style.symbol, style.colour),
        )
        for label, style in plate.names
    ]
    if plate.marks != "none":
        said = ("gap", "ceiling gap") if plate.marks == "ceilings" else ("ID", "OOD")
        handles += [
            Line2D([], [], label=label, linestyle="none", **marker_style(symbol, SCALE[0]))
            for symbol, label in zip(("circle", "circle-open"), said, strict=True)
        ]
    if plate.marks == "training":
        handles.append(Patch(color=FILLS["training"], label="trained on"))
    return handles
