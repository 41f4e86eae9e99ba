"""The leaderboard in a terminal, printed at the end of a run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.sections.ceilings import ceiling_text, ceilings_of, has_ceilings
from mlip_compose.report.sections.leaderboard import (
    MAIN_METRIC,
    Cell,
    Column,
    build_board,
    entries_of,
    levels_of,
    metrics_of,
)
from mlip_compose.report.sections.origins import origins_of
from mlip_compose.report.words import DASH, between, number, ratio

if TYPE_CHECKING:
    from rich.table import Table

WHOLE: Final = 26
"""Characters of a name that stays on one line however narrow the terminal is."""


def leaks_in(results: StudyResults) -> tuple[str, ...]:
    """Return a sentence for each task whose certificate finds test frames in training.

    Parameters
    ----------
    results
        The study.

    Returns
    -------
    tuple of str
        The first leak of each, and how many there are; none where all splits are sound.
    """
    texts = []
    for certificate in results.certificates:
        leaks = [
            str(leak["reason"]) if isinstance(leak, dict) and "reason" in leak else str(leak)
            for leak in certificate.get("leaks", ())
        ]
        if leaks:
            rest = f" (and {len(leaks) - 1} more)" if len(leaks) > 1 else ""
            texts.append(
                f"LEAK: part of the test of {certificate.get('task', '')}, level "
                f"{certificate.get('level', '')}, was in training, so that its numbers are too "
                f"good: {leaks[0]}{rest}."
            )
    return tuple(texts)


def leaderboard_table(results: StudyResults, metric: str = MAIN_METRIC) -> Table:
    """Return ID, OOD, gap and ceiling gap by task and potential; failed units with their reason.

    Below it stands of each potential that was trained elsewhere on which level of theory that was,
    and of each that failed on some frames, why.
    Ceiling gaps are there for a study with ceilings. Of several seeds: their mean, its interval
    over molecules, and the standard deviation over seeds after the sign ±.

    Parameters
    ----------
    results
        The study.
    metric
        Name of the metric to show.
    """
    from rich.table import Table
    from rich.text import Text

    chosen = next((m for m in metrics_of(results) if m.name == metric), None)
    levels = levels_of(results)
    unit = f" ({chosen.unit})" if chosen else ""
    confidence = next((f"{100 * score.confidence:g} %" for score in results.scores), "95 %")
    title = f"{results.name}: {chosen.label if chosen else 'no unit of work gave a score'}"
    table = Table(title=Text(title), title_justify="left")
    widest = max((len(entry.label) for entry in entries_of(results)), default=0)
    table.add_column("potential", overflow="fold", no_wrap=widest <= WHOLE)
    with_ceilings = [f"ceiling gap \\[{confidence}]"] if has_ceilings(results) else []
    for header in (f"ID{unit}", f"OOD{unit}", f"gap OOD/ID \\[{confidence}]", *with_ceilings):
        table.add_column(header, justify="right")
    if chosen is None:
        return table
    for level in levels:
        board = build_board(results, chosen, level)
        ceilings = ceilings_of(results, board)
        for column, task in enumerate(board.tasks):
            heading = f"{task}, level {level}" if len(levels) > 1 else task
            table.add_row(Text(heading, style="bold"))
            for row in board.rows:
                texts = (f"  {row.entry.label}", *_numbers(row.cells[column]))
                cells = [Text(text) for text in texts]
                if row.cells[column].state == "failed":
                    cells[-1].stylize("red")
                if with_ceilings:
                    cells.append(Text(ceiling_text(ceilings.get((task, row.entry)))))
                table.add_row(*cells)
            table.add_section()
    notes = [f"{entry.label}: {note}" for entry, note in origins_of(results).items()]
    notes += _failed_frames(results)
    if notes:
        table.caption = Text("\n".join(notes))
        table.caption_justify = "left"
    return table


def _failed_frames(results: StudyResults) -> list[str]:
    """Return for each potential on how many test frames it failed, with the commonest reason."""
    counts: dict[str, int] = {}
    reasons: dict[str, Counter[str]] = {}
    for score in results.scores:
        if score.failed_frames:
            counts[score.potential] = counts.get(score.potential, 0) + score.failed_frames
            own = reasons.setdefault(score.potential, Counter())
            own.update({reason: count for reason, (count, _) in score.failures.items()})
    return [
        f"{potential}: {count:,} test frames failed and are in no number"
        + "".join(f": {reason}" for reason, _ in reasons[potential].most_common(1))
        for potential, count in counts.items()
    ]


def _numbers(cell: Cell) -> tuple[str, str, str]:
    metric = cell.metric
    if metric is None:
        prefix = "failed: " if cell.state == "failed" else ""
        return DASH, DASH, f"{prefix}{cell.reason}"
    limits = between(metric.gap, as_ratio=True)
    return (
        number(metric.id.value if metric.id else None) + _spread(cell, "id"),
        number(metric.ood.value if metric.ood else None) + _spread(cell, "ood"),
        ratio(metric.gap.value if metric.gap else None)
        + _spread(cell, "gap")
        + (f" [{limits}]" if limits else ""),
    )


def _spread(cell: Cell, column: Column) -> str:
    """Return the standard deviation over seeds, with its sign."""
    sd = cell.sd(column)
    return "" if sd is None else f" ± {ratio(sd) if column == 'gap' else number(sd)}"
