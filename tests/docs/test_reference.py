"""What the documentation takes from the code is up to date."""

import importlib
import sys
from pathlib import Path

import pytest

from mlip_compose.evaluation.metric_names import METRICS
from mlip_compose.molecules.assembly import assemble, full
from mlip_compose.molecules.series import parse_name
from mlip_compose.tasks.environments import environment_labels
from mlip_compose.tasks.rules import get_task

ROOT = Path(__file__).parents[2]


def test_the_reference_is_up_to_date(monkeypatch, capsys):
    """Where it is not: python tools/reference.py, and commit what it writes."""
    monkeypatch.syspath_prepend(ROOT / "tools")
    reference = importlib.import_module("reference")
    monkeypatch.setattr(sys, "argv", ["reference.py", "--check"])
    try:
        reference.main()
    except SystemExit:
        pytest.fail(capsys.readouterr().err)


def test_every_metric_stands_on_its_page():
    page = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    for metric in METRICS.values():
        assert f"| {metric.label} | `{metric.name}` | {metric.unit} |" in page


@pytest.mark.parametrize(("radius", "seen"), [(1, "CN-2-H"), (2, "CN-4-H"), (3, None)])
def test_the_worked_example_of_coverage_is_true(radius, seen):
    """The fourth carbon of heptan-1-ol, and where training of length, level 2, has shown it."""
    tested = assemble(parse_name("OH-7-H"))
    middle = max(
        (atom for atom in range(tested.n_atoms) if tested.numbers[atom] == 6),
        key=lambda atom: distances_end(tested, atom),
    )
    label = environment_labels(tested, radius)[middle]
    split = get_task("length").split(full(), 2)
    has = {name for name in split.train if label in labels_of(name, radius)}
    assert (seen in has) if seen else not has


def labels_of(name, radius):
    return environment_labels(assemble(parse_name(name)), radius)


def distances_end(molecule, atom):
    """Return the smaller of the numbers of carbons on the two sides of a carbon of the chain."""
    carbons = [a for a in range(molecule.n_atoms) if molecule.numbers[a] == 6]
    bonded = {a: [] for a in carbons}
    for a, b in molecule.bonds.tolist():
        if a in bonded and b in bonded:
            bonded[a].append(b)
            bonded[b].append(a)
    sides = []
    for first in bonded[atom]:
        before, here, length = atom, first, 1
        while len(bonded[here]) == 2:
            before, here = here, next(c for c in bonded[here] if c != before)
            length += 1
        sides.append(length)
    return min(sides) if len(sides) == 2 else 0
