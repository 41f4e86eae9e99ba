"""``docs/findings.md``: what the published results say, every number of it from them.

The text is ``templates/findings.md.j2``. What a sentence says beyond its numbers stands in it as a
claim about them: where results change so that it no longer holds, the page is not made.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mlip_compose.core.records import Interval
from mlip_compose.evaluation.learning import LEVEL
from mlip_compose.report.words import joined, number, percent, ratio
from pages import finding_tables as tables
from pages import published as at


class ClaimError(AssertionError):
    """A sentence of the findings that the results do not bear out."""


class Found(NamedTuple):
    """A gap, with whose it is and where."""

    gap: Interval
    potential: str
    task: str

    @property
    def of(self) -> str:
        """Whose gap it is and on which task, as Markdown."""
        return f"`{self.potential}` on `{self.task}`"


def claim(holds: bool, sentence: str) -> str:
    """Return nothing where a claim holds.

    Raises
    ------
    ClaimError
        It does not.
    """
    if not holds:
        raise ClaimError(f"the results no longer say that {sentence}: change the text")
    return ""


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


SAID = (claim, gaps_found, span, listed, rises, share_levelled, cpu_hours)
"""What the texts can call by name, besides ``at`` and ``tables``."""


def page() -> str:
    """Return the page."""
    return _rendered("findings.md.j2")


def in_short() -> str:
    """Return the findings in short, with a table."""
    return f"{_rendered('in_short.md.j2').strip()}\n\n{tables.gaps(2)}"


def _rendered(template: str) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.globals |= {
        "at": at,
        "tables": tables,
        "PUBLISHED_FACTOR": at.PUBLISHED_FACTOR,
        "LEVEL": LEVEL,
        **{each.__name__: each for each in SAID},
    }
    environment.filters |= {
        "number": number,
        "ratio": ratio,
        "percent": percent,
        "gap": tables.as_gap,
        "error": tables.with_limits,
    }
    return environment.get_template(template).render()
