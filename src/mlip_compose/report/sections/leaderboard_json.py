"""The leaderboard as records: what the page's table sorts by, and what it saves as CSV and JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlip_compose.core.records import Interval
from mlip_compose.evaluation.results import RankedPotential
from mlip_compose.report.sections.ceilings import CeilingCell, Ceilings
from mlip_compose.report.sections.leaderboard import Board, Cell, Column, Places, Row
from mlip_compose.report.words import is_number

Record = dict[str, Any]
COLUMNS: tuple[Column, ...] = ("id", "ood", "gap")
HEADS = {
    "id": ("ID", ""),
    "ood": ("OOD", ""),
    "gap": ("gap", "OOD / ID"),
    "ceiling_gap": ("ceiling gap", "without / with"),
    "rank": ("rank", "by OOD"),
}
"""Column -> its title, and what stands below it: the metric's unit where this is empty."""


def board_records(board: Board, ceilings: Ceilings, places: Places) -> list[list[Record]]:
    """Return one list a row of the board, with a record a task, in the order of the board.

    A record has ``potential``, ``role``, ``seeds``, ``task``, ``state`` and ``reason``; of a cell
    with numbers also ``id``, ``ood``, ``gap``, ``ceiling_gap`` and ``rank`` as far as they are
    there, each ``[value, low, high]`` and, of a mean over seeds, its standard deviation; and how
    many frames and molecules they are from.

    Parameters
    ----------
    board
        The leaderboard of one metric at one level.
    ceilings, places
        The ceiling gaps and ranks that belong to it; empty where there are none.
    """
    return [
        [
            _record(
                row,
                cell,
                ceilings.get((cell.task, row.entry)),
                places.get((cell.task, row.entry.potential)),
            )
            for cell in row.cells
        ]
        for row in board.rows
    ]


def _record(
    row: Row, cell: Cell, ceiling: CeilingCell | None, place: RankedPotential | None
) -> Record:
    entry = row.entry
    record: Record = {
        "label": entry.label,
        "potential": entry.potential,
        "role": entry.role,
        "task": cell.task,
        "state": cell.state,
        "reason": cell.reason,
    }
    metric, score = cell.metric, cell.score
    if metric is None or score is None:
        return record
    seeds = cell.summary.seeds if cell.summary is not None else (score.seed,)
    record |= {
        "seeds": list(seeds),
        "reference": score.reference,
        "train_frames": score.train_frames,
        "train_molecules": score.train_molecules,
        "id_frames": metric.id_frames,
        "id_molecules": metric.id_molecules,
        "ood_frames": metric.ood_frames,
        "ood_molecules": metric.ood_molecules,
        "failed_frames": cell.failed_frames,
        "confidence": score.confidence,
        "resamples": score.resamples,
    }
    record |= {column: _numbers(getattr(metric, column), cell.sd(column)) for column in COLUMNS}
    if ceiling is not None:
        record["ceiling_gap"] = _numbers(ceiling.gap, ceiling.sd)
    if place is not None:
        record["rank"] = [place.rank, place.low, place.high]
    return record


def _numbers(interval: Interval | None, sd: float | None) -> list[float | None] | None:
    """Return value, limits and, where there is one, the standard deviation over seeds."""
    if interval is None or not is_number(interval.value):
        return None
    limits = [limit if is_number(limit) else None for limit in (interval.low, interval.high)]
    return [interval.value, *limits, *([] if sd is None else [sd])]


def board_document(tables: Iterable[tuple[Board, Ceilings, Places, str]]) -> Record:
    """Return what the page's table is made from, by level, metric and kind of rows.

    Parameters
    ----------
    shown
        Each leaderboard with the ceiling gaps and ranks that belong to it, and what its rows are:
        ``means`` over seeds, or ``seeds``.
    """
    document: Record = {}
    for board, ceilings, places, rows in tables:
        columns = [*COLUMNS, *(["ceiling_gap"] if ceilings else []), *(["rank"] if places else [])]
        document.setdefault(str(board.level), {}).setdefault(board.metric, {})[rows] = {
            "label": board.label,
            "unit": board.unit,
            "aggregation": board.aggregation,
            "tasks": board.tasks,
            "columns": columns,
            "heads": {
                column: (HEADS[column][0], HEADS[column][1] or board.unit) for column in columns
            },
            "seeds": any(cell.summary for row in board.rows for cell in row.cells),
            "records": board_records(board, ceilings, places),
        }
    return document
