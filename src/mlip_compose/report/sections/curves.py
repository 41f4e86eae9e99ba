"""Figure: the force error against chain length n, a panel for each way a task divides families.

Where molecules are in no series it is drawn against the number of heavy atoms.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
from mlip_compose.report.sections.by_molecule import size_panels
from mlip_compose.report.sections.leaderboard import MAIN_METRIC, tasks_of, unit_of
from mlip_compose.report.sections.map_cells import Ground, Place, errors_of, ground_of
from mlip_compose.report.words import formula, is_number, number

FADED = 0.5
ASIDE = 3.0  # chain lengths between the curves and the molecules with two end groups
ROOM = 2.2  # chain lengths, for all potentials on molecules with two end groups
DODGE = 0.3  # of a chain length, between potentials that would hide each other
Errors = dict[Place, float]


def curve_document(results: StudyResults, level: int, styles: dict[Entry, Style]) -> dict[str, Any]:
    """Return the panels of a level: one for each task and way of dividing families into ID and OOD.

    A task without a map (``Ground.has_map``) has one panel, against the number of heavy atoms.
    Families share a panel when no chain length is ID for one and OOD for the other. A potential's
    curve is the mean over the families of the panel; molecules with two end groups stand apart,
    as one point with the range over molecules. Every panel has the same error axis.

    Returns
    -------
    dict
        ``axes``: the error axis with the scale rows (``show``) and without (``hide``), which the
        page puts into every panel. ``panels``: for each its ``task``, ``families`` (which ones, in
        words), what the error is ``against``, ``figure`` and ``caption``. The ``meta`` of a trace
        names its entry and role, and whether it is of a single family, for the page to show or
        hide.
    """
    panels = []
    spread: dict[str, list[float]] = {"show": [], "hide": []}
    for task in tasks_of(results):
        ground = ground_of(results, task, level)
        if not ground.has_map:
            continue
        errors = {entry: errors_of(results, entry, ground) for entry in styles}
        for entry, by_place in errors.items():
            spread["show"] += by_place.values()
            spread["hide"] += by_place.values() if entry.role != "scale" else ()
        panels += [
            {
                "task": task,
                "families": _in_words(ground, families),
                "against": "chain length",
                "figure": _figure(ground, families, errors, styles),
                "caption": _caption(ground, families, errors),
            }
            for families in _groups(ground)
        ]
    for task, figure, caption in size_panels(results, level, styles):
        for trace in figure["data"]:
            ends = [
                y + end
                for y, up, down in zip(
                    trace["y"],
                    trace["error_y"]["array"],
                    trace["error_y"]["arrayminus"],
                    strict=True,
                )
                for end in (up, -down)
            ]
            spread["show"] += ends
            spread["hide"] += ends if trace["meta"]["role"] != "scale" else ()
        panels.append(
            {
                "task": task,
                "families": "all molecules",
                "against": "number of heavy atoms",
                "figure": figure,
                "caption": caption,
            }
        )
    panels.sort(key=lambda panel: tasks_of(results).index(panel["task"]))
    unit = unit_of(results, MAIN_METRIC)
    name = title(f"force MAE, {unit}" if unit else "force MAE")
    axes = {choice: log_axis(values or spread["show"]) | name for choice, values in spread.items()}
    return {"axes": axes, "panels": panels}


def _groups(ground: Ground) -> list[list[str]]:
    """Return the families of a task, together where they can share a training region."""
    groups: list[tuple[list[str], dict[int, TestPart]]] = []
    for family in ground.families:
        mine = {p.chain: part for p, part in ground.parts.items() if p.single and p.left == family}
        for members, parts in groups:
            if all(parts.get(chain, part) == part for chain, part in mine.items()):
                members.append(family)
                parts |= mine
                break
        else:
            groups.append(([family], dict(mine)))
    return [members for members, _ in groups]


def _in_words(ground: Ground, families: list[str]) -> str:
    if len(families) == len(ground.families):
        double = any(not place.single for place in ground.parts)
        return "all families, and molecules with two end groups" if double else "all families"
    return ", ".join(formula(family) for family in families)


def _here(ground: Ground, families: list[str]) -> list[Place]:
    """Return the molecules of a panel; those with two end groups are in a task's first."""
    first = ground.families[:1] == tuple(families[:1])
    return [p for p in ground.parts if (p.left in families if p.single else first)]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _figure(
    ground: Ground,
    families: list[str],
    errors: dict[Entry, Errors],
    styles: dict[Entry, Style],
) -> Figure:
    members = _here(ground, families)
    chains = sorted({p.chain for p in members if p.single}) or [0]
    ends = sorted({p.chain for p in members if not p.single})
    places = {chain: chains[-1] + ASIDE * (k + 1) for k, chain in enumerate(ends)}
    traces: list[Figure] = []
    for i, (entry, style) in enumerate(styles.items()):
        values = {p: errors[entry][p] for p in members if is_number(errors[entry].get(p))}
        single = {p: v for p, v in values.items() if p.single}
        traces += [
            _family(family, {p: v for p, v in single.items() if p.left == family}, entry, style)
            for family in families
        ]
        traces += _single(ground, single, entry, style)
        double = {p: v for p, v in values.items() if not p.single}
        dodge = min(DODGE, ROOM / len(styles)) * (i - (len(styles) - 1) / 2)
        traces += _double(ground, double, entry, style, {n: x + dodge for n, x in places.items()})
    trained = sorted({p.chain for p in members if p.single and ground.parts[p] == "id"})
    return {
        "data": traces,
        "layout": panel(
            title("chain length n")
            | {
                "range": [
                    chains[0] - 0.6,
                    max([chains[-1] + 0.6, *(at + 1.3 for at in places.values())]),
                ],
                "tickmode": "array",
                "tickvals": [*chains, *places.values()],
                "ticktext": [*map(str, chains), *(f"X-{chain}-Y" for chain in places)],
                "showgrid": False,
            },
            {},
            [band(first - 0.5, last + 0.5, "training") for first, last in _runs(trained)],
        )
        | {"meta": {"parts": True}},
    }


