"""Figure: how far the reaction energies of each potential are from those of the reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mlip_compose.evaluation.results import ReactionScore
from mlip_compose.report.entry import Entry
from mlip_compose.report.figures.label_places import short
from mlip_compose.report.figures.style import (
    SCALE,
    Figure,
    Style,
    band,
    log_axis,
    marker,
    plain,
    rule,
    title,
)
from mlip_compose.report.words import number

REFERENCE: Final = "reference"
ACCURACY: Final = 1.0  # kcal/mol, what is called chemical accuracy
SMALLEST: Final = 1e-3  # kcal/mol; smaller errors stand at the edge
ROW: Final = 40  # pixels of a potential
APART: Final = 0.2  # of a row, between ID and OOD
SPREAD: Final = 0.2  # of a row, over which dots of one row and part are spread
LONGEST: Final = 18  # letters of a name beside a row
GOLDEN: Final = 0.618  # spreads any number of dots evenly


@dataclass(frozen=True)
class Dots:
    """The reactions of one kind of one run."""

    run: Entry
    style: Style
    reactions: tuple[ReactionScore, ...]


def reaction_figure(dots: Sequence[Dots], kind: str, centre: float) -> Figure:
    """Return a row of dots for each run, one a reaction: the size of its error, logarithmic.

    The first row is the reference's own deviation from additivity, that is from ``centre``: what a
    potential would be wrong by that took groups to be additive. Increments are those with element
    offsets, where there are any. Reactions of training molecules are filled and stand above, those
    with an unseen molecule open and below.
    """
    every = {reaction.name: reaction for dot in dots for reaction in dot.reactions}
    grey = Style(SCALE[0], "circle", "solid")
    rows = [(REFERENCE, grey, [(r, abs(r.reference - centre)) for r in every.values()])] + [
        (
            dot.run.label,
            dot.style,
            [
                (r, abs(energy - r.reference))
                for r in dot.reactions
                if (energy := shown(r, kind)) is not None
            ],
        )
        for dot in dots
    ]
    seen = [max(size, SMALLEST) for _, _, own in rows for _, size in own]
    labels = [short(label, LONGEST) for label, _, _ in rows]
    ends = [len(rows) - 0.5, -0.5]
    return {
        "data": [
            _trace(label, style, part, [pair for pair in own if pair[0].part == part], at)
            for at, (label, style, own) in enumerate(rows)
            for part in ("id", "ood")
            if any(reaction.part == part for reaction, _ in own)
        ],
        "layout": {
            "height": 62 + ROW * len(rows),
            "margin": {"l": 16 + 7 * max(map(len, labels)), "r": 12, "t": 8, "b": 46},
            "showlegend": False,
            "hovermode": "closest",
            "meta": {"labelled": True, "parts": True},
            "xaxis": log_axis([*seen, ACCURACY]) | title("size of the error, kcal/mol"),
            "yaxis": {
                "range": ends,
                "tickmode": "array",
                "tickvals": list(range(len(rows))),
                "ticktext": [plain(label) for label in labels],
                "showgrid": False,
                "zeroline": False,
            },
            "shapes": [
                *(band(at - 0.5, at + 0.5, along="y") for at in range(0, len(rows), 2)),
                rule(ACCURACY, ends, "dot", along="x"),
            ],
        },
    }


def shown(reaction: ReactionScore, kind: str) -> float | None:
    """Return the energy by the potential, kcal/mol: of increments with element offsets if any.

    None where it is withheld, since it would be from another zero of energy.
    """
    if kind == "increment" and reaction.predicted_offset is not None:
        return reaction.predicted_offset
    return reaction.predicted


def _trace(
    label: str, style: Style, part: str, reactions: Sequence[tuple[ReactionScore, float]], row: int
) -> Figure:
    middle = row + (APART if part == "ood" else -APART)
    quantity = "deviates from additivity by" if label == REFERENCE else "error"
    return {
        "type": "scatter",
        "mode": "markers",
        "name": plain(f"{label}, {part.upper()}"),
        "x": [float(f"{max(size, SMALLEST):.3g}") for _, size in reactions],
        "y": [
            round(middle + SPREAD * ((GOLDEN * i) % 1.0 - 0.5), 3) for i in range(len(reactions))
        ],
        "marker": marker(style, hollow=part == "ood") | {"size": 6},
        "opacity": 0.8,
        "text": [
            plain(f"{label}, {part.upper()}: {reaction.name}: {quantity} {number(size)} kcal/mol")
            for reaction, size in reactions
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }
