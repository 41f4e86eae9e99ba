"""What the findings are made with; that the page is up to date is tested with the reference."""

import sys
from pathlib import Path

import pytest

from mlip_compose.evaluation.results import Interval

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
from pages import findings
from pages import published as at


def test_a_claim_that_does_not_hold_stops_the_page():
    assert findings.claim(True, "all is well") == ""
    with pytest.raises(findings.ClaimError, match="no longer say that all is well"):
        findings.claim(False, "all is well")


def test_numbers_stand_with_their_intervals():
    interval = Interval(value=1.744, low=1.6149, high=1.875)
    assert findings.as_gap(interval) == "1.74 (1.61 to 1.88)"
    assert findings.with_limits(Interval(value=28.37, low=27.2, high=29.61)) == (
        "28.4 (27.2 to 29.6)"
    )
    assert findings.as_gap(Interval(value=2.0)) == "2.00"
    assert findings.as_gap(None) == findings.with_limits(None) == "–"


def test_the_extremes_are_named(monkeypatch):
    gaps = {("a", "length"): 1.2, ("a", "transfer"): 0.9, ("b", "length"): 3.5}
    monkeypatch.setattr(at, "potentials", lambda role: ("a", "b"))
    monkeypatch.setattr(at, "has", lambda task, level, potential: (potential, task) in gaps)
    monkeypatch.setattr(
        at,
        "value",
        lambda column, task, level, potential, quantity: Interval(value=gaps[potential, task]),
    )
    assert findings.extreme(max, 2) == (3.5, "b", "length")
    assert findings.extreme(min, 2) == (0.9, "a", "transfer")
    assert findings.extreme(max, 2, tasks=("transfer",)) == (0.9, "a", "transfer")


def test_a_number_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(at, "cell", lambda *_: type("Cell", (), {"metric": None}))
    with pytest.raises(at.MissingError, match="forces_mae of x on length, level 2"):
        at.metric("length", 2, "x")