def _runs(chains: list[int]) -> list[tuple[int, int]]:
    """Return the first and last of each run of consecutive integers, given ascending."""
    runs: list[tuple[int, int]] = []
    for chain in chains:
        if runs and runs[-1][1] == chain - 1:
            runs[-1] = (runs[-1][0], chain)
        else:
            runs.append((chain, chain))
    return runs


def _family(family: str, values: Errors, entry: Entry, style: Style) -> Figure:
    chains = sorted(p.chain for p in values)
    return {
        "type": "scatter",
        "mode": "lines",
        "visible": False,
        "meta": {"entry": entry.label, "role": entry.role, "single": True},
        "name": plain(f"{entry.label}, {formula(family)}"),
        "x": chains,
        "y": [rounded(values[Place(family, n, "H")]) for n in chains],
        "line": {"color": style.colour, "width": 1},
        "opacity": FADED,
        "hovertemplate": f"{plain(formula(family))}, n = %{{x}}: %{{y}}<extra></extra>",
    }


def _single(ground: Ground, values: Errors, entry: Entry, style: Style) -> list[Figure]:
    """Return a potential's curve: mean over families, filled marks for ID and open ones for OOD."""
    x, y, symbols, text = [], [], [], []
    for chain in sorted({p.chain for p in values}):
        at = {p: v for p, v in values.items() if p.chain == chain}
        part = ground.parts[next(iter(at))]
        x.append(chain)
        y.append(rounded(_mean(list(at.values()))))
        symbols.append(_symbol(style, part))
        text.append(_hover(entry, f"n = {chain}", part, at))
    return [_trace(entry, style, x, y, symbols, text, "lines+markers")] if x else []


def _double(
    ground: Ground, values: Errors, entry: Entry, style: Style, places: dict[int, float]
) -> list[Figure]:
    """Return one point for each chain length of the molecules with two end groups, set aside."""
    traces = []
    for chain in sorted({p.chain for p in values}):
        at = {p: v for p, v in values.items() if p.chain == chain}
        part = ground.parts[next(iter(at))]
        mean = _mean(list(at.values()))
        text = _hover(entry, f"two end groups, n = {chain}", part, at)
        trace = _trace(
            entry,
            style,
            [places[chain]],
            [rounded(mean)],
            [_symbol(style, part)],
            [text],
            "markers",
        )
        above, below = max(at.values()) - mean, mean - min(at.values())
        trace["error_y"] = bars(style.colour, [rounded(above)], [rounded(below)])
        traces.append(trace)
    return traces


def _trace(
    entry: Entry,
    style: Style,
    x: Sequence[float],
    y: list[float],
    symbols: list[str],
    text: list[str],
    mode: str,
) -> Figure:
    return {
        "type": "scatter",
        "mode": mode,
        "meta": {"entry": entry.label, "role": entry.role, "single": False},
        "name": plain(entry.label),
        "x": x,
        "y": y,
        "text": text,
        "hovertemplate": "%{text}<extra></extra>",
        "line": line(style),
        "marker": marker(style) | {"symbol": symbols},
    }


def _symbol(style: Style, part: TestPart) -> str:
    return style.symbol if part == "id" else f"{style.symbol}-open"


def _hover(entry: Entry, where: str, part: TestPart, values: Errors) -> str:
    ordered = sorted(values.values())
    return plain(
        f"{entry.label}, {where}, {part.upper()}: {number(_mean(ordered))} "
        f"({number(ordered[0])} to {number(ordered[-1])} over {len(ordered)} molecules)"
    )


def _caption(ground: Ground, families: list[str], errors: dict[Entry, Errors]) -> str:
    members = _here(ground, families)
    parts = []
    for entry, by_place in errors.items():
        means = []
        for part, word in (("id", "ID"), ("ood", "OOD")):
            values = [
                by_place[p]
                for p in members
                if ground.parts[p] == part and is_number(by_place.get(p))
            ]
            if values:
                means.append(f"{word} {number(min(values))} to {number(max(values))}")
        if means:
            parts.append(f"{entry.label} {', '.join(means)}")
    return f"By molecule: {'; '.join(parts)}." if parts else "No scores."
