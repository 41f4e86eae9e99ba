"""The tables of the findings, made from the published results; a dash is what is not there."""

from collections.abc import Sequence

from mlip_compose.core.records import Interval
from mlip_compose.evaluation.ceiling import CeilingMetric
from mlip_compose.report.words import DASH, between, duration, number, percent, ratio
from pages import published as at
from pages.markdown import code, table

TASKS = ("length", "crossing", "transfer", "recombination")
LEVELS = (1, 2, 3)
DEPTH_POTENTIALS = ("mace-small", "schnet-small")
KINDS = {
    "composition": "an energy for each element, zero forces",
    "additive": "a bonded force field, linear in its parameters",
    at.COUPLED: "the same with couplings of bonds and angles",
    "mace-small": "equivariant messages of many-body terms",
    "schnet-small": "invariant messages",
    "painn-small": "equivariant messages",
    "mace-short": "`mace-small` that sees two bonds far",
    "additive+mace-small": "`mace-small` on top of `additive`",
    "ani-2x:fine-tuned": "symmetry functions, pretrained on millions of other geometries",
}
"""What each potential is, in words."""


def with_limits(interval: Interval | None) -> str:
    """Return an error with its interval, ``28.4 (27.0 to 29.9)``."""
    return _with_limits(interval, as_ratio=False)


def as_gap(interval: Interval | None) -> str:
    """Return a ratio with its interval, ``1.74 (1.61 to 1.88)``."""
    return _with_limits(interval, as_ratio=True)


def _with_limits(interval: Interval | None, *, as_ratio: bool) -> str:
    if interval is None:
        return DASH
    write = ratio if as_ratio else number
    limits = between(interval, as_ratio=as_ratio)
    return f"{write(interval.value)} ({limits})" if limits else write(interval.value)


def _gap(task: str, level: int, potential: str, quantity: str) -> Interval | None:
    found = at.cell(task, level, potential, quantity).metric
    return found.gap if found else None


def potentials() -> str:
    """Return what each potential is, with its parameters and how far it sees."""
    rows = []
    for potential in at.potentials():
        unit = next(iter(at.trainings(potential)), None)
        layers, cutoff = (unit.settings.get(k) for k in ("layers", "cutoff")) if unit else (0, 0)
        sight = f"{layers} x {cutoff:g} Å" if layers and cutoff else DASH
        parameters = unit.cost.get("parameters") if unit and unit.role == "learned" else None
        count = f"{parameters:,}" if parameters else DASH
        rows.append((code(potential), KINDS[potential], sight, count))
    return table(("potential", "what it is", "layers and cutoff", "parameters"), rows)


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
    found = at.cell(task, level, potential, quantity).metric
    if found is None:
        return DASH
    errors = " → ".join(number(each.value) if each else DASH for each in (found.id, found.ood))
    if found.gap is None:
        return errors
    return f"{errors}<br>**{ratio(found.gap.value)}** ({between(found.gap, as_ratio=True)})"


def levels(quantity: str = at.MAIN) -> str:
    """Return a gap at each level of the potentials that have more than one."""
    rows = []
    for potential in at.potentials():
        there = [level for level in LEVELS if any(at.has(t, level, potential) for t in TASKS)]
        if len(there) > 1:
            for level in there:
                cells = [as_gap(_gap(task, level, potential, quantity)) for task in TASKS]
                rows.append((code(potential), str(level), *cells))
    return table(("potential", "level", *map(code, TASKS)), rows)


def horizons(quantity: str = at.MAIN) -> str:
    """Return the horizon of every potential on every task."""
    return table(
        ("potential", *map(code, TASKS)),
        (
            (code(potential), *(_horizon(task, potential, quantity) for task in TASKS))
            for potential in at.potentials()
            if at.score(TASKS[0], 2, potential).role != "scale"
            and any(at.horizon(task, potential, quantity) for task in TASKS)
        ),
    )


def _horizon(task: str, potential: str, quantity: str) -> str:
    found = at.horizon(task, potential, quantity)
    if found is None:
        return DASH
    if found.horizon is None:
        return f"beyond {max(point.level for point in found.points)}"
    return str(found.horizon) if found.certain else f"{found.horizon} (not certain)"


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
                *(as_gap(_gap(task, level, potential, quantity)) for task in TASKS),
            )
            for potential in chosen
            for kind, quantity in kinds
        ),
    )


TERMS = {
    "bonds": ("bond",),
    "angles": ("angle",),
    "torsions": ("torsion",),
    "pairs of atoms four bonds apart or more": ("pair-1-5", "pair"),
}
"""Terms of the additive force field, and the kinds that each stands for."""


