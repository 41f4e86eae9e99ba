"""Where the error is: attributions as tables and in words, potentials side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mlip_compose.core.records import Interval
from mlip_compose.evaluation.attribution import NO_NOVEL_ATOM
from mlip_compose.evaluation.energy_split import ALL
from mlip_compose.evaluation.results import (
    Attribution,
    EnergyRow,
    EnergySplit,
    ForceGrouping,
    ForceRow,
    Score,
)
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.entry import Entry
from mlip_compose.report.figures.style import Style
from mlip_compose.report.sections.attribution_figures import energy_figure, force_figure
from mlip_compose.report.sections.leaderboard import levels_of, tasks_of
from mlip_compose.report.words import (
    DASH,
    between,
    family_label,
    formula,
    group_order,
    number,
    percent,
)

NAMED: Final = 2
"""How many of the largest errors a sentence names."""

PARTS: Final = {"id": "ID", "ood": "OOD"}

_ORIGINS: Final = {"end_distance": "end group", "novel_distance": "novel atoms"}

_SEEN: Final = {"-1": "not even its element", "0": "its element alone"}

Attributions = dict[Entry, Attribution]


@dataclass(frozen=True)
class Number:
    """A cell of a table: a value, the limits of its interval, or dashes."""

    value: str = DASH
    limits: str = ""


@dataclass(frozen=True)
class Line:
    """A row of a table: what it is of, how many molecules, and the cells of all potentials."""

    label: str
    molecules: str
    numbers: tuple[Number, ...]


@dataclass(frozen=True)
class View:
    """One way to look at the error of one task at one level, ready to be shown.

    ``columns`` stand under each of ``entries``, as name and unit; ``molecules`` says what counts
    of molecules are of, ``figure`` is a document for the page's script.
    """

    level: int
    task: str
    name: str
    title: str
    about: str
    entries: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    molecules: str
    lines: tuple[Line, ...]
    figure: dict[str, Any]
    caption: str


def attribution_views(results: StudyResults, styles: dict[Entry, Style]) -> tuple[View, ...]:
    """Return all views of all tasks and levels; empty where no score has an attribution.

    A potential that was trained with several seeds is shown by the first of them: an attribution
    has no mean over seeds.
    """
    views: list[View] = []
    for level in levels_of(results):
        for task in tasks_of(results):
            attributions: Attributions = {}
            for entry in styles:
                score = _score_of(results, entry, task, level)
                if score is not None and score.attribution is not None:
                    attributions[entry] = score.attribution
            views += _views(level, task, attributions, styles)
    return tuple(views)


def attribution_document(views: Sequence[View]) -> dict[str, Any]:
    """Return figure, axes and caption by level, task and view, for the page's script."""
    document: dict[str, Any] = {}
    for view in views:
        of_task = document.setdefault(str(view.level), {}).setdefault(view.task, {})
        of_task[view.name] = view.figure | {"caption": view.caption}
    return document


def largest_errors(grouping: ForceGrouping, named: int = NAMED) -> str:
    """Return the groups with the largest OOD errors in words; empty where there are none.

    Parameters
    ----------
    grouping
        Errors by one property.
    named
        How many groups to name at most.
    """
    rows = [row for row in grouping.rows if row.part == "ood"]
    if len(rows) < 2:
        return ""
    first = sorted(rows, key=lambda row: -row.forces_mae.value)[:named]
    return ", ".join(
        f"{_name(grouping.name, row.group)} ({number(row.forces_mae.value)} {grouping.unit}, "
        f"{percent(row.share)} of the error)"
        for row in first
    )


def _score_of(results: StudyResults, entry: Entry, task: str, level: int) -> Score | None:
    """Return the score of an entry; of several seeds, that of the first."""
    own = [
        s
        for s in results.scores
        if (s.potential, s.task, s.level) == (entry.potential, task, level)
        and entry.seed in (None, s.seed)
    ]
    return min(own, key=lambda score: score.seed, default=None)


