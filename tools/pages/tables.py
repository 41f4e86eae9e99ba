"""Tables within pages that are written by hand: metrics, certificates, molecules."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from mlip_compose.evaluation.horizon import HORIZON_METRICS
from mlip_compose.evaluation.metric_names import METRICS, NEEDS_ZERO, Description
from mlip_compose.molecules.assembly import full
from mlip_compose.molecules.groups import END_GROUPS
from mlip_compose.tasks.certificate import certify
from mlip_compose.tasks.rules import TASKS
from pages import findings, million, scaling
from pages.markdown import code, prose, sentence, table


def metrics() -> str:
    """Return every metric with unit and aggregation."""
    return table(
        ("metric", "name in files", "unit", "what is averaged over what"),
        (
            (metric.label, code(metric.name), metric.unit, sentence(prose(metric.aggregation)))
            for metric in METRICS.values()
        ),
    )


def gaps() -> str:
    """Return what the gap of every metric divides by, and how molecules are pooled."""
    return table(
        (
            "metric",
            "errors of",
            "pooled as",
            "gap divides by",
            "horizon",
            "withheld",
        ),
        (
            (
                code(metric.name),
                metric.source,
                metric.reducer,
                f"ID {code(metric.id_name)}",
                "yes" if metric.name in HORIZON_METRICS else "",
                _withheld(metric),
            )
            for metric in METRICS.values()
        ),
    )


def _withheld(metric: Description) -> str:
    if metric.name in NEEDS_ZERO:
        return "yes"
    unbalanced = metric.source == "reactions" and not metric.name.endswith("_offset")
    return "increments" if unbalanced else ""


def certificates() -> str:
    """Return what the certificates say of every task at every level, on the full list."""
    molecules = full()
    rows = []
    for task in TASKS.values():
        for level in task.levels:
            found = certify(task.split(molecules, level), molecules)
            rows.append(
                (
                    code(task.name),
                    str(level),
                    str(len(found.train_molecules)),
                    str(len(found.ood_molecules)),
                    str(found.coverage_radius),
                    *(_percent(fraction) for fraction in found.coverage[2:5]),
                    f"{found.atom_divergence[-1]:.2f}",
                    f"{found.compound_divergence[1]:.2f}",
                )
            )
    columns = (
        *("task", "level", "training molecules", "OOD molecules", "r\\*"),
        *(f"coverage, r = {r}" for r in range(2, 5)),
        *("atom divergence, r = 1", "compound divergence, r = 3"),
    )
    return table(columns, rows)


def _percent(fraction: float) -> str:
    """Return a share; 100 % only where nothing is missing, 0 % only where nothing is there."""
    shown = f"{100 * fraction:.0f} %"
    if fraction < 1 and shown == "100 %":
        return "< 100 %"
    return "> 0 %" if fraction and shown == "0 %" else shown


def rules() -> str:
    """Return the tasks with their rules."""
    return table(
        ("task", "tradition", "rule"),
        ((code(t.name), prose(t.tradition), sentence(prose(t.summary))) for t in TASKS.values()),
    )


def groups() -> str:
    """Return the end groups."""
    groups = END_GROUPS.values()
    return table(
        ("end group", *(code(group.name) for group in groups)),
        [["family", *(group.family for group in groups)]],
    )


BLOCKS: Mapping[str, Mapping[str, Callable[[], str]]] = MappingProxyType(
    {
        "README.md": MappingProxyType({"findings": findings.in_short}),
        "docs/metrics.md": MappingProxyType({"metrics": metrics, "gaps": gaps}),
        "docs/tasks.md": MappingProxyType(
            {"groups": groups, "rules": rules, "certificates": certificates}
        ),
        "docs/scaling.md": MappingProxyType({**scaling.BLOCKS, **million.BLOCKS}),
    }
)
"""By page and name of the block, what makes it."""
