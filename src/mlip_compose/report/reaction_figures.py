"""Figure: reaction energies of each potential against the reference."""

from __future__ import annotations

from dataclasses import dataclass

from mlip_compose.evaluation.results import ReactionScore
from mlip_compose.report.leaderboard import Entry
from mlip_compose.report.numbers import number
from mlip_compose.report.style import Figure, Style, plain


@dataclass(frozen=True)
class Dots:
    """The reactions of one kind of one run."""

    run: Entry
    style: Style
    reactions: tuple[ReactionScore, ...]


def reaction_figure(dots: list[Dots], kind: str, centre: float) -> Figure:
    """Return a dot for each reaction and run, with the line of agreement.

    Exchanges are shown as they are; increments, which are thousands of kcal/mol and differ by few,
    as differences from ``centre``, with element offsets where there are any. Reactions of training
    molecules are filled, those with an unseen molecule open.
    """
    increment = kind == "increment"
    traces: list[Figure] = []
    seen: list[float] = []
    for each in dots:
        for part in ("id", "ood"):
            chosen = [
                reaction
                for reaction in each.reactions
                if reaction.part == part and shown_energy(reaction) is not None
            ]
            if not chosen:
                continue
            x = [reaction.reference - centre for reaction in chosen]
            y = [shown - centre for r in chosen if (shown := shown_energy(r)) is not None]
            seen += x + y
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": plain(each.run.label),
                    "x": [round(value, 3) for value in x],
                    "y": [round(value, 3) for value in y],
                    "marker": {
                        "color": each.style.colour,
                        "symbol": each.style.symbol + ("-open" if part == "ood" else ""),
                        "size": 8,
                        "line": {"color": each.style.colour, "width": 1.5},
                    },
                    "text": [
                        plain(
                            f"{each.run.label}, {part.upper()}: {reaction.name}: {number(b)} by "
                            f"the potential, {number(a)} by the reference"
                        )
                        for reaction, a, b in zip(chosen, x, y, strict=True)
                    ],
                    "hovertemplate": "%{text}<extra></extra>",
                }
            )
    low, high = min(seen), max(seen)
    room = 0.06 * (high - low) or 1.0
    span = [round(low - room, 3), round(high + room, 3)]
    what = "CH₂ increment − mean by the reference" if increment else "exchange energy"
    return {
        "data": traces,
        "layout": {
            "height": 360,
            "margin": {"l": 60, "r": 12, "t": 8, "b": 48},
            "showlegend": False,
            "xaxis": {
                "range": span,
                "zeroline": False,
                "title": {"text": f"{what}, reference, kcal/mol"},
            },
            "yaxis": {"range": span, "zeroline": False, "title": {"text": "potential, kcal/mol"}},
            "shapes": [
                {
                    "type": "line",
                    "x0": span[0],
                    "y0": span[0],
                    "x1": span[1],
                    "y1": span[1],
                    "layer": "below",
                    "line": {"width": 1.5, "dash": "solid"},
                    "name": "reference",
                }
            ],
        },
    }


def shown_energy(reaction: ReactionScore) -> float | None:
    """Return the predicted energy that is drawn, kcal/mol: of increments, with element offsets."""
    if reaction.kind == "increment" and reaction.predicted_offset is not None:
        return reaction.predicted_offset
    return reaction.predicted
