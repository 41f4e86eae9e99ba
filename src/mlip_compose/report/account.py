"""What was run: data, settings, units of work with their cost, versions, and the command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from mlip_compose.report.bundle import StudyResults, UnitFacts
from mlip_compose.report.numbers import DASH, duration

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Work:
    """One unit of work as it is shown; ``details`` is its settings and its own report, as YAML."""

    unit: UnitFacts
    levels: str
    wall: str
    cpu: str
    device: str
    parameters: str
    steps: str
    details: str


@dataclass(frozen=True)
class Account:
    """All that one needs to run a study again and to judge what it cost."""

    command: str
    dataset: Facts
    study: str
    works: tuple[Work, ...]
    provenance: Facts


def account(results: StudyResults) -> Account:
    """Return what was run in a study, as text."""
    dataset = results.dataset
    return Account(
        command=str(results.provenance.get("command", "")),
        dataset=(
            ("name", dataset.name),
            ("sha256", dataset.sha256),
            ("reference (level of theory)", dataset.reference),
            *_flat(dataset.reference_settings, "reference"),
            *_flat(dataset.sampling, "sampling"),
            ("molecules", f"{dataset.molecules:,}"),
            ("frames", f"{dataset.frames:,}"),
        ),
        study=_yaml(results.model_dump(mode="json", include={"study"})["study"]),
        works=tuple(_work(unit) for unit in results.units),
        provenance=_flat({k: v for k, v in results.provenance.items() if k != "command"}),
    )


def _work(unit: UnitFacts) -> Work:
    cost = unit.cost
    document = unit.model_dump(mode="json", include={"settings", "facts"})
    details = {key: value for key, value in document.items() if value}
    return Work(
        unit=unit,
        levels=", ".join(map(str, unit.levels)),
        wall=duration(cost.get("wall_s")),
        cpu=duration(cost.get("cpu_s")),
        device=str(cost.get("device", DASH)),
        parameters=_count(cost.get("parameters")),
        steps=_count(cost.get("gradient_steps")),
        details=_yaml(details) if details else "",
    )


def _count(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else DASH


def _flat(values: Mapping[str, Any], prefix: str = "") -> Facts:
    """Return nested settings as rows: ``versions: numpy`` and its value."""
    rows: list[tuple[str, str]] = []
    for key, value in values.items():
        label = f"{prefix}: {key}" if prefix else str(key)
        if isinstance(value, Mapping):
            rows += _flat(value, label)
        elif isinstance(value, list | tuple):
            rows.append((label, ", ".join(map(str, value))))
        else:
            rows.append((label, DASH if value is None else str(value)))
    return tuple(rows)


def _yaml(values: Mapping[str, Any]) -> str:
    return yaml.safe_dump(
        dict(values), sort_keys=False, allow_unicode=True, default_flow_style=None, width=88
    )
