"""Figure and table: the force error molecule by molecule, for tasks that have no map."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Final

from mlip_compose.core.records import TestPart
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.entry import Entry
from mlip_compose.report.figures.style import (
    Figure,
    Style,
    band,
    bars,
    line,
    log_axis,
    marker,
    panel,
    plain,
    rounded,
    title,
)
from mlip_compose.report.sections.leaderboard import MAIN_METRIC, find_score, tasks_of, unit_of
from mlip_compose.report.sections.map_cells import Ground, ground_of
from mlip_compose.report.sections.overview import radius_in_words
from mlip_compose.report.words import DASH, is_number, number, shortened

SHOWN: Final = 30
"""Molecules that a figure has room for; the table has all."""

ROW: Final = 24  # pixels a molecule
LETTER: Final = 8  # pixels of a letter
HYDROGEN: Final = 1
APART: Final = 0.22  # of the axis, between ticks
TITLES: Final[Mapping[TestPart, str]] = {
    "ood": "Unseen molecules (OOD)",
    "id": "Training molecules (ID)",
}


@dataclass(frozen=True)
class Member:
    """A molecule of a task: what is known of it, and the error of each entry that has one.

    ``heavy`` and ``smiles`` are None and empty for a molecule that is not in the gallery.
    """

    name: str
    part: TestPart
    errors: dict[Entry, float]
    novel: int
    heavy: int | None = None
    smiles: str = ""

    def worst(self) -> tuple[float, str]:
        """Return the sort key that puts the largest mean error first; scale rows do not count."""
        tested = [error for entry, error in self.errors.items() if entry.role != "scale"]
        return -fmean(tested or list(self.errors.values()) or [0.0]), self.name


def members_of(
    results: StudyResults, task: str, level: int, entries: Sequence[Entry]
) -> tuple[Member, ...]:
    """Return the molecules that a task tests: unseen ones first, in each part the worst first."""
    gallery = {m.name: m for m in results.gallery.molecules} if results.gallery else {}
    parts: dict[str, TestPart] = {}
    novel: dict[str, int] = {}
    errors: dict[str, dict[Entry, float]] = {}
    for entry in entries:
        score = find_score(results, entry, task, level)
        for molecule in score.molecules if score else ():
            name, error = molecule.molecule, molecule.values.get(MAIN_METRIC)
            parts[name], novel[name] = molecule.part, molecule.novel_atoms or 0
            if is_number(error):
                errors.setdefault(name, {})[entry] = error
    members = [
        Member(
            name,
            part,
            errors.get(name, {}),
            novel[name],
            sum(n > HYDROGEN for n in gallery[name].numbers) if name in gallery else None,
            gallery[name].smiles if name in gallery else "",
        )
        for name, part in parts.items()
    ]
    return tuple(sorted(members, key=lambda member: (member.part == "id", member.worst())))


def molecule_document(
    results: StudyResults, ground: Ground, styles: Mapping[Entry, Style]
) -> dict[str, Any]:
    """Return what the page shows of a task in place of a map.

    Returns
    -------
    dict
        ``panels``: for each part that is tested a ``title``, a ``figure``, and a ``caption``;
        ``columns`` and ``rows`` of the table, as text, with the ``molecule`` of each row;
        ``shown``: what training shows of the unseen molecules, in words, empty where that is not
        known; ``in_none``: whether there are molecules of no series.
    """
    entries = tuple(styles)
    members = members_of(results, ground.task, ground.level, entries)
    shown = {entry: style for entry, style in styles.items() if entry.role != "scale"}
    drawn = shown or dict(styles)
    values = [m.errors[entry] for m in members for entry in drawn if entry in m.errors]
    unit = unit_of(results, MAIN_METRIC)
    axis = _axis(values) | title(f"force MAE, {unit}" if unit else "force MAE")
    panels = []
    for part, heading in TITLES.items():
        own = [member for member in members if member.part == part]
        if not own:
            continue
        cut = f"The {SHOWN} with the largest errors of {len(own)}. " if len(own) > SHOWN else ""
        panels.append(
            {
                "title": heading,
                "figure": _figure(own[:SHOWN], drawn, axis),
                "caption": f"{cut}{_caption(own, drawn, unit)}",
            }
        )
    return {
        "panels": panels,
        "columns": [entry.label for entry in entries],
        "rows": [
            {
                "molecule": member.name,
                "part": member.part.upper(),
                "heavy": DASH if member.heavy is None else str(member.heavy),
                "novel": str(member.novel) if member.part == "ood" else DASH,
                "errors": [number(member.errors.get(entry)) for entry in entries],
            }
            for member in members
        ],
        "shown": _shown(results, ground),
        "in_none": bool(ground.others),
    }


def size_panels(
    results: StudyResults, level: int, styles: Mapping[Entry, Style]
) -> list[tuple[str, Figure, str]]:
    """Return task, figure and caption of the error against the number of heavy atoms.

    One for each task of a level that has no map, if the study has a gallery, where the numbers of
    atoms stand. A mark is the mean over molecules, with their range.
    """
    panels = []
    for task in tasks_of(results):
        if ground_of(results, task, level).has_map:
            continue
        members = [m for m in members_of(results, task, level, tuple(styles)) if m.heavy]
        if members:
            panels.append((task, _size_figure(members, styles), _size_caption(members, styles)))
    return panels


def _axis(values: Sequence[float]) -> Figure:
    """Return a logarithmic axis whose ticks stay apart where names take half of a narrow panel."""
    axis = log_axis(values)
    low, high = axis["range"]
    kept: list[float] = []
    for tick in axis["tickvals"]:
        if not kept or math.log10(tick / kept[-1]) > APART * (high - low):
            kept.append(tick)
    return axis | {"tickvals": kept, "ticktext": [f"{tick:g}" for tick in kept]}


def _shown(results: StudyResults, ground: Ground) -> str:
    at = (ground.task, ground.level)
    for certificate in results.certificates:
        trained = certificate.get("train_molecules", True)
        if (certificate.get("task"), certificate.get("level")) == at and trained:
            return radius_in_words(int(certificate.get("coverage_radius", -1)))
    return ""


def _figure(members: Sequence[Member], styles: Mapping[Entry, Style], axis: Figure) -> Figure:
    names = [shortened(member.name) for member in members]
    rows = range(len(members))
    traces = [
        {
            "type": "scatter",
            "mode": "markers",
            "meta": {"entry": entry.label, "role": entry.role},
            "name": plain(entry.label),
            "x": [rounded(members[i].errors[entry]) for i in rows if entry in members[i].errors],
            "y": [i for i in rows if entry in members[i].errors],
            "text": [_hover(members[i], entry) for i in rows if entry in members[i].errors],
            "hovertemplate": "%{text}<extra></extra>",
            "marker": marker(style, hollow=members[0].part == "ood"),
        }
        for entry, style in styles.items()
    ]
    layout = panel(
        axis,
        {
            "range": [len(members) - 0.4, -0.6],
            "tickmode": "array",
            "tickvals": list(rows),
            "ticktext": [plain(name) for name in names],
            "showgrid": False,
        },
        [band(at - 0.5, at + 0.5, along="y") for at in rows[::2]],
        height=ROW * len(members) + 54 + ROW,
    )
    layout["margin"] = layout["margin"] | {"l": 16 + LETTER * max(map(len, names))}
    return {"data": traces, "layout": layout}


def _hover(member: Member, entry: Entry) -> str:
    facts = [f"{member.heavy} heavy atoms"] if member.heavy is not None else []
    facts += [f"{member.novel} novel atoms"] if member.part == "ood" else []
    smiles = member.smiles if member.smiles not in ("", member.name) else ""
    lines = [
        member.name,
        smiles,
        f"{entry.label}, {member.part.upper()}: {number(member.errors[entry])}",
        ", ".join(facts),
    ]
    return "<br>".join(plain(line) for line in lines if line)


def _caption(members: Sequence[Member], styles: Mapping[Entry, Style], unit: str) -> str:
    texts = []
    for entry in styles:
        errors = {m.name: m.errors[entry] for m in members if entry in m.errors}
        if errors:
            worst = max(errors, key=lambda name: errors[name])
            texts.append(
                f"{entry.label}: {number(min(errors.values()))} to {number(errors[worst])} {unit} "
                f"(largest: {worst})"
            )
    return f"{'; '.join(texts) or DASH}."


def _size_figure(members: Sequence[Member], styles: Mapping[Entry, Style]) -> Figure:
    traces = []
    for entry, style in styles.items():
        for part in ("id", "ood"):
            at = _by_size(members, entry, part)
            if not at:
                continue
            means = [fmean(values) for values in at.values()]
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines+markers",
                    "meta": {"entry": entry.label, "role": entry.role, "single": False},
                    "name": plain(f"{entry.label}, {part.upper()}"),
                    "x": list(at),
                    "y": [rounded(mean) for mean in means],
                    "text": [
                        plain(
                            f"{entry.label}, {heavy} heavy atoms, {part.upper()}: {number(mean)} "
                            f"({number(min(values))} to {number(max(values))} over {len(values)} "
                            f"molecule{'s' if len(values) > 1 else ''})"
                        )
                        for mean, (heavy, values) in zip(means, at.items(), strict=True)
                    ],
                    "hovertemplate": "%{text}<extra></extra>",
                    "error_y": bars(
                        style.colour,
                        [rounded(max(v) - m) for m, v in zip(means, at.values(), strict=True)],
                        [rounded(m - min(v)) for m, v in zip(means, at.values(), strict=True)],
                    ),
                    "line": line(style),
                    "marker": marker(style, hollow=part == "ood"),
                }
            )
    sizes = [member.heavy or 0 for member in members]
    return {
        "data": traces,
        "layout": panel(
            title("heavy atoms")
            | {"range": [min(sizes) - 0.6, max(sizes) + 0.6], "showgrid": False}
            | ({"dtick": 1} if max(sizes) - min(sizes) < 14 else {}),
            {},
        )
        | {"meta": {"parts": True}},
    }


def _by_size(members: Sequence[Member], entry: Entry, part: str) -> dict[int, list[float]]:
    """Return number of heavy atoms -> errors of the molecules, ascending."""
    at: dict[int, list[float]] = {}
    for member in members:
        if member.part == part and member.heavy is not None and entry in member.errors:
            at.setdefault(member.heavy, []).append(member.errors[entry])
    return dict(sorted(at.items()))


def _size_caption(members: Sequence[Member], styles: Mapping[Entry, Style]) -> str:
    texts = []
    for entry in styles:
        words = [
            f"{word} {number(min(values))} to {number(max(values))}"
            for part, word in (("id", "ID"), ("ood", "OOD"))
            if (values := [v for at in _by_size(members, entry, part).values() for v in at])
        ]
        texts += [f"{entry.label} {', '.join(words)}"] if words else []
    return f"By molecule: {'; '.join(texts)}." if texts else "No scores."
