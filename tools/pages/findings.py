"""``docs/findings.md``: what the published results say, every number of it from them.

The text is ``templates/findings.md.j2``. What a sentence says beyond its numbers stands in it as a
claim about them: where results change so that it no longer holds, the page is not made.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from mlip_compose.core.records import Interval
from mlip_compose.evaluation.learning import LEVEL
from mlip_compose.report.words import joined, ratio
from pages import finding_tables as tables
from pages import published as at
from pages.rendering import rendered


class Found(NamedTuple):
    """A gap, with whose it is and where."""

    gap: Interval
    potential: str
    task: str

    @property
    def of(self) -> str:
        """Whose gap it is and on which task, as Markdown."""
        return f"`{self.potential}` on `{self.task}`"


def gaps_found(
    level: int,
    quantity: str = at.MAIN,
    tasks: Sequence[str] = tables.TASKS,
    potentials: Iterable[str] | None = None,
) -> list[Found]:
    """Return the gaps at a level, the smallest first; of the networks, if nothing else is said."""
    chosen = at.networks() if potentials is None else potentials
    found = [
        Found(at.value("gap", task, level, potential, quantity), potential, task)
        for potential in chosen
        for task in tasks
        if at.has(task, level, potential)
    ]
    return sorted(found, key=lambda each: each.gap.value)


def span(found: Sequence[Found]) -> str:
    """Return the range of some gaps, ``0.93 to 1.33``."""
    gaps = sorted(each.gap.value for each in found)
    return f"{ratio(gaps[0])} to {ratio(gaps[-1])}"


def listed(found: Iterable[Found]) -> str:
    """Return some gaps with whose and where they are, as a phrase."""
    return joined([f"{tables.as_gap(each.gap)} for {each.of}" for each in found])


def rises(found: Sequence[Interval]) -> bool:
    """Return whether each of some numbers is larger than the one before."""
    return all(a.value < b.value for a, b in pairwise(found))


def share_levelled(potentials: Sequence[str]) -> float:
    """Return the fraction of the trainings of some potentials that had levelled off."""
    found = [each.levelled for potential in potentials for each in at.levellings(potential)]
    return sum(found) / len(found)


def cpu_hours(names: Sequence[str]) -> float:
    """Return CPU hours of the trainings of some studies."""
    return sum(u.cost.get("cpu_s", 0.0) for n in names for u in at.study(n).units) / 3600


SAID = (gaps_found, span, listed, rises, share_levelled, cpu_hours)
"""What the texts can call by name, besides ``at`` and ``tables``."""


def _rendered(template: str) -> str:
    factor = at.PUBLISHED_FACTOR
    names = {each.__name__: each for each in SAID}
    return rendered(template, at=at, tables=tables, PUBLISHED_FACTOR=factor, LEVEL=LEVEL, **names)


def page() -> str:
    """Return the page."""
    return _rendered("findings.md.j2")


def in_short() -> str:
    """Return the findings in short, with a table."""
    return f"{_rendered('in_short.md.j2').strip()}\n\n{tables.gaps(2)}"
