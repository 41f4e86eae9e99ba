"""``docs/findings.md``: what the published results say, every number of it from them.

The text is ``templates/findings.md.j2``. What a sentence says beyond its numbers stands in it as a
claim about them: where results change so that it no longer holds, the page is not made.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mlip_compose.evaluation.results import Interval
from mlip_compose.report.numbers import DASH, between, duration, number, percent, ratio
from pages import published as at
from pages.markdown import code, table

TASKS = ("length", "crossing", "transfer", "recombination")
LEVELS = (1, 2, 3)
PUBLISHED_FACTOR = 10.0
"""OOD error over ID error that the paper finds often (its abstract: an order of magnitude)."""


class ClaimError(AssertionError):
    """A sentence of the findings that the results do not bear out."""


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


def with_limits(interval: Interval | None) -> str:
    """Return an error with its interval, ``28.4 (27.0 to 29.9)``."""
    return _with_limits(interval, number, as_ratio=False)


def as_gap(interval: Interval | None) -> str:
    """Return a ratio with its interval, ``1.74 (1.61 to 1.88)``."""
    return _with_limits(interval, ratio, as_ratio=True)


def _with_limits(
    interval: Interval | None, write: Callable[[float], str], *, as_ratio: bool
) -> str:
    if interval is None:
        return DASH
    limits = between(interval, as_ratio=as_ratio)
    return f"{write(interval.value)} ({limits})" if limits else write(interval.value)


def gaps(level: int, quantity: str = at.MAIN) -> str:
    """Return ID error, OOD error and gap of every potential on every task."""
    return table(
        ("potential", *map(code, TASKS)),
        (
            (code(potential), *(_errors(task, level, potential, quantity) for task in TASKS))
            for potential in at.potentials()
            if any(at.has(task, level, potential) for task in TASKS)
        ),
    )


def _errors(task: str, level: int, potential: str, quantity: str) -> str:
    if not at.has(task, level, potential):
        return DASH
    found = at.metric(task, level, potential, quantity)
    errors = " → ".join(number(each.value) if each else DASH for each in (found.id, found.ood))
    if found.gap is None:
        return errors
    return f"{errors}<br>**{ratio(found.gap.value)}** ({between(found.gap, as_ratio=True)})"


def levels(quantity: str = at.MAIN) -> str:
    """Return a gap at each level of the potentials that have more than one."""
    rows = []
    for potential in at.potentials():
        there = [level for level in LEVELS if at.has(TASKS[0], level, potential)]
        if len(there) > 1:
            for level in there:
                found = [at.value("gap", task, level, potential, quantity) for task in TASKS]
                cells = [f"{ratio(gap.value)} ({between(gap, as_ratio=True)})" for gap in found]
                rows.append((code(potential), str(level), *cells))
    return table(("potential", "level", *map(code, TASKS)), rows)


def horizon(task: str, potential: str) -> int | None:
    """Return the smallest level at which the gap is at most 1.5."""
    return next(
        (
            level
            for level in LEVELS
            if at.has(task, level, potential)
            and at.value("gap", task, level, potential).value <= 1.5
        ),
        None,
    )


def horizons() -> str:
    """Return the horizon of every potential on every task."""
    return table(
        ("potential", *map(code, TASKS)),
        (
            (code(potential), *(str(horizon(task, potential) or "none") for task in TASKS))
            for potential in at.potentials()
            if at.has(TASKS[0], 1, potential)
        ),
    )


def kinds_of_gap(level: int, chosen: Sequence[str]) -> str:
    """Return the gap over all atoms, like with like, and on novel and familiar atoms."""
    kinds = (
        ("all atoms", at.MAIN),
        ("like with like", at.MATCHED),
        ("novel atoms", at.NOVEL),
        ("familiar atoms", at.FAMILIAR),
    )
    return table(
        ("potential", "gap", *map(code, TASKS)),
        (
            (
                code(potential),
                kind,
                *(as_gap(at.value("gap", task, level, potential, quantity)) for task in TASKS),
            )
            for potential in chosen
            for kind, quantity in kinds
        ),
    )


def ceilings(level: int) -> str:
    """Return gap and ceiling gap of every potential that has a ceiling."""
    rows = []
    for potential in at.potentials("learned"):
        found = {task: at.ceiling(task, level, potential) for task in TASKS}
        if any(found.values()):
            of_tasks = [as_gap(at.value("gap", task, level, potential)) for task in TASKS]
            of_ceilings = [as_gap(found[task].get("gap")) for task in TASKS]
            rows.append((code(potential), "gap, OOD / ID", *of_tasks))
            rows.append((code(potential), "ceiling gap, without / with", *of_ceilings))
    return table(("potential", "", *map(code, TASKS)), rows)


def depth() -> str:
    """Return what becomes of errors and gap as potentials are trained on more frames."""
    rows = []
    for potential in ("mace-small", "schnet-small"):
        for name in at.DEPTHS:
            (unit,) = at.trainings(potential, name)
            verdict = next(v for v in at.study(name).levellings if v.training == unit.id)
            values = [
                at.value(column, "length", 2, potential, quantity, name)
                for column, quantity in (("id", at.MAIN), ("ood", at.MAIN), ("ood", at.NOVEL))
            ]
            rows.append(
                (
                    code(potential),
                    str(per_molecule(name)),
                    f"{unit.cost['gradient_steps']:,}",
                    f"{number(verdict.best)}, {percent(verdict.lowered)}",
                    *map(with_limits, values),
                    *(
                        as_gap(at.value("gap", "length", 2, potential, quantity, name))
                        for quantity in (at.MAIN, at.MATCHED, at.NOVEL)
                    ),
                )
            )
    columns = (
        "potential",
        "frames a molecule",
        "steps",
        "validation error; lowered by the last quarter of the steps",
        "ID",
        "OOD",
        "OOD, novel atoms",
        "gap",
        "gap, like with like",
        "gap, novel atoms",
    )
    return table(columns, rows)


def per_molecule(name: str) -> int:
    """Return training frames a molecule of a depth study."""
    score = at.study(name).scores[0]
    return round(score.train_frames / score.train_molecules)


def reactions(level: int) -> str:
    """Return errors of exchange energies on OOD molecules, and the reference's own deviation."""
    found = {
        (errors.task, errors.potential): errors.mae
        for errors in at.study(at.BOARD).reaction_errors
        if (errors.level, errors.kind, errors.part, errors.energies)
        == (level, "exchange", "ood", "predicted")
        and errors.seed == 0
    }
    tasks = [task for task in TASKS if any(key[0] == task for key in found)]
    return table(
        ("potential", *map(code, tasks)),
        (
            (code(potential), *(with_limits(found.get((task, potential))) for task in tasks))
            for potential in at.potentials()
            if any(key[1] == potential for key in found)
        ),
    )


