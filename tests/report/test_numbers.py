import math

import pytest

from mlip_compose.core.records import Interval
from mlip_compose.report.words import (
    DASH,
    between,
    bracketed,
    duration,
    number,
    percent,
    ratio,
    unbroken,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (34.72, "34.7"),
        (880.4, "880"),
        (12345.0, "12,345"),
        (1.904, "1.90"),
        (0.0314, "0.031"),
        (-18.82, "−18.8"),
        (0.0, "0"),
        (4.2e-5, "4.2e−05"),
        (9.996, "10.0"),
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_numbers_have_three_significant_digits_or_are_a_dash(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "1.00"), (0.0312, "0.03"), (12.34, "12.3"), (None, "–")]
)
def test_ratios_have_two_decimals(value, text):
    assert ratio(value) == text


def test_an_interval_without_limits_is_empty():
    assert between(Interval(value=1.0)) == ""
    assert between(None) == ""
    assert between(Interval(value=1.9, low=1.62, high=2.21), as_ratio=True) == "1.62 to 2.21"


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(1.0, "100 %"), (0.99999, "99.9 %"), (1e-6, "0.1 %"), (0.0, "0 %"), (0.765, "76.5 %")],
)
def test_only_a_whole_is_100_percent_and_only_nothing_0(fraction, text):
    assert percent(fraction) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.9, "0.900 s"), (61.2, "61.2 s"), (125, "2 min 5 s"), (3725, "1 h 2 min"), (None, "–")],
)
def test_durations_are_in_their_natural_unit(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "together"),
    [
        ("n = 9 (126 meV/Å, 16.1 % of it)", "n_=_9 (126_meV/Å, 16.1_% of it)"),
        ("r* = 2", "r*_=_2"),
        ("length and 12 molecules", "length and 12 molecules"),
    ],
)
def test_a_number_is_not_parted_from_its_unit(text, together):
    assert unbroken(text).replace("\N{NO-BREAK SPACE}", "_") == together


def test_a_value_without_limits_stands_alone():
    assert (
        bracketed(Interval(value=1.9, low=1.62, high=2.21), as_ratio=True) == "1.90 [1.62 to 2.21]"
    )
    assert bracketed(Interval(value=79.6)) == "79.6"
    assert bracketed(None) == DASH
