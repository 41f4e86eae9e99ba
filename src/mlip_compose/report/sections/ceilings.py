"""The ceiling gap beside the gap: what each potential makes of the very same frames in training."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mlip_compose.core.records import Interval
from mlip_compose.evaluation.ceiling import CeilingMetric, CeilingSummary
from mlip_compose.evaluation.results import SeedValue
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.entry import Entry
from mlip_compose.report.sections.leaderboard import Board
from mlip_compose.report.words import DASH, between, is_number, number, ratio


@dataclass(frozen=True)
class CeilingCell:
    """The ceiling of an entry on one task, or the reason why there is none.

    ``gap`` is the ceiling gap, ``ood`` and ``ceiling`` the errors on the same frames without and
    with the molecules in training; ``sd`` is the standard deviation of the gap over seeds, None of
    a single one. ``note`` is all that belongs to the gap, in one sentence.
    """

    task: str
    entry: Entry
    ood: Interval | None
    ceiling: Interval | None
    gap: Interval | None
    sd: float | None
    note: str


Ceilings = dict[tuple[str, Entry], CeilingCell]
"""By task and entry."""


def ceilings_of(results: StudyResults, board: Board) -> Ceilings:
    """Return the ceilings of every row of a board; empty for a study without any."""
    if not has_ceilings(results):
        return {}
    return {
        (task, row.entry): _cell(results, board, row.entry, task)
        for task in board.tasks
        for row in board.rows
    }


def has_ceilings(results: StudyResults) -> bool:
    """Return whether a study asked for ceilings, be it that they failed."""
    return any(unit.ceiling for unit in results.units)


def _cell(results: StudyResults, board: Board, entry: Entry, task: str) -> CeilingCell:
    metric = _find(results, board, entry, task)
    if metric is None:
        where = f"{entry.label} on {task}, level {board.level}"
        note = f"{where}: {_absent(results, entry, board, task)}"
        return CeilingCell(task, entry, None, None, None, None, note)
    ood, ceiling, gap = (_interval(value) for value in (metric.ood, metric.ceiling, metric.gap))
    sd = metric.gap.sd if isinstance(metric.gap, SeedValue) else None
    cell = CeilingCell(task, entry, ood, ceiling, gap, sd, "")
    return replace(cell, note=_note(results, board, cell, metric))


def _find(
    results: StudyResults, board: Board, entry: Entry, task: str
) -> CeilingMetric | CeilingSummary | None:
    wanted = (task, board.level, entry.potential)
    if entry.seed is None:
        return next(
            (
                summary
                for summary in results.ceiling_summaries
                if (summary.task, summary.level, summary.potential) == wanted
                and summary.metric == board.metric
            ),
            None,
        )
    return next(
        (
            metric
            for score in results.ceilings
            if (score.task, score.level, score.potential) == wanted and score.seed == entry.seed
            for metric in score.metrics
            if metric.name == board.metric
        ),
        None,
    )


def _interval(value: Interval | SeedValue | None) -> Interval | None:
    return value.mean if isinstance(value, SeedValue) else value


def _absent(results: StudyResults, entry: Entry, board: Board, task: str) -> str:
    failed = next(
        (
            unit.reason
            for unit in results.units
            if unit.ceiling
            and unit.status == "failed"
            and (unit.potential, unit.task) == (entry.potential, task)
            and entry.seed in (None, unit.seed)
            and board.level in unit.levels
        ),
        None,
    )
    if failed is not None:
        return f"the training of the ceiling failed: {failed}"
    return f"no ceiling of {board.label}."


def _note(
    results: StudyResults, board: Board, cell: CeilingCell, metric: CeilingMetric | CeilingSummary
) -> str:
    entry, gap = cell.entry, cell.gap
    score = next(
        s
        for s in results.ceilings
        if (s.task, s.level, s.potential) == (cell.task, board.level, entry.potential)
        and entry.seed in (None, s.seed)
    )
    where = f"{entry.label} on {cell.task}, level {board.level}"
    if gap is None or not is_number(gap.value):
        return f"{where}: no ceiling gap of {board.label}."
    seeds = f"seed {score.seed}"
    if isinstance(metric, CeilingSummary):
        seeds = f"mean over seeds {', '.join(map(str, metric.seeds))}"
        if cell.sd is not None:
            seeds += f" with a standard deviation of {ratio(cell.sd)}"
    limits = between(gap, as_ratio=True) or "none (fewer than two molecules)"
    failed = ""
    if score.failed_frames:
        failed = f" {score.failed_frames} frames that one of the two failed on are left out."
    return (
        f"{where}: ceiling gap of {board.label} {ratio(gap.value)}, {100 * score.confidence:g} % "
        f"interval {limits}: {number(cell.ood.value if cell.ood else None)} without and "
        f"{number(cell.ceiling.value if cell.ceiling else None)} {board.unit} with these molecules "
        f"in training, on the same frames of {metric.molecules} unseen molecules; "
        f"{score.ood_train_frames} of the ceiling's {score.train_frames} training frames are of "
        f"them; {metric.aggregation}; reference {score.reference}; {seeds}; {score.resamples} "
        f"resamples.{failed}"
    )


def ceiling_rows(ceilings: Ceilings) -> list[tuple[str, str, str, str, str]]:
    """Return a table's rows as text: task, potential, both errors, ceiling gap with interval."""
    rows = []
    for (task, entry), cell in ceilings.items():
        if cell.gap is None and cell.ood is None:
            continue
        rows.append(
            (task, entry.label, _with(cell.ood), _with(cell.ceiling), _with(cell.gap, True))
        )
    return rows


def _with(interval: Interval | None, as_ratio: bool = False) -> str:
    """Return a value with its interval, ``1.25 (1.10 to 1.41)``."""
    if interval is None:
        return DASH
    limits = between(interval, as_ratio)
    value = ratio(interval.value) if as_ratio else number(interval.value)
    return f"{value} ({limits})" if limits else value


def ceiling_text(cell: CeilingCell | None) -> str:
    """Return a ceiling gap for the terminal, ``1.25 ± 0.10 [1.10 to 1.41]``."""
    if cell is None or cell.gap is None:
        return DASH
    sd = "" if cell.sd is None else f" ± {ratio(cell.sd)}"
    limits = between(cell.gap, as_ratio=True)
    return ratio(cell.gap.value) + sd + (f" [{limits}]" if limits else "")