def learning() -> str:
    """Return how far the trainings of each potential had come."""
    results = at.study(at.BOARD)
    verdicts = {verdict.training: verdict for verdict in results.levellings}
    rows = []
    for potential in at.potentials("learned"):
        found = [verdicts[u.id] for u in at.trainings(potential) if u.id in verdicts]
        if found:
            lowered = [verdict.lowered for verdict in found]
            cpu = [u.cost["cpu_s"] for u in at.trainings(potential)]
            rows.append(
                (
                    code(potential),
                    str(len(found)),
                    f"{found[0].steps:,}",
                    f"{percent(min(lowered))} to {percent(max(lowered))}",
                    f"{sum(verdict.levelled for verdict in found)}",
                    f"{duration(min(cpu))} to {duration(max(cpu))}",
                )
            )
    columns = (
        "potential",
        "trainings",
        "steps",
        "lowered by the last quarter of the steps",
        "levelled off",
        "CPU time of one",
    )
    return table(columns, rows)


def cpu_hours() -> float:
    """Return CPU hours of all published trainings."""
    names = (at.BOARD, *at.DEPTHS)
    return sum(u.cost.get("cpu_s", 0.0) for n in names for u in at.study(n).units) / 3600


def extreme(
    pick: Callable[[Iterable[float]], float],
    level: int,
    tasks: Sequence[str] = TASKS,
    role: str = "learned",
    quantity: str = at.MAIN,
) -> tuple[float, str, str]:
    """Return the smallest or the largest gap of a kind of potential, with whose and where it is."""
    found = {
        (potential, task): at.value("gap", task, level, potential, quantity).value
        for potential in at.potentials(role)
        for task in tasks
        if at.has(task, level, potential)
    }
    best = pick(found.values())
    potential, task = next(key for key, gap in found.items() if gap == best)
    return best, potential, task


def page() -> str:
    """Return the page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        extensions=["jinja2.ext.do"],
    )
    environment.globals |= {
        each.__name__: each
        for each in (
            *(claim, gaps, levels, horizon, horizons, kinds_of_gap, ceilings, depth),
            *(per_molecule, reactions, learning, cpu_hours, extreme),
            *(at.value, at.metric, at.score, at.ceiling, at.potentials, at.has, at.study),
        )
    }
    environment.globals |= {
        "TASKS": TASKS,
        "DEPTHS": at.DEPTHS,
        "ZERO_SHOT": at.ZERO_SHOT,
        "NOVEL": at.NOVEL,
        "MATCHED": at.MATCHED,
        "PUBLISHED_FACTOR": PUBLISHED_FACTOR,
        "min": min,
        "max": max,
    }
    environment.filters |= {
        "number": number,
        "ratio": ratio,
        "percent": percent,
        "gap": as_gap,
        "error": with_limits,
    }
    return environment.get_template("findings.md.j2").render()
