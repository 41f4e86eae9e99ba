"""What the findings are made with; that the page is up to date is tested with the reference."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
from mlip_compose.core.records import Interval
from pages import finding_tables as tables
from pages import findings, rendering
from pages import published as at


@pytest.fixture
def gaps(monkeypatch):
    """Three gaps of two potentials."""
    known = {("a", "length"): 1.2, ("a", "transfer"): 0.9, ("b", "length"): 3.5}
    monkeypatch.setattr(at, "networks", lambda: ("a", "b"))
    monkeypatch.setattr(at, "has", lambda task, level, potential: (potential, task) in known)
    monkeypatch.setattr(
        at,
        "value",
        lambda column, task, level, potential, quantity: Interval(
            value=known[potential, task], low=known[potential, task] - 0.1, high=4.0
        ),
    )


def test_a_claim_that_does_not_hold_stops_the_page():
    assert rendering.claim(True, "all is well") == ""
    with pytest.raises(rendering.ClaimError, match="no longer say that all is well"):
        rendering.claim(False, "all is well")


def test_numbers_stand_with_their_intervals():
    interval = Interval(value=1.744, low=1.6149, high=1.875)
    assert tables.as_gap(interval) == "1.74 (1.61 to 1.88)"
    assert tables.with_limits(Interval(value=28.37, low=27.2, high=29.61)) == (
        "28.4 (27.2 to 29.6)"
    )
    assert tables.as_gap(Interval(value=2.0)) == "2.00"
    assert tables.as_gap(None) == tables.with_limits(None) == "–"


@pytest.mark.usefixtures("gaps")
def test_gaps_are_found_from_the_smallest_to_the_largest_with_whose_they_are():
    found = findings.gaps_found(2)
    assert [(each.gap.value, each.of) for each in found] == [
        (0.9, "`a` on `transfer`"),
        (1.2, "`a` on `length`"),
        (3.5, "`b` on `length`"),
    ]
    assert findings.span(found) == "0.90 to 3.50"
    assert [each.potential for each in findings.gaps_found(2, tasks=("length",))] == ["a", "b"]
    assert [each.potential for each in findings.gaps_found(2, potentials=("b",))] == ["b"]


@pytest.mark.usefixtures("gaps")
def test_gaps_are_listed_as_a_phrase():
    found = findings.gaps_found(2)
    one = "0.90 (0.80 to 4.00) for `a` on `transfer`"
    assert findings.listed(found[:1]) == one
    assert findings.listed(found[:2]) == f"{one} and 1.20 (1.10 to 4.00) for `a` on `length`"
    assert findings.listed(found).startswith(f"{one}, 1.20")


def test_a_number_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(at, "cell", lambda *_: type("Cell", (), {"metric": None}))
    with pytest.raises(at.MissingError, match="forces_mae of x on length, level 2"):
        at.metric("length", 2, "x")
