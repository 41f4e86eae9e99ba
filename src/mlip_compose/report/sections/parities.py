"""Figure: predicted against reference values, binned."""

from __future__ import annotations

import math
from typing import Any, Final

from mlip_compose.evaluation.parity import Parity
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.entry import Entry
from mlip_compose.report.figures.style import Figure, panel, title
from mlip_compose.report.sections.leaderboard import find_score
from mlip_compose.report.words import number, percent

PARTS: Final = {"id": "training molecules (ID)", "ood": "unseen molecules (OOD)"}
HEIGHT: Final = 290  # pixels
DARK: Final = 0.35
"""Room below a single pair on the colour scale, whose dark end is hard to see on a dark page."""


def parity_document(
    results: StudyResults, level: int, task: str, entries: tuple[Entry, ...]
) -> dict[str, list[dict[str, Any]]]:
    """Return the panels of each entry, by its label; entries without histograms are not there.

    Returns
    -------
    dict
        For each panel its ``title``, ``quantity``, ``part``, ``figure`` and ``caption``. The
        heatmap of a figure has ``packed`` in place of ``z``: the counts as :class:`Parity` keeps
        them, for whoever draws it to unpack, with the decadic logarithm as colour.
    """
    document = {}
    for entry in entries:
        score = find_score(results, entry, task, level)
        parities = (score.parity or ()) if score is not None else ()
        if parities:
            document[entry.label] = [
                {
                    "title": f"{parity.label}, {PARTS[parity.part]}",
                    "quantity": parity.quantity,
                    "part": parity.part,
                    "figure": _figure(parity),
                    "caption": _caption(parity),
                }
                for parity in parities
            ]
    return document


def _figure(parity: Parity) -> Figure:
    width = (parity.high - parity.low) / parity.bins
    brightest = round(max(math.log10(max(int(parity.matrix().max()), 1)), 0.3), 3)
    ends = {"range": [parity.low, parity.high], "nticks": 5}
    return {
        "data": [
            {
                "type": "heatmap",
                "packed": parity.counts,
                "bins": parity.bins,
                "x0": parity.low + width / 2,
                "dx": width,
                "y0": parity.low + width / 2,
                "dy": width,
                "zmin": round(-DARK * brightest, 3),
                "zmax": brightest,
                "showscale": False,
                "hoverongaps": False,
                "hovertemplate": (
                    f"reference %{{x:.3g}}, predicted %{{y:.3g}} {parity.unit}: "
                    "%{text} pairs<extra></extra>"
                ),
            }
        ],
        "layout": panel(
            ends | title(f"reference, {parity.unit}"),
            ends | title(f"predicted, {parity.unit}"),
            [
                {
                    "type": "line",
                    "x0": parity.low,
                    "y0": parity.low,
                    "x1": parity.high,
                    "y1": parity.high,
                    "line": {"width": 1, "dash": "dot"},
                    "name": "reference",
                }
            ],
            height=HEIGHT,
        ),
    }


def _caption(parity: Parity) -> str:
    counts = parity.matrix()
    inside = int(counts.sum())
    near = sum(int(counts.diagonal(k).sum()) for k in (-1, 0, 1))
    width = (parity.high - parity.low) / parity.bins
    beyond = f"; {parity.overflow:,} lie beyond the axes" if parity.overflow else ""
    return (
        f"{parity.pairs:,} pairs in bins of {number(width)} {parity.unit}{beyond}. "
        f"{percent(near / inside) if inside else 'None'} of those shown lie on the diagonal or one "
        f"bin beside it. Brightest: {int(counts.max()):,} pairs."
    )