def _views(
    level: int, task: str, attributions: Attributions, styles: dict[Entry, Style]
) -> Iterator[View]:
    entries = tuple(entry.label for entry in attributions)
    groupings: dict[str, dict[Entry, ForceGrouping]] = {}
    splits: dict[str, dict[Entry, EnergySplit]] = {}
    for entry, attribution in attributions.items():
        for grouping in attribution.forces:
            groupings.setdefault(grouping.name, {})[entry] = grouping
        for split in attribution.energy:
            splits.setdefault(split.name, {})[entry] = split
    for name, by_entry in groupings.items():
        first = next(iter(by_entry.values()))
        groups = _ordered(name, [row.group for g in by_entry.values() for row in g.rows])
        if not groups:
            continue
        tested = {row.part for g in by_entry.values() for row in g.rows}
        parts = [part for part in PARTS if part in tested]
        texts = {entry.label: largest_errors(grouping) for entry, grouping in by_entry.items()}
        worst = "; ".join(f"{label}: {text}" for label, text in texts.items() if text)
        yield View(
            level=level,
            task=task,
            name=name,
            title=f"force error by {first.label}",
            about=first.aggregation,
            entries=entries,
            columns=(
                *((PARTS[part], first.unit) for part in parts),
                *([("share", "of OOD error")] if "ood" in parts else []),
            ),
            molecules=f", {' / '.join(PARTS[part] for part in parts)}",
            lines=tuple(
                _force_line(name, group, parts, attributions, by_entry) for group in groups
            ),
            figure=force_figure(by_entry, groups, [_tick(name, g) for g in groups], styles),
            caption=f"Force MAE by {first.label}, {task}. Largest OOD errors: {worst or DASH}.",
        )
    for name, of_entry in splits.items():
        one = next(iter(of_entry.values()))
        groups = _ordered(name, [row.group for s in of_entry.values() for row in s.rows])
        if not groups:
            continue
        yield View(
            level=level,
            task=task,
            name=name,
            title=f"energy error that grows with n, {one.label}",
            about=one.aggregation,
            entries=entries,
            columns=(
                ("slope", one.slope_unit),
                ("constant", one.unit),
                ("rest", one.unit),
                ("total", one.unit),
            ),
            molecules="",
            lines=tuple(_energy_lines(groups, attributions, of_entry)),
            figure=energy_figure(of_entry, groups, [_tick(name, g) for g in groups], styles),
            caption=f"Energy error that grows with n, {one.label}, {task}: {_slopes(of_entry)}.",
        )


def _ordered(name: str, groups: Sequence[str]) -> list[str]:
    """Return each group once: families in canonical order, others as the attribution has them."""
    once = list(dict.fromkeys(groups))
    if name in ("family", "energy", "energy_offset"):
        return sorted(once, key=lambda group: (group != ALL, group_order(group)))
    if name == "element":
        return once
    numeric = sorted((group for group in once if _is_number(group)), key=int)
    return numeric + [group for group in once if not _is_number(group)]


def _is_number(group: str) -> bool:
    return group.removeprefix("-").isdecimal()


def _name(name: str, group: str) -> str:
    if name in ("family", "energy", "energy_offset"):
        return "all families" if group == ALL else family_label(group)
    if name == "chain":
        return f"n = {group}"
    if name == "novel_distance" and group == NO_NOVEL_ATOM:
        return "no novel atom in the molecule"
    if name == "seen_radius" and group in _SEEN:
        return _SEEN[group]
    if name in _ORIGINS and group == "0":
        return f"0, the {_ORIGINS[name]}"
    if name in (*_ORIGINS, "seen_radius"):
        return f"{group} {'bond' if group == '1' else 'bonds'}"
    return group


def _tick(name: str, group: str) -> str:
    return formula(group) if name in ("family", "energy", "energy_offset") else group


def _number(interval: Interval | None) -> Number:
    return Number() if interval is None else Number(number(interval.value), between(interval))


def _count(rows: Sequence[ForceRow | EnergyRow]) -> str:
    """Return the molecules of rows; a range where predictions failed for some potentials."""
    counts = sorted({row.molecules for row in rows})
    if not counts:
        return DASH
    return f"{counts[0]}–{counts[-1]}" if len(counts) > 1 else str(counts[0])


def _force_line(
    name: str,
    group: str,
    parts: Sequence[str],
    attributions: Attributions,
    by_entry: dict[Entry, ForceGrouping],
) -> Line:
    numbers: list[Number] = []
    rows_of_part: dict[str, list[ForceRow]] = {part: [] for part in parts}
    for entry in attributions:
        rows = by_entry[entry].rows if entry in by_entry else ()
        own = {row.part: row for row in rows if row.group == group}
        for part, row in own.items():
            rows_of_part[part].append(row)
        numbers += [_number(own[part].forces_mae if part in own else None) for part in parts]
        if "ood" in parts:
            numbers.append(Number(percent(own["ood"].share)) if "ood" in own else Number())
    counts = " / ".join(_count(rows_of_part[part]) for part in parts)
    return Line(_name(name, group), counts, tuple(numbers))


def _energy_lines(
    groups: Sequence[str], attributions: Attributions, by_entry: dict[Entry, EnergySplit]
) -> Iterator[Line]:
    for group in groups:
        for part, words in PARTS.items():
            numbers: list[Number] = []
            group_rows: list[EnergyRow] = []
            for entry in attributions:
                rows = by_entry[entry].rows if entry in by_entry else ()
                row = next((r for r in rows if (r.group, r.part) == (group, part)), None)
                if row is None:
                    numbers += [Number()] * 4
                    continue
                group_rows.append(row)
                parts = (row.slope, row.constant, row.rest, row.total)
                numbers += [_number(value) for value in parts]
            if group_rows:
                label = f"{_name('energy', group)}, {words}"
                yield Line(label, _count(group_rows), tuple(numbers))


def _slopes(by_entry: dict[Entry, EnergySplit]) -> str:
    """Return the slope of all families of each potential in words."""
    texts = [
        f"{entry.label} {number(row.slope.value)} {split.slope_unit} ({PARTS[row.part]})"
        for entry, split in by_entry.items()
        for row in split.rows
        if row.group == ALL and row.slope is not None
    ]
    return ", ".join(texts) or "no family has molecules of two chain lengths"
