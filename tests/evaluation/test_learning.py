import math

import pytest

from mlip_compose.evaluation.learning import levelling, levellings


def curve(errors, every=100):
    return [{"step": every * (i + 1), "forces_mae": e} for i, e in enumerate(errors)]


def test_a_curve_that_still_falls_has_not_levelled_off():
    found = levelling("a", curve([100.0, 80.0, 60.0, 50.0]))
    assert not found.levelled
    assert found.lowered == pytest.approx(10 / 60, abs=1e-4)
    assert (found.steps, found.best) == (400, 50.0)


def test_a_flat_end_has():
    assert levelling("a", curve([100.0, 50.0, 40.0, 39.0])).levelled


def test_an_end_that_rises_lowers_nothing():
    found = levelling("a", curve([100.0, 40.0, 40.0, 60.0]))
    assert (found.lowered, found.levelled, found.best) == (0.0, True, 40.0)


@pytest.mark.parametrize("errors", [[], [50.0], [math.nan, math.inf]])
def test_too_few_validations_have_no_verdict(errors):
    assert levelling("a", curve(errors)) is None


def test_errors_that_are_no_numbers_are_passed_over():
    assert levelling("a", curve([100.0, math.nan, 50.0, 49.0])).best == 49.0


def test_trainings_without_a_curve_are_passed_over():
    found = levellings({"b": curve([9.0, 5.0, 4.0, 4.0]), "a": (), "c": curve([1.0])})
    assert [verdict.training for verdict in found] == ["b"]
