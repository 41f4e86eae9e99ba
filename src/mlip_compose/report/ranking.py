"""How sure the order of the potentials is: ranks with their intervals, as recorded."""

from __future__ import annotations

from mlip_compose.evaluation.results import RankedPotential, Ranking
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.leaderboard import Board, Entry
from mlip_compose.report.numbers import DASH, number, percent, ratio

Places = dict[tuple[str, str], RankedPotential]
"""By task and potential: the place by OOD error."""


def orders_of(results: StudyResults, board: Board) -> tuple[Ranking, ...]:
    """Return the rankings by the metric and at the level of a board, in the order of its tasks."""
    found = [r for r in results.rankings if (r.level, r.metric) == (board.level, board.metric)]
    return tuple(sorted(found, key=lambda r: (board.tasks.index(r.task), r.quantity != "ood")))


def places_of(results: StudyResults, board: Board) -> Places:
    """Return the places by OOD error that a board shows; empty where nothing was ranked."""
    return {
        (order.task, place.potential): place
        for order in orders_of(results, board)
        if order.quantity == "ood"
        for place in order.potentials
    }


def place_text(place: RankedPotential | None) -> str:
    """Return a rank with its interval, ``2 (1 to 3)``."""
    if place is None:
        return DASH
    if place.low is None or place.high is None:
        return f"{place.rank}"
    return f"{place.rank} ({place.low} to {place.high})"


def place_note(entry: Entry, order: str, place: RankedPotential | None) -> str:
    """Return what a rank says, in one sentence."""
    if place is None:
        return f"{entry.label} on {order}: not ranked."
    best = "" if place.best is None else f"; best of all in {percent(place.best)} of the resamples"
    return f"{entry.label} on {order}: rank {place_text(place)} by OOD error{best}."


def order_rows(order: Ranking) -> list[tuple[str, str, str, str, str]]:
    """Return the rows of a ranking as text.

    They are potential, value, rank with interval, and the shares of resamples in which it is the
    best and in which it is ahead of the next row.
    """
    write = ratio if order.quantity == "gap" else number
    return [
        (
            place.potential,
            write(place.value),
            place_text(place),
            percent(place.best),
            percent(place.ahead),
        )
        for place in order.potentials
    ]


def order_note(order: Ranking) -> str:
    """Return on what a ranking was made, and what is left out of it."""
    units = "families" if order.metric.startswith("reaction") else "unseen molecules"
    parts = [f"{order.molecules} {units}"]
    if order.without_value:
        parts.append(f"no value of {', '.join(order.without_value)}")
    if order.left_out:
        parts.append(f"left out, as not all have a value: {', '.join(order.left_out)}")
    return "; ".join(parts)
