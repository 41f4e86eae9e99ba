"""The arithmetic behind docs/scaling.md; test_reference.py holds the page to its results."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "tools"))
from pages.scaling import LABELS, duration, makespan, number, seconds, store


@pytest.mark.parametrize(
    ("units", "cores", "wall"),
    [
        ([2.0] * 4, 2, 4.0),
        ([2.0] * 5, 2, 6.0),
        ([1.0, 1.0, 1.0, 5.0], 2, 5.0),  # the longest decides, whatever its place in the list
        ([3.0, 3.0, 2.0, 2.0, 2.0], 2, 7.0),  # by hand: 3 + 2 + 2 and 3 + 2; the best would be 6
    ],
)
def test_units_go_to_cores_longest_first(units, cores, wall):
    assert makespan(units, cores) == wall


def test_the_fit_is_near_what_was_measured():
    for name, measured in LABELS.items():
        assert seconds(store().molecules[name]) == pytest.approx(measured, rel=0.1)


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0123, "0.012"), (1.26, "1.3"), (126.0, "130"), (0, "0"), (9.96, "10")]
)
def test_numbers_have_two_digits(value, shown):
    assert number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(45.0, "45 s"), (600.0, "10 min"), (7200.0, "2.0 h"), (8.64e5, "10 days")]
)
def test_durations_have_a_unit_that_suits_them(value, shown):
    assert duration(value) == shown
