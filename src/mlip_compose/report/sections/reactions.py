"""Group additivity: what the reference fulfils of it, and what the potentials make of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mlip_compose.evaluation.additivity import Deviations, KindOfReaction, ReactionErrors
from mlip_compose.evaluation.relaxations import Relaxations
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.entry import Entry
from mlip_compose.report.figures.style import Figure, Style
from mlip_compose.report.sections.leaderboard import levels_of, runs_of, tasks_of
from mlip_compose.report.sections.reaction_figures import Dots, reaction_figure, shown
from mlip_compose.report.words import DASH, between, number

KINDS: Final = {
    "exchange": ("exchanges", "X-R-Y + H-R-H → X-R-H + H-R-Y"),
    "increment": ("CH₂ increments", "E(n+1) − E(n)"),
}
ENERGIES: Final = {
    "predicted": "reference's minima",
    "predicted_offset": "reference's minima, element offsets",
    "predicted_relaxed": "own minima",
    "predicted_relaxed_offset": "own minima, element offsets",
}
PARTS: Final = {"id": "ID", "ood": "OOD"}

Cells = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table as text: what it is of, and its rows."""

    title: str
    rows: tuple[Cells, ...]


@dataclass(frozen=True)
class ErrorRow:
    """The errors of one potential in one kind of reaction: what they are of, ID and OOD.

    A part is empty where it has no reactions; else it has their number, the mean absolute error
    with its interval, and the largest error with the reaction that has it.
    """

    head: Cells
    id: Cells = ()
    ood: Cells = ()


@dataclass(frozen=True)
class Panel:
    """A dot plot: the energies of one kind of reaction on one task at one level."""

    level: int
    task: str
    title: str
    caption: str
    figure: Figure


@dataclass(frozen=True)
class Reactions:
    """All that the section shows.

    ``together`` has one row a kind of reaction, ``details`` those by n and by family; ``errors``
    and ``distances`` are rows by level.
    """

    sentences: tuple[str, ...]
    together: tuple[Cells, ...]
    details: tuple[Table, ...]
    errors: dict[int, tuple[ErrorRow, ...]]
    distances: dict[int, tuple[Cells, ...]]
    failures: tuple[tuple[int, str], ...]
    panels: tuple[Panel, ...]


def reactions_of(results: StudyResults, styles: dict[Entry, Style]) -> Reactions | None:
    """Return what the section shows; None where the deviations of the reference are not recorded.

    Parameters
    ----------
    results
        The study.
    styles
        Of each potential with each of its seeds.
    """
    if results.additivity is None:
        return None
    levels = levels_of(results)
    return Reactions(
        sentences=(
            *(_sentence(kind, results) for kind in results.additivity.kinds),
            "No potential should be asked to be more additive than its reference.",
        ),
        together=tuple(
            (*_of_kind(kind), *_cells(kind.together)) for kind in results.additivity.kinds
        ),
        details=tuple(
            Table(f"{KINDS[kind.kind][0]}, {by}", tuple((d.label, *_cells(d)) for d in rows))
            for kind in results.additivity.kinds
            for by, rows in (("by n", kind.by_chain), ("by end groups", kind.by_family))
        ),
        errors={
            level: _error_rows(
                results, [record for record in results.reaction_errors if record.level == level]
            )
            for level in levels
        },
        distances={
            level: tuple(
                _distance_cells(results, record)
                for record in results.relaxations
                if record.level == level and record.molecules + len(record.failed) > 0
            )
            for level in levels
        },
        failures=tuple(
            (record.level, f"{_label(results, record)} on {record.task}: {name}, {reason}")
            for record in results.relaxations
            for name, reason in record.failed.items()
        ),
        panels=tuple(
            panel
            for level in levels
            for task in tasks_of(results)
            for kind in results.additivity.kinds
            if (panel := _panel(results, kind, task, level, styles)) is not None
        ),
    )


