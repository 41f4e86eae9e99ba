"""Where molecules stand in the figures: which trained, which are tests, and their errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from mlip_compose.core.records import Parts, TestPart
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.molecules.groups import END_GROUPS
from mlip_compose.report.entry import Entry
from mlip_compose.report.sections.leaderboard import MAIN_METRIC, find_score
from mlip_compose.report.words import group_order

LEAST_FILLED: Final = 0.25
"""Fraction of the cells of a map that must have a molecule."""


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
    """The molecules of a task at a level, and the part each plays; the same for all potentials.

    ``parts`` has those of a series, ``others`` the names of those in none.
    """

    task: str
    level: int
    parts: dict[Place, TestPart]
    others: dict[str, TestPart] = field(default_factory=dict)

    @property
    def families(self) -> tuple[str, ...]:
        """End groups of the molecules with one end group, in canonical order."""
        return tuple(sorted({p.left for p in self.parts if p.single}, key=group_order))

    @property
    def chains(self) -> range:
        """Chain lengths of the map of families: from 1 to the longest."""
        return range(1, max((p.chain for p in self.parts if p.single), default=0) + 1)

    @property
    def pairs(self) -> dict[int, tuple[str, ...]]:
        """Chain length -> end groups of the molecules with two, in canonical order."""
        double = [place for place in self.parts if not place.single]
        groups = tuple(sorted({g for p in double for g in (p.left, p.right)}, key=group_order))
        return dict.fromkeys(sorted({place.chain for place in double}), groups)

    @property
    def has_map(self) -> bool:
        """Whether all molecules are in series that fill at least a quarter of a map's cells.

        Otherwise errors are shown molecule by molecule: drug-like molecules may each be the only
        one of their series.
        """
        cells = len(self.families) * len(self.chains)
        cells += sum(len(groups) ** 2 for groups in self.pairs.values())
        return not self.others and cells <= len(self.parts) / LEAST_FILLED


def place_of(name: str) -> Place | None:
    """Return the parts that a name such as ``OH-4-H`` spells; None for a molecule of no series."""
    parts = Parts.spelled(name)
    if parts is None or not all(g in END_GROUPS or "*" in g for g in (parts.left, parts.right)):
        return None
    return Place(*parts)


def ground_of(results: StudyResults, task: str, level: int) -> Ground:
    """Return which molecules a task trains and tests on: by its certificate and its scores."""
    parts: dict[str, TestPart] = {}
    certificate: dict[str, Any] = next(
        (c for c in results.certificates if (c.get("task"), c.get("level")) == (task, level)), {}
    )
    names: tuple[tuple[str, TestPart], ...] = (("train_molecules", "id"), ("ood_molecules", "ood"))
    for key, part in names:
        parts |= {str(name): part for name in certificate.get(key, ())}
    for score in results.scores:
        if (score.task, score.level) == (task, level):
            parts |= {molecule.molecule: molecule.part for molecule in score.molecules}
    places = {name: place_of(name) for name in parts}
    return Ground(
        task,
        level,
        {place: parts[name] for name, place in places.items() if place is not None},
        {name: parts[name] for name, place in places.items() if place is None},
    )


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
