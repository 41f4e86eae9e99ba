"""The numbers of a study as tables, one row a number or a thing measured, to be saved as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from mlip_compose.core.records import Interval
from mlip_compose.evaluation.results import Score
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.entry import Entry
from mlip_compose.report.sections.ceilings import CeilingCell, ceilings_of
from mlip_compose.report.sections.leaderboard import (
    Cell,
    Column,
    build_board,
    entries_of,
    levels_of,
    metrics_of,
    runs_of,
)
from mlip_compose.report.words import is_number

Row = dict[str, Any]
QUANTITIES: Final[tuple[Column, ...]] = ("id", "ood", "gap")


class Table(NamedTuple):
    """A table, and its description in a sentence."""

    name: str
    description: str
    rows: Sequence[Row]


def tables_of(results: StudyResults) -> tuple[Table, ...]:
    """Return the tables of a study that have any rows."""
    tables = (
        Table(
            "leaderboard",
            "Every metric of every potential on every task and level: ID, OOD, gap and ceiling gap "
            "with intervals; the mean over seeds, and each seed.",
            list(_leaderboard(results)),
        ),
        Table(
            "molecules",
            "Every metric on every molecule that was tested.",
            list(_molecules(results)),
        ),
        Table(
            "atoms",
            "Force errors by end group, chain length, element and distance from the end group and "
            "from the nearest novel atom.",
            list(_atoms(results)),
        ),
        Table(
            "reactions",
            "Reaction energies from relaxed minima, of the reference and of each potential.",
            list(_reactions(results)),
        ),
        Table(
            "learning",
            "Validation errors by gradient step.",
            list(_learning(results)),
        ),
        Table(
            "trainings",
            "Trainings with their cost, and what became of them.",
            list(_trainings(results)),
        ),
    )
    return tuple(table for table in tables if table.rows)


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV; columns are all keys in the order in which they are first seen."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _leaderboard(results: StudyResults) -> Iterator[Row]:
    means, runs = entries_of(results), runs_of(results)
    for entries in (means,) if means == runs else (means, runs):
        for level in levels_of(results):
            for metric in metrics_of(results):
                board = build_board(results, metric, level, entries)
                ceilings = ceilings_of(results, board)
                for row in board.rows:
                    for cell in row.cells:
                        ceiling = ceilings.get((cell.task, row.entry))
                        yield from _values(row.entry, level, cell, ceiling)


def _values(entry: Entry, level: int, cell: Cell, ceiling: CeilingCell | None) -> Iterator[Row]:
    metric, score = cell.metric, cell.score
    if metric is None or score is None:
        return
    quantities: list[tuple[str, Interval | None, float | None]] = [
        (column, getattr(metric, column), cell.sd(column)) for column in QUANTITIES
    ]
    if ceiling is not None:
        quantities.append(("ceiling_gap", ceiling.gap, ceiling.sd))
    for quantity, interval, sd in quantities:
        if interval is None or not is_number(interval.value):
            continue
        ratio = quantity in ("gap", "ceiling_gap")
        yield {
            "task": cell.task,
            "level": level,
            "potential": entry.potential,
            "role": entry.role,
            "seed": "mean" if entry.seed is None else entry.seed,
            "metric": metric.name,
            "quantity": quantity,
            "unit": "1" if ratio else metric.unit,
            "value": _figures(interval.value),
            "low": _figures(interval.low),
            "high": _figures(interval.high),
            "sd_over_seeds": _figures(sd),
            "confidence": score.confidence,
            "id_frames": metric.id_frames,
            "id_molecules": metric.id_molecules,
            "ood_frames": metric.ood_frames,
            "ood_molecules": metric.ood_molecules,
            "failed_frames": cell.failed_frames,
            "train_frames": score.train_frames,
            "reference": score.reference,
        }


def _molecules(results: StudyResults) -> Iterator[Row]:
    for score in results.scores:
        for molecule in score.molecules:
            yield {
                **_origin(score),
                "part": molecule.part,
                "molecule": molecule.molecule,
                "family": molecule.family,
                "chain": molecule.chain,
                "frames": molecule.frames,
                "failed_frames": molecule.failed_frames,
                "novel_atoms": molecule.novel_atoms,
                **{name: _figures(value) for name, value in molecule.values.items()},
            }


def _atoms(results: StudyResults) -> Iterator[Row]:
    for score in results.scores:
        for grouping in score.attribution.forces if score.attribution else ():
            for row in grouping.rows:
                yield {
                    **_origin(score),
                    "part": row.part,
                    "by": grouping.name,
                    "group": row.group,
                    "unit": grouping.unit,
                    "forces_mae": _figures(row.forces_mae.value),
                    "low": _figures(row.forces_mae.low),
                    "high": _figures(row.forces_mae.high),
                    "share": _figures(row.share),
                    "atoms": row.atoms,
                    "molecules": row.molecules,
                    "frames": row.frames,
                }


def _reactions(results: StudyResults) -> Iterator[Row]:
    for score in results.scores:
        for reaction in score.reactions:
            yield {
                **_origin(score),
                "part": reaction.part,
                "reaction": reaction.name,
                "kind": reaction.kind,
                "family": reaction.family,
                "chain": reaction.chain,
                "unit": "kcal/mol",
                "reference": _figures(reaction.reference),
                "predicted": _figures(reaction.predicted),
                "predicted_offset": _figures(reaction.predicted_offset),
                "predicted_relaxed": _figures(reaction.predicted_relaxed),
            }


def _learning(results: StudyResults) -> Iterator[Row]:
    for unit in results.units:
        for point in unit.facts.get("validation_curve", ()):
            yield {
                "training": unit.id,
                "task": unit.task,
                "potential": unit.potential,
                "seed": unit.seed,
                "ceiling": int(unit.ceiling),
                "step": point["step"],
                "forces_mae": _figures(point["forces_mae"]),
                "unit": "meV/Å",
            }


def _trainings(results: StudyResults) -> Iterator[Row]:
    verdicts = {verdict.training: verdict for verdict in results.levellings}
    for unit in results.units:
        verdict = verdicts.get(unit.id)
        yield {
            "training": unit.id,
            "task": unit.task,
            "levels": " ".join(map(str, unit.levels)),
            "potential": unit.potential,
            "seed": unit.seed,
            "ceiling": int(unit.ceiling),
            "train_frames": unit.train_frames,
            "status": unit.status,
            "reason": unit.reason,
            **{
                key: unit.cost.get(key, "")
                for key in ("wall_s", "cpu_s", "device", "parameters", "gradient_steps")
            },
            "lowered_by_last_quarter": "" if verdict is None else _figures(verdict.lowered),
            "levelled_off": "" if verdict is None else int(verdict.levelled),
        }


def _origin(score: Score) -> Row:
    return {
        "task": score.task,
        "level": score.level,
        "potential": score.potential,
        "seed": score.seed,
    }


def _figures(value: float | None) -> float | str:
    """Return a number with eight significant digits; nothing where there is none."""
    return float(f"{value:.8g}") if value is not None and is_number(value) else ""