def _sentence(kind: KindOfReaction, results: StudyResults) -> str:
    every = kind.together
    limits = between(every.mean_absolute)
    size = f"{number(every.mean_absolute.value)} kcal/mol" + (f" ({limits})" if limits else "")
    if kind.kind == "exchange":
        start = (
            f"By {results.dataset.reference}, the {every.count} exchanges, whose energy would be "
            f"zero if groups were additive, have energies of {size} in size on average"
        )
    else:
        start = (
            f"The {every.count} CH₂ increments, which would all be the same, are {size} away from "
            "their mean on average"
        )
    return f"{start}, {number(every.largest)} at most ({_arrow(every.largest_of)})."


def _of_kind(kind: KindOfReaction) -> Cells:
    name, formula = KINDS[kind.kind]
    return f"{name}, {formula}", number(kind.centre)


def _cells(deviations: Deviations) -> Cells:
    return (
        f"{deviations.count}",
        number(round(deviations.mean, 6)),  # that of all increments is zero but for rounding
        number(deviations.mean_absolute.value),
        between(deviations.mean_absolute) or DASH,
        number(deviations.sd),
        number(deviations.largest),
        _arrow(deviations.largest_of),
    )


def _error_rows(results: StudyResults, errors: Sequence[ReactionErrors]) -> tuple[ErrorRow, ...]:
    """Return a row for each task, kind, potential and energies, with both parts in it."""
    rows: dict[Cells, dict[str, Cells]] = {}
    for record in errors:
        head = (
            record.task,
            KINDS[record.kind][0],
            _label(results, record),
            ENERGIES[record.energies],
        )
        rows.setdefault(head, {})[record.part] = (
            f"{record.count}",
            number(record.mae.value),
            between(record.mae),
            number(record.largest),
            _arrow(record.largest_of),
        )
    return tuple(ErrorRow(head, **parts) for head, parts in rows.items())


def _arrow(reaction: str) -> str:
    return reaction.replace("->", "→")


def _distance_cells(results: StudyResults, record: Relaxations) -> Cells:
    return (
        record.task,
        PARTS[record.part],
        _label(results, record),
        f"{record.molecules}",
        f"{len(record.failed)}",
        number(record.rmsd.value if record.rmsd else None),
        (between(record.rmsd) if record.rmsd else "") or DASH,
        number(record.largest),
        record.largest_of or DASH,
    )


def _label(results: StudyResults, record: ReactionErrors | Relaxations) -> str:
    wanted = record.potential, record.seed
    labels = (run.label for run in runs_of(results) if (run.potential, run.seed) == wanted)
    return next(labels, record.potential)


def _panel(
    results: StudyResults, kind: KindOfReaction, task: str, level: int, styles: dict[Entry, Style]
) -> Panel | None:
    """Return the dots of all potentials but scale rows, whose errors would hide the others."""
    dots = []
    for run, style in styles.items():
        wanted = run.potential, run.seed, task, level
        for score in results.scores:
            if (score.potential, score.seed, score.task, score.level) != wanted:
                continue
            own = [
                reaction
                for reaction in score.reactions
                if reaction.kind == kind.kind and shown(reaction, kind.kind) is not None
            ]
            if own and run.role != "scale":
                dots.append(Dots(run, style, tuple(own)))
    if not dots:
        return None
    offset = kind.kind == "increment" and any(
        reaction.predicted_offset is not None for dot in dots for reaction in dot.reactions
    )
    energies = "predicted_offset" if offset else "predicted"
    errors = [
        f"{_label(results, e)} {PARTS[e.part]} {number(e.mae.value)}"
        for e in results.reaction_errors
        if (e.task, e.level, e.kind, e.energies) == (task, level, kind.kind, energies)
    ]
    return Panel(
        level=level,
        task=task,
        title=", ".join(KINDS[kind.kind]),
        caption=(
            f"Errors at the {ENERGIES[energies]}, a dot a reaction; the first row is how far the "
            f"reference is from additivity, the dotted line 1 kcal/mol. Mean absolute errors in "
            f"kcal/mol: {', '.join(errors) or DASH}."
        ),
        figure=reaction_figure(dots, kind.kind, kind.centre),
    )
