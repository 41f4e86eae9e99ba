"""The rows of the leaderboard, as data: shared by the page and the terminal.

Nothing is computed here; values come from :class:`Score` and failures from :class:`UnitFacts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mlip_compose.evaluation.results import Metric, RankedPotential, Ranking, Score, SeedSummary
from mlip_compose.evaluation.study_results import StudyResults, UnitFacts
from mlip_compose.report.entry import Entry
from mlip_compose.report.words import (
    DASH,
    ROLES,
    STANDARD_LEVEL,
    between,
    is_number,
    number,
    percent,
    ratio,
)

Places = dict[tuple[str, str], RankedPotential]
"""By task and potential: the place by OOD error."""


def orders_of(results: StudyResults, board: Board) -> tuple[Ranking, ...]:
    """Return the rankings by the metric and at the level of a board, in the order of its tasks."""
    rankings = [r for r in results.rankings if (r.level, r.metric) == (board.level, board.metric)]
    return tuple(sorted(rankings, key=lambda r: (board.tasks.index(r.task), r.quantity != "ood")))


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


Column = Literal["id", "ood", "gap"]
MAIN_METRIC = "forces_mae"


@dataclass(frozen=True)
class Cell:
    """What became of an entry on one task: a metric, a failure, or nothing.

    ``reason`` says why there is no metric, or that some seeds failed; ``failed_frames`` counts
    frames without a prediction. Of a mean over seeds, ``summary`` has the spread, and ``score`` is
    that of one of the seeds.
    """

    task: str
    state: Literal["scored", "failed", "absent"]
    metric: Metric | None = None
    score: Score | None = None
    reason: str = ""
    failed_frames: int = 0
    summary: SeedSummary | None = None

    def sd(self, column: Column) -> float | None:
        """Return the standard deviation over seeds, None of a single seed."""
        value = getattr(self.summary, column) if self.summary else None
        return value.sd if value else None


@dataclass(frozen=True)
class Row:
    """An entry with one cell a task, in the order of the board's tasks."""

    entry: Entry
    cells: tuple[Cell, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What went wrong on tasks that have numbers: tasks of which the same is said together."""
        remarks: dict[str, list[str]] = {}
        for cell in self.cells:
            if cell.metric is None:
                continue
            if cell.failed_frames:
                frames = "test frame" if cell.failed_frames == 1 else "test frames"
                remarks.setdefault(f"{cell.failed_frames} {frames} failed", []).append(cell.task)
            if cell.reason:
                remarks.setdefault(cell.reason, []).append(cell.task)
        return tuple(f"{', '.join(tasks)}: {text}" for text, tasks in remarks.items())

    @property
    def was_run(self) -> bool:
        """Whether there is a score or a failure on any task."""
        return any(cell.state != "absent" or cell.score is not None for cell in self.cells)


@dataclass(frozen=True)
class Board:
    """The leaderboard of one metric at one level; rows are grouped by role, learned first."""

    level: int
    metric: str
    label: str
    unit: str
    aggregation: str
    tasks: tuple[str, ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows, in order."""
        return tuple(row for _, rows in self.groups for row in rows)


def tasks_of(results: StudyResults) -> tuple[str, ...]:
    """Return the tasks of a study in the order in which they were run."""
    names = [unit.task for unit in results.units] + [score.task for score in results.scores]
    return tuple(dict.fromkeys(names))


def levels_of(results: StudyResults) -> tuple[int, ...]:
    """Return the levels of a study, ascending."""
    levels = {level for unit in results.units for level in unit.levels}
    return tuple(sorted(levels | {score.level for score in results.scores}))


def default_level(results: StudyResults) -> int:
    """Return the level to show first: the standard one, or the nearest that the study has."""
    levels = levels_of(results)
    return min(levels, key=lambda level: abs(level - STANDARD_LEVEL), default=STANDARD_LEVEL)


def metrics_of(results: StudyResults) -> tuple[Metric, ...]:
    """Return one example of each metric, the force error first."""
    by_name = {m.name: m for score in results.scores for m in score.metrics}
    return tuple(sorted(by_name.values(), key=lambda metric: metric.name != MAIN_METRIC))


def unit_of(results: StudyResults, metric: str) -> str:
    """Return the unit of a metric; empty where there is no score of it."""
    return next(
        (candidate.unit for candidate in metrics_of(results) if candidate.name == metric), ""
    )


def entries_of(results: StudyResults) -> tuple[Entry, ...]:
    """Return the potentials of a study: learned, feasibility, scale.

    Each is one entry, the mean over its seeds where there are several. Results without summaries
    over seeds have an entry for each seed.
    """
    runs = runs_of(results)
    if len({run.seed for run in runs}) < 2 or not results.seed_summaries:
        return runs
    means = (Entry(run.potential, None, run.role, run.potential) for run in runs)
    return tuple(dict.fromkeys(means))


def runs_of(results: StudyResults) -> tuple[Entry, ...]:
    """Return the potentials of a study, each with each of its seeds, in the same order."""
    runs: list[UnitFacts | Score] = [*results.units, *results.scores]
    several = len({run.seed for run in runs}) > 1
    by_run = {
        (run.potential, run.seed): Entry(
            run.potential,
            run.seed,
            run.role,
            f"{run.potential}, seed {run.seed}" if several else run.potential,
        )
        for run in runs
    }
    return tuple(sorted(by_run.values(), key=lambda entry: list(ROLES).index(entry.role)))


def find_score(results: StudyResults, entry: Entry, task: str, level: int) -> Score | None:
    """Return the score of a single seed on a task at a level, or None."""
    wanted = (entry.potential, entry.seed, task, level)
    return next(
        (s for s in results.scores if (s.potential, s.seed, s.task, s.level) == wanted), None
    )


def failure_of(results: StudyResults, entry: Entry, task: str, level: int) -> UnitFacts | None:
    """Return the failed unit that should have given this score, or None; no ceiling does."""
    return next(
        (
            unit
            for unit in results.units
            if unit.status == "failed"
            and not unit.ceiling
            and (unit.potential, unit.task) == (entry.potential, task)
            and entry.seed in (None, unit.seed)
            and level in unit.levels
        ),
        None,
    )


def cell_of(results: StudyResults, entry: Entry, task: str, level: int, metric: str) -> Cell:
    """Return what is known of an entry on a task at a level."""
    if entry.seed is None:
        return mean_cell(results, entry, task, level, metric)
    score = find_score(results, entry, task, level)
    if score is not None:
        scored = next((m for m in score.metrics if m.name == metric), None)
        if scored is None:
            return Cell(task, "absent", None, score, f"{metric} was not scored on this task")
        return Cell(task, "scored", scored, score, "", score.failed_frames)
    unit = failure_of(results, entry, task, level)
    if unit is not None:
        return Cell(task, "failed", reason=unit.reason or "no reason was given")
    return Cell(task, "absent", reason="not run")


def mean_cell(results: StudyResults, entry: Entry, task: str, level: int, metric: str) -> Cell:
    """Return the mean over the seeds of a potential, as far as they were scored."""
    unit = failure_of(results, entry, task, level)
    wanted = (entry.potential, task, level)
    scores = [s for s in results.scores if (s.potential, s.task, s.level) == wanted]
    if not scores:
        state: Literal["failed", "absent"] = "failed" if unit else "absent"
        return Cell(
            task, state, reason=(unit.reason or "no reason was given") if unit else "not run"
        )
    summary = next(
        (
            s
            for s in results.seed_summaries
            if (s.potential, s.task, s.level, s.metric) == (*wanted, metric)
        ),
        None,
    )
    single = next((m for m in scores[0].metrics if m.name == metric), None)
    if summary is None or single is None:
        return Cell(task, "absent", None, scores[0], f"{metric} was not scored on this task")
    means = {
        column: value.mean if (value := getattr(summary, column)) else None
        for column in ("id", "ood", "gap")
    }
    reason = f"only seeds {', '.join(map(str, summary.seeds))}: {unit.reason}" if unit else ""
    mean = single.model_copy(update=means)
    return Cell(task, "scored", mean, scores[0], reason, summary.failed_frames, summary)


def build_board(
    results: StudyResults, metric: Metric, level: int, entries: tuple[Entry, ...] | None = None
) -> Board:
    """Return the leaderboard of a metric at a level: of the potentials that were run at it.

    Parameters
    ----------
    results
        The study.
    metric
        Any example of the metric: its name, label, unit and aggregation are used.
    level
        Level of the tasks.
    entries
        Whose rows; of all potentials where none are given.
    """
    tasks = tasks_of(results)
    rows = [
        Row(entry, tuple(cell_of(results, entry, task, level, metric.name) for task in tasks))
        for entry in (entries_of(results) if entries is None else entries)
    ]
    groups = {
        role: tuple(row for row in rows if row.entry.role == role and row.was_run) for role in ROLES
    }
    return Board(
        level=level,
        metric=metric.name,
        label=metric.label,
        unit=metric.unit,
        aggregation=metric.aggregation,
        tasks=tasks,
        groups=tuple((role, members) for role, members in groups.items() if members),
    )


def provenance_of(cell: Cell, column: Column) -> str:
    """Return all that belongs to a number, in one sentence: what is shown when one points at it."""
    metric, score = cell.metric, cell.score
    if metric is None or score is None:
        return cell.reason
    interval = getattr(metric, column)
    confidence = f"{100 * score.confidence:g} % interval"
    where = f"{score.potential} on {score.task}, level {score.level}"
    if metric.name.startswith("reaction"):
        id_size = f"{metric.id_frames} ID reactions of {metric.id_molecules} families"
        ood_size = f"{metric.ood_frames} OOD reactions of {metric.ood_molecules} families"
    else:
        id_size = f"{metric.id_frames} ID frames of {metric.id_molecules} training molecules"
        ood_size = f"{metric.ood_frames} OOD frames of {metric.ood_molecules} unseen molecules"
    size = {"id": id_size, "ood": ood_size, "gap": f"{ood_size} against {id_size}"}[column]
    if interval is None or not is_number(interval.value):
        name = "gap" if column == "gap" else f"{column.upper()} value"
        return f"{where}: no {name} of {metric.label}; {size}."
    as_ratio = column == "gap"
    value = ratio(interval.value) if as_ratio else f"{number(interval.value)} {metric.unit}"
    limits = between(interval, as_ratio) or "none (fewer than two molecules)"
    quantity = (
        f"OOD / ID ratio of {metric.label}" if as_ratio else f"{column.upper()} {metric.label}"
    )
    seeds, sd = f"seed {score.seed}", cell.sd(column)
    if cell.summary is not None:
        seeds = f"mean over seeds {', '.join(map(str, cell.summary.seeds))}"
        if sd is not None:
            seeds += f" with a standard deviation of {ratio(sd) if as_ratio else number(sd)}"
    failed = f" {cell.failed_frames} frames have no prediction." if cell.failed_frames else ""
    frames = f"{score.train_frames} frames of {score.train_molecules} molecules"
    trained = f"trained on {frames}"
    if score.level_of_theory:
        trained = f"trained elsewhere, on {score.level_of_theory}"
        trained += f", with element offsets from {frames}" if score.train_frames else ""
    elif score.pretrained_on:
        trained = f"pretrained on {score.pretrained_on}, trained on {frames}"
    return (
        f"{where}: {quantity} {value}, {confidence} {limits}; {metric.aggregation}; reference "
        f"{score.reference}; {size}; {trained}, {seeds}; {score.resamples} resamples.{failed}"
    )
