"""What was run: data, settings, units of work with their cost, versions, and the command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mlip_compose.core.plain_yaml import write_yaml
from mlip_compose.evaluation.study_results import StudyResults, UnitFacts
from mlip_compose.report.words import DASH, duration, number

UNITS: Final = ("K", "fs", "ps", "u", "eV", "Angstrom")
"""Endings of keys that are units."""

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Work:
    """One unit of work as it is shown; ``report`` is what the potential itself says, as YAML."""

    unit: UnitFacts
    name: str
    levels: str
    wall: str
    cpu: str
    memory: str
    device: str
    parameters: str
    steps: str
    report: str


@dataclass(frozen=True)
class Trained:
    """A potential with all of its settings, and the units of work in which it had these."""

    potential: str
    settings: Facts
    works: tuple[Work, ...]


@dataclass(frozen=True)
class Account:
    """All that one needs to run a study again and to judge what it cost.

    ``reference`` and ``sampling`` are the settings behind the data; ``total`` is the sum over the
    units of work, in a sentence.
    """

    command: str
    dataset: Facts
    reference: Facts
    sampling: Facts
    study: str
    works: tuple[Work, ...]
    total: str
    trained: tuple[Trained, ...]
    software: Facts
    machine: Facts


def account(results: StudyResults) -> Account:
    """Return what was run in a study, as text."""
    dataset, provenance = results.dataset, results.provenance
    works = tuple(_work(unit) for unit in results.units)
    versions = provenance.get("versions")
    return Account(
        command=str(provenance.get("command", "")),
        dataset=(
            ("name", dataset.name),
            ("sha256", dataset.sha256),
            ("molecules", f"{dataset.molecules:,}"),
            ("frames", f"{dataset.frames:,}"),
        ),
        reference=(("level of theory", dataset.reference), *_spelt(dataset.reference_settings)),
        sampling=_spelt(dataset.sampling),
        study=_yaml(results.model_dump(mode="json", include={"study"})["study"]),
        works=works,
        total=_total(results.units),
        trained=_trained(works),
        software=_flat(versions) if isinstance(versions, Mapping) else (),
        machine=_flat({k: v for k, v in provenance.items() if k not in ("command", "versions")}),
    )


def _work(unit: UnitFacts) -> Work:
    cost = unit.cost
    facts = unit.model_dump(mode="json", include={"facts"})["facts"]
    return Work(
        unit=unit,
        name=f"{unit.potential}, ceiling" if unit.ceiling else unit.potential,
        levels=", ".join(map(str, unit.levels)),
        wall=duration(cost.get("wall_s")),
        cpu=duration(cost.get("cpu_s")),
        memory=_memory(cost.get("peak_memory_mb")),
        device=str(cost.get("device", DASH)),
        parameters=_count(cost.get("parameters")),
        steps=_count(cost.get("gradient_steps")),
        report=_yaml(facts) if facts else "",
    )


def _trained(works: tuple[Work, ...]) -> tuple[Trained, ...]:
    """Return the potentials with their settings; one that was run with two has two entries."""
    groups: list[tuple[str, dict[str, Any], list[Work]]] = []
    for work in works:
        potential, settings = work.unit.potential, work.unit.settings
        home = next((w for p, s, w in groups if (p, s) == (potential, settings)), None)
        if home is None:
            groups.append((potential, settings, [work]))
        else:
            home.append(work)
    return tuple(Trained(p, _flat(settings), tuple(w)) for p, settings, w in groups)


def _total(units: Sequence[UnitFacts]) -> str:
    def values(key: str) -> list[float]:
        costs = (unit.cost.get(key) for unit in units)
        return [value for value in costs if isinstance(value, int | float)]

    parts = [
        f"{duration(sum(values(key)))} of {name}"
        for key, name in (("wall_s", "wall time"), ("cpu_s", "CPU time"))
        if values(key)
    ]
    memory = values("peak_memory_mb")
    if memory:
        parts.append(f"at most {_memory(max(memory))} of memory in one of them")
    devices = sorted({str(unit.cost["device"]) for unit in units if "device" in unit.cost})
    if devices:
        parts.append(f"on {', '.join(devices)}")
    return f"{len(units)} units of work: {', '.join(parts)}." if parts else ""


def _memory(megabytes: object) -> str:
    return f"{number(megabytes)} MB" if isinstance(megabytes, int | float) else DASH


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


def _spelt(values: Mapping[str, Any]) -> Facts:
    """Return settings with their keys as words: ``timestep, fs`` for ``timestep_fs``."""
    return tuple((_words(key), value) for key, value in _flat(values))


def _words(key: str) -> str:
    *rest, last = key.split("_")
    if rest and last in UNITS and rest[-1] != "per":
        return f"{' '.join(rest)}, {last}"
    return key.replace("_", " ")


def _yaml(values: Mapping[str, Any]) -> str:
    return write_yaml(dict(values), width=88, flow=None)
