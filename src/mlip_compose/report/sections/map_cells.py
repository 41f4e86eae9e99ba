"""Where molecules stand in the figures: which trained, which are tests, and their errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from mlip_compose.core.records import Parts, TestPart
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.molecules.groups import END_GROUPS
from mlip_compose.report.entry import Entry
from mlip_compose.report.sections.leaderboard import MAIN_METRIC, find_score
from mlip_compose.report.words import group_order


class Place(NamedTuple):
    """A molecule's parts: left end group, chain length, right end group."""

    left: str
    chain: int
    right: str

    @property
    def single(self) -> bool:
        """Whether one end is H: a cell of the map of families and chain lengths."""
        return self.right == "H"


@dataclass(frozen=True)
class Ground:
    """The molecules of a task at a level, and the part each plays; the same for all potentials."""

    task: str
    level: int
    parts: dict[Place, TestPart]

    @property
    def families(self) -> tuple[str, ...]:
        """End groups of the molecules with one end group, in canonical order."""
        return tuple(sorted({p.left for p in self.parts if p.single}, key=group_order))


def place_of(name: str) -> Place | None:
    """Return the parts that a name such as ``OH-4-H`` spells; None for a molecule of no series."""
    parts = Parts.spelled(name)
    if parts is None or not all(g in END_GROUPS or "*" in g for g in (parts.left, parts.right)):
        return None
    return Place(*parts)


def ground_of(results: StudyResults, task: str, level: int) -> Ground:
    """Return which molecules a task trains and tests on: by its certificate and its scores."""
    parts: dict[Place, TestPart] = {}
    certificate: dict[str, Any] = next(
        (c for c in results.certificates if (c.get("task"), c.get("level")) == (task, level)), {}
    )
    names: tuple[tuple[str, TestPart], ...] = (("train_molecules", "id"), ("ood_molecules", "ood"))
    for key, part in names:
        for name in certificate.get(key, ()):
            place = place_of(str(name))
            if place is not None:
                parts[place] = part
    for score in results.scores:
        if (score.task, score.level) == (task, level):
            for molecule in score.molecules:
                place = place_of(molecule.molecule)
                if place is not None:
                    parts[place] = molecule.part
    return Ground(task, level, parts)


def errors_of(
    results: StudyResults, entry: Entry, ground: Ground, metric: str = MAIN_METRIC
) -> dict[Place, float]:
    """Return the error of an entry on each molecule of a task; empty where it has no score."""
    score = find_score(results, entry, ground.task, ground.level)
    if score is None:
        return {}
    return {
        place: m.values[metric]
        for m in score.molecules
        if metric in m.values and (place := place_of(m.molecule)) is not None
    }