def unseen_terms() -> str:
    """Return how many terms of the additive force field in the OOD molecules training had not.

    Rows without any are left out.
    """
    rows = []
    for level in LEVELS:
        for terms in TERMS:
            shares = [unseen_share(task, level, terms) for task in TASKS]
            if any(shares):
                rows.append((str(level), terms, *map(percent, shares)))
    return table(("level", "terms", *map(code, TASKS)), rows)


def unseen_share(task: str, level: int, terms: str) -> float:
    """Return the fraction of some terms whose type occurs in no training molecule."""
    counts = at.score(task, level, "additive").unseen_terms
    found = [counts[kind] for kind in TERMS[terms]]
    return sum(unseen for unseen, _ in found) / sum(total for _, total in found)


def distances(level: int, potential: str, furthest: int = 3) -> str:
    """Return the force error OOD by distance in bonds from the nearest novel atom.

    Beside it stand the novel atoms' shares of atoms, of forces (the error of zero forces) and of
    the error.
    """
    rows = []
    for task in TASKS:
        if at.has(task, level, potential):
            found = at.by_distance(task, level, potential)
            errors = [
                with_limits(found[bonds].forces_mae) if bonds in found else DASH
                for bonds in range(furthest + 1)
            ]
            shares = (
                novel_atoms(task, level),
                at.by_distance(task, level, "composition")[0].share,
                found[0].share,
            )
            error = at.value("id", task, level, potential)
            rows.append((code(task), with_limits(error), *errors, *map(percent, shares)))
    bonds = ("novel atoms", "1 bond", *(f"{n} bonds" for n in range(2, furthest + 1)))
    return table(("task", "ID", *bonds, "of atoms", "of forces", "of the error"), rows)


def novel_atoms(task: str, level: int) -> float:
    """Return the fraction of the atoms of OOD frames that are novel."""
    rows = at.force_rows(task, level, "composition", "novel_distance")
    weights = {group: row.atoms for group, row in rows.items()}
    return weights["0"] / sum(weights.values())


def ceilings(level: int) -> str:
    """Return gap and ceiling gap of every potential that has a ceiling, and what is behind them."""
    rows = []
    for potential in at.networks():
        found = {task: at.ceiling(task, level, potential) for task in TASKS}
        if any(found.values()):
            gaps = (as_gap(_gap(task, level, potential, at.MAIN)) for task in TASKS)
            rows.append((code(potential), "gap, OOD / ID", *gaps))
            of_ceilings = (as_gap(each.gap) if each else DASH for each in found.values())
            rows.append((code(potential), "ceiling gap, without / with", *of_ceilings))
            both = (_without_with(each) for each in found.values())
            rows.append((code(potential), "errors, without → with", *both))
    return table(("potential", "", *map(code, TASKS)), rows)


def _without_with(found: CeilingMetric | None) -> str:
    errors = (found.ood, found.ceiling) if found else (None, None)
    return " → ".join(number(each.value) if each else DASH for each in errors)


def depth() -> str:
    """Return what becomes of errors and gap as potentials are trained on more frames."""
    columns = (("id", at.MAIN), ("ood", at.MAIN))
    quantities = (at.MAIN, at.MATCHED, at.NOVEL)
    return table(
        ("potential", "frames a molecule", "ID", "OOD", "gap", "like with like", "novel atoms"),
        (
            (
                code(potential),
                str(at.frames_a_molecule(name)),
                *(
                    with_limits(at.value(column, "length", 2, potential, quantity, name))
                    for column, quantity in columns
                ),
                *(
                    as_gap(at.value("gap", "length", 2, potential, quantity, name))
                    for quantity in quantities
                ),
            )
            for potential in (*DEPTH_POTENTIALS, "additive")
            for name in at.depths()
        ),
    )


def depth_learning() -> str:
    """Return how far the trainings of the studies of depth had come."""
    rows = []
    for potential in DEPTH_POTENTIALS:
        for name in at.depths():
            (unit,) = at.trainings(potential, name)
            (verdict,) = at.levellings(potential, name)
            frames, steps = at.frames_a_molecule(name), unit.cost["gradient_steps"]
            ends = (f"{number(verdict.best)} meV/Å", percent(verdict.lowered))
            rows.append((code(potential), str(frames), f"{steps:,}", *ends))
    last = "lowered by the last quarter of the steps"
    return table(("potential", "frames a molecule", "steps", "validation error", last), rows)


def reactions(kind: str, task: str) -> str:
    """Return errors of reaction energies of OOD molecules at each level."""
    found = {
        potential: [at.reaction_error(kind, task, level, potential) for level in LEVELS]
        for potential in at.potentials()
    }
    return table(
        ("potential", *(f"level {level}" for level in LEVELS)),
        (
            (code(potential), *map(with_limits, errors))
            for potential, errors in found.items()
            if any(errors)
        ),
    )


def learning() -> str:
    """Return how far the trainings of each potential had come."""
    rows = []
    for potential in at.networks():
        found = at.levellings(potential)
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
