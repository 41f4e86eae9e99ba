"""Where a potential was trained, said beside each of its rows."""

from __future__ import annotations

from mlip_compose.evaluation.results import Score
from mlip_compose.evaluation.study_results import StudyResults, UnitFacts
from mlip_compose.report.entry import Entry
from mlip_compose.report.sections.leaderboard import entries_of


def origin_note(level_of_theory: str, pretrained_on: str, reference: str) -> str:
    """Return what a potential learned elsewhere; empty for one that was trained on this data alone.

    Parameters
    ----------
    level_of_theory, pretrained_on
        See ``Score``.
    reference
        Level of theory of the labels that it is judged by.
    """
    if level_of_theory:
        return f"zero-shot: trained on {level_of_theory}, judged by {reference}"
    if pretrained_on:
        return f"fine-tuned: pretrained on {pretrained_on}, then trained on {reference}"
    return ""


def origin_of(results: StudyResults, entry: Entry) -> str:
    """Return the note of a row of a study, see :func:`origin_note`."""
    for run in _runs(results, entry):
        note = origin_note(run.level_of_theory, run.pretrained_on, results.dataset.reference)
        if note:
            return note
    return ""


def is_zero_shot(results: StudyResults, entry: Entry) -> bool:
    """Return whether a row is of a potential that was not trained on the data of the study."""
    return any(run.level_of_theory for run in _runs(results, entry))


def origins_of(results: StudyResults) -> dict[Entry, str]:
    """Return the notes of all rows that have one."""
    notes = {entry: origin_of(results, entry) for entry in entries_of(results)}
    return {entry: note for entry, note in notes.items() if note}


def _runs(results: StudyResults, entry: Entry) -> tuple[UnitFacts | Score, ...]:
    runs: tuple[UnitFacts | Score, ...] = (*results.units, *results.scores)
    return tuple(run for run in runs if run.potential == entry.potential)
