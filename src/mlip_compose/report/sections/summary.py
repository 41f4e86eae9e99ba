"""The answer in sentences, generated from the scores of the force error, in careful language."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import Any, Final

from mlip_compose.evaluation.horizon import HORIZON_GAP
from mlip_compose.evaluation.metric_names import MATCHED, NOVEL
from mlip_compose.evaluation.results import Metric, PairedDifference
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.entry import Entry
from mlip_compose.report.sections.ceilings import CeilingCell, ceilings_of
from mlip_compose.report.sections.leaderboard import (
    MAIN_METRIC,
    Board,
    Row,
    build_board,
    cell_of,
    metrics_of,
)
from mlip_compose.report.sections.origins import is_zero_shot, origin_of
from mlip_compose.report.sections.overview import Weakness, may_be_trusted, where_it_fails
from mlip_compose.report.words import TASKS, between, is_number, joined, number, ratio

_ID_FRAMES: Final = {
    "blocks": " The ID test is the end of the trajectory whose start was trained on.",
    "random": " The ID test has other conformers of the set that was trained on.",
}
"""Where the ID test of a task file comes from, if not from a trajectory of its own."""

FEW = 2  # trained potentials that get a sentence each; of more, the extremes are named


@dataclass(frozen=True)
class Line:
    """What one entry did on one task: the gap with its limits, and the two errors behind it.

    ``matched`` is the gap like with like, ``novel`` that on the atoms whose surroundings no
    training molecule shows, ``ceiling`` the ceiling gap.
    Without an ID part there is no gap, and ``errors`` is that of the unseen molecules alone.
    ``failure`` is set, and the rest empty, where the unit of work failed.
    """

    entry: Entry
    gap: str = ""
    limits: str = ""
    errors: str = ""
    matched: str = ""
    novel: str = ""
    ceiling: str = ""
    failure: str = ""


@dataclass(frozen=True)
class TaskAnswer:
    """The answer on one task: what it asks, and a line for each entry."""

    task: str
    description: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Answer:
    """The answer of a study at one level: a few sentences, then task by task.

    ``where`` says where the trained potentials fail, ``trust`` whether the test is fair.
    """

    level: int
    sentences: tuple[str, ...]
    cautions: tuple[str, ...]
    tasks: tuple[TaskAnswer, ...]
    where: tuple[Weakness, ...]
    trust: tuple[str, ...]


def answer(results: StudyResults, level: int) -> Answer:
    """Return what the force errors of a study say at a level.

    A gap counts as above 1 only where its whole interval is.
    """
    trust = may_be_trusted(results, level)
    main = next((m for m in metrics_of(results) if m.name == MAIN_METRIC), None)
    if main is None:
        nothing = ("No unit of work gave a force error.",)
        return Answer(level, nothing, _failures(results), (), (), trust)
    board = build_board(results, main, level)
    confidence = confidence_of(results)
    elsewhere = [row for row in board.rows if is_zero_shot(results, row.entry)]
    learned = [
        row for row in board.rows if _is(row, "learned") and _gaps(row) and row not in elsewhere
    ]
    if len(learned) > FEW:
        sentences = [_many(learned, board, confidence)]
    else:
        sentences = [_learned(row, board, confidence) for row in learned]
    feasible = [row for row in board.rows if _is(row, "feasibility") and _gaps(row)]
    sentences += [_feasibility(feasible)] if feasible else []
    sentences += _accuracy(results, board, feasible)
    sentences += [_elsewhere(results, row, board) for row in elsewhere]
    return Answer(
        level,
        tuple(text for text in sentences if text),
        _failures(results) + _seeds(results),
        tuple(_task(results, board, column, task) for column, task in enumerate(board.tasks)),
        where_it_fails(board),
        trust,
    )


def confidence_of(results: StudyResults) -> str:
    """Return the confidence of the intervals, ``95 %``."""
    return next((f"{100 * score.confidence:g}\N{NO-BREAK SPACE}%" for score in results.scores), "")


def _is(row: Row, role: str) -> bool:
    return row.entry.role == role


def _gaps(row: Row) -> dict[str, Metric]:
    """Return task -> metric for the tasks where the row has a finite gap."""
    return {
        cell.task: cell.metric
        for cell in row.cells
        if cell.metric is not None and cell.metric.gap and is_number(cell.metric.gap.value)
    }


def _gap(metric: Metric) -> float:
    return metric.gap.value if metric.gap is not None else float("nan")


def _learned(row: Row, board: Board, confidence: str) -> str:
    gaps = _gaps(row)
    above = _above(gaps)
    start = f"At level {board.level}, the force error of {row.entry.label} is "
    if not above:
        return (
            f"{start}not clearly larger on unseen molecules than on its training molecules on any "
            f"task; the largest gap is {_worst(gaps, confidence)}."
        )
    share = _share(len(above), len(gaps), len(board.tasks))
    return (
        f"{start}larger on unseen molecules than on its training molecules on {share}: most on "
        f"{_worst(gaps, confidence, most=True)}."
    )


def _many(rows: list[Row], board: Board, confidence: str) -> str:
    """Return one sentence on many trained potentials: how many have a gap, and the extremes."""
    above = sum(bool(_above(_gaps(row))) for row in rows)
    by_worst = sorted(rows, key=lambda row: max(map(_gap, _gaps(row).values())))
    best, worst = by_worst[0], by_worst[-1]
    return (
        f"At level {board.level}, the force error of {above} of {len(rows)} trained potentials is "
        "larger on unseen molecules than on their training molecules, on at least one task. The "
        f"largest gap is that of {worst.entry.label}, {_worst(_gaps(worst), confidence)}; the "
        f"smallest in its worst task that of {best.entry.label}, {_worst(_gaps(best), confidence)}."
    )


def _above(gaps: dict[str, Metric]) -> list[str]:
    """Return the tasks whose gap is above 1 with its whole interval."""
    return [t for t, m in gaps.items() if m.gap and is_number(m.gap.low) and m.gap.low > 1.0]


def _worst(gaps: dict[str, Metric], confidence: str, most: bool = False) -> str:
    """Return the largest gap: ``1.90 on length (95 % interval 1.71 to 2.09)``."""
    task = max(gaps, key=lambda name: _gap(gaps[name]))
    value, limits = ratio(_gap(gaps[task])), between(gaps[task].gap, as_ratio=True)
    text = f"{task}, {value} times as large" if most else f"{value} on {task}"
    return f"{text} ({confidence} interval {limits})" if limits else text


def _share(some: int, total: int, asked: int) -> str:
    """Return ``all 4 tasks``, ``3 of 4 tasks``, and say where some of those asked have no score."""
    scored = "" if total == asked else f" that {'was' if total == 1 else 'were'} scored"
    if total == 1:
        return f"the one task{scored}"
    return f"{'all' if some == total else f'{some} of'} {total} tasks{scored}"


def _feasibility(rows: list[Row]) -> str:
    """Return one sentence on the potentials that are made of parts: the gaps that a task needs."""
    gaps = [_gaps(row) for row in rows]
    one = len(rows) == 1
    many = not one or len(gaps[0]) > 1
    start = (
        f"{joined([row.entry.label for row in rows])}, which {'is' if one else 'are'} made of "
        f"parts by construction and {'was' if one else 'were'} fitted to the same frames, "
        f"{'has' if one else 'have'} {'gaps' if many else 'a gap'} of "
        f"{joined([_spread(by_task) for by_task in gaps])}: "
    )
    tasks = dict.fromkeys(task for by_task in gaps for task in by_task)
    needed = {
        task: min(_gap(by_task[task]) for by_task in gaps if task in by_task) for task in tasks
    }
    large = [task for task, gap in needed.items() if gap > HORIZON_GAP]
    if large:
        return start + (
            f"on {', '.join(large)} even such a potential loses accuracy, so a gap there is not by "
            "itself a sign of interpolation."
        )
    those = "that" if one else "the smaller of these"
    return start + f"no task needs a larger gap than {those}, from what is in training."


def _spread(gaps: dict[str, Metric]) -> str:
    """Return the range of some gaps, ``1.02 to 1.14``."""
    values = sorted(_gap(metric) for metric in gaps.values())
    low, high = ratio(values[0]), ratio(values[-1])
    return low if low == high else f"{low} to {high}"


def _elsewhere(results: StudyResults, row: Row, board: Board) -> str:
    """Return one sentence on a potential that was trained elsewhere: its errors, and their mix."""
    errors = [
        f"{number(cell.metric.ood.value)} {board.unit} on {cell.task}"
        for cell in row.cells
        if cell.metric is not None and cell.metric.ood and is_number(cell.metric.ood.value)
    ]
    if not errors:
        return ""
    return (
        f"{row.entry.label} ({origin_of(results, row.entry)}) has OOD force errors of "
        f"{', '.join(errors)}: its own error and the difference between the two levels of theory "
        "together. It was trained on none of these molecules' frames, ID or OOD."
    )


def _accuracy(results: StudyResults, board: Board, feasible: list[Row]) -> list[str]:
    """Return how learned rows compare in OOD error with the best of those made of parts."""
    if not feasible:
        return []
    sentences = []
    learned = [row.entry for row in board.rows if _is(row, "learned")]
    best = min(feasible, key=_mean_ood).entry.potential
    for base in (row.entry for row in feasible if row.entry.potential == best):
        verdicts: dict[str, list[str]] = {}
        for entry in (entry for entry in learned if entry.seed == base.seed):
            kinds = _compare(results, entry, base, board.level)
            total = sum(map(len, kinds))
            parts = [
                f"{word} on {_share(len(tasks), total, len(board.tasks))}"
                + (f" ({', '.join(tasks)})" if len(tasks) < total else "")
                for word, tasks in zip(
                    ("smaller", "larger", "not distinguishable"), kinds, strict=True
                )
                if tasks
            ]
            if parts:
                verdicts.setdefault(", ".join(parts), []).append(entry.label)
        if verdicts:
            sentences.append(
                "A gap is not an error: compared with the force error of "
                f"{base.label} on the same unseen molecules, "
                + "; ".join(
                    f"{_those(labels)} {'is' if len(labels) == 1 else 'are'} {text}"
                    for text, labels in verdicts.items()
                )
                + "."
            )
    return sentences


def _mean_ood(row: Row) -> float:
    """Return the mean OOD error over tasks."""
    return fmean(metric.ood.value for metric in _gaps(row).values() if metric.ood)


def _those(labels: list[str]) -> str:
    return f"{'that' if len(labels) == 1 else 'those'} of {joined(labels)}"


def _compare(
    results: StudyResults, entry: Entry, base: Entry, level: int
) -> tuple[list[str], list[str], list[str]]:
    """Return the tasks with a smaller, a larger and no clear difference; seeds have to agree."""
    signs_of_task: dict[str, set[int]] = {}
    smaller: list[str] = []
    larger: list[str] = []
    unresolved: list[str] = []
    for pair in results.pairs:
        if (pair.metric, pair.quantity, pair.level) != (MAIN_METRIC, "ood", level):
            continue
        if entry.seed not in (None, pair.seed):
            continue
        if {pair.a, pair.b} != {entry.potential, base.potential}:
            continue
        signs_of_task.setdefault(pair.task, set()).add(_sign(pair, entry))
    for task, signs in signs_of_task.items():
        home = {frozenset({-1}): smaller, frozenset({1}): larger}.get(frozenset(signs), unresolved)
        home.append(task)
    return smaller, larger, unresolved


def _sign(pair: PairedDifference, entry: Entry) -> int:
    """Return -1 or 1 where the entry's error is clearly the smaller or the larger, else 0."""
    low, high = pair.difference.low, pair.difference.high
    if low is None or high is None or low <= 0.0 <= high:
        return 0
    return -1 if (low > 0.0) == (pair.a == entry.potential) else 1


def _failures(results: StudyResults) -> tuple[str, ...]:
    failed = [unit for unit in results.units if unit.status == "failed"]
    if not failed:
        return ()
    names = "; ".join(
        f"{'the ceiling of ' if unit.ceiling else ''}{unit.potential} on {unit.task}: {unit.reason}"
        for unit in failed
    )
    return (f"{len(failed)} of {len(results.units)} units of work failed ({names}).",)


def _seeds(results: StudyResults) -> tuple[str, ...]:
    seeds = {unit.seed for unit in results.units if not unit.level_of_theory}
    if len(seeds) != 1:
        return ()
    return (
        f"Every potential was trained once (seed {next(iter(seeds))}): the intervals show the "
        "variation between molecules, not between trainings.",
    )


def _other_gap(results: StudyResults, entry: Entry, task: str, level: int, metric: str) -> str:
    metric_of_task = cell_of(results, entry, task, level, metric).metric
    return ratio(metric_of_task.gap.value) if metric_of_task and metric_of_task.gap else ""


def _ceiling(cell: CeilingCell | None) -> str:
    return ratio(cell.gap.value) if cell is not None and cell.gap is not None else ""


def _task(results: StudyResults, board: Board, column: int, task: str) -> TaskAnswer:
    lines = []
    ceilings = ceilings_of(results, board)
    for row in board.rows:
        cell = row.cells[column]
        if cell.state == "failed":
            lines.append(Line(row.entry, failure=cell.reason))
        elif cell.metric is not None and cell.metric.id is None and cell.metric.ood is not None:
            error = f"{number(cell.metric.ood.value)} {cell.metric.unit}, no ID part"
            lines.append(Line(row.entry, errors=error))
        elif cell.metric is not None and cell.metric.gap is not None:
            metric = cell.metric
            id_, ood = metric.id, metric.ood
            lines.append(
                Line(
                    row.entry,
                    ratio(_gap(metric)),
                    between(metric.gap, as_ratio=True),
                    f"{number(id_.value if id_ else None)} → {number(ood.value if ood else None)}"
                    f" {metric.unit}",
                    _other_gap(results, row.entry, task, board.level, MATCHED),
                    _other_gap(results, row.entry, task, board.level, NOVEL),
                    _ceiling(ceilings.get((task, row.entry))),
                )
            )
    return TaskAnswer(task, task_summary(results, task), tuple(lines))


def task_files(results: StudyResults) -> list[dict[str, Any]]:
    """Return the documents of the tasks of files."""
    return [each for each in results.study.get("tasks", ()) if isinstance(each, dict)]


def has_one_trajectory(results: StudyResults) -> bool:
    """Whether a task cuts its ID test from the trajectory that is trained on."""
    return any(str(file.get("frames")) in _ID_FRAMES for file in task_files(results))


def task_summary(results: StudyResults, task: str) -> str:
    """Return what a task asks, in a sentence or two: of a task file, what it says of itself."""
    file = next((each for each in task_files(results) if each.get("name") == task), None)
    if file is None:
        return TASKS.get(task, "")
    summary = str(file.get("summary") or "").strip()
    if not summary and file.get("rule"):
        summary = f"The rule of {file['rule']}, on families of its own."
    if not summary:
        summary = "Training and unseen molecules are chosen by conditions of a task file."
    summary = summary[:1].upper() + summary[1:]
    ends = "" if summary.endswith((".", "!", "?")) else "."
    return f"{summary}{ends}{_ID_FRAMES.get(str(file.get('frames')), '')}"
