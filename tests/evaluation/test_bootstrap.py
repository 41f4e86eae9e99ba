import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlip_compose.evaluation.bootstrap import Estimate, draw_counts, estimate, estimates, ratio
from mlip_compose.evaluation.pooling import Pool


def make_pool(sums, weights=None, power=1, kinds=("frames",)):
    sums = np.asarray(sums, dtype=np.float64)
    weights = np.ones_like(sums) if weights is None else np.asarray(weights, dtype=np.float64)
    return Pool(
        units=tuple(f"m{index:05d}" for index in range(len(sums))),
        sums=sums,
        weights=weights,
        items=np.ones(len(sums), dtype=np.int64),
        power=power,
        unit_kinds=(frozenset(kinds),) * len(sums),
    )


def test_every_resample_draws_as_many_units_as_there_are():
    counts = draw_counts(37, 500, 3, "id")
    assert counts.shape == (500, 37)
    assert (counts.sum(axis=1) == 37).all()
    # Multinomial: mean 1, variance 1 - 1/37; 18,500 draws.
    assert counts.mean() == 1.0
    assert counts.var() == pytest.approx(1 - 1 / 37, abs=0.05)


def test_draws_depend_on_seed_and_part_alone():
    draw_counts.cache_clear()
    first = draw_counts(20, 50, 0, "id").copy()
    draw_counts.cache_clear()
    assert (draw_counts(20, 50, 0, "id") == first).all()
    assert (draw_counts(20, 50, 1, "id") != first).any()
    assert (draw_counts(20, 50, 0, "ood") != first).any()


def test_many_units_are_drawn_in_chunks():
    counts = draw_counts(3_000, 1_500, 0, "ood")
    assert (counts.sum(axis=1) == 3_000).all()
    assert (counts[0] != counts[-1]).any()
    values = np.arange(3_000.0)
    found = estimate(make_pool(values), "ood", 1_500, 0)
    assert found.samples == pytest.approx(counts @ values / 3_000)


@pytest.mark.parametrize("power", [1, 2])
def test_samples_pool_what_was_drawn(power):
    sums, weights = np.array([1.0, 8.0, 2.5]), np.array([1.0, 2.0, 5.0])
    found = estimate(make_pool(sums, weights, power), "id", 200, 5)
    assert found.value == pytest.approx((11.5 / 8.0) ** (1 / power))
    drawn = [np.repeat(np.arange(3), row) for row in draw_counts(3, 200, 5, "id")]
    by_hand = [(sums[d].sum() / weights[d].sum()) ** (1 / power) for d in drawn]
    assert found.samples == pytest.approx(by_hand)


def test_interval_of_equal_molecules_is_a_point():
    interval = estimate(make_pool([2.0] * 5), "id", 100).interval()
    assert (interval.low, interval.value, interval.high) == pytest.approx((2.0, 2.0, 2.0))


def test_interval_is_made_of_percentiles():
    interval = Estimate(50.0, np.arange(101.0)).interval(0.9)
    assert (interval.low, interval.high) == pytest.approx((5.0, 95.0))


@pytest.mark.parametrize(("units", "tail"), [(10, 0.00856), (20, 0.01588), (10_000, 0.02498)])
def test_tails_are_expanded_for_few_molecules(units, tail):
    """Phi(-t sqrt(n / (n - 1))): 2.262157 sqrt(10 / 9) = 2.384528 for ten, for example."""
    found = estimate(make_pool(np.arange(1.0, units + 1)), "id", 10)
    assert found.tail() == pytest.approx(tail, abs=1e-5)


def test_tails_of_a_ratio_lie_between_those_of_its_parts():
    few, many = make_pool(np.linspace(1, 2, 5)), make_pool(np.linspace(1, 2, 50))
    tails = [estimate(pool, "id", 10).tail() for pool in (few, many)]
    assert tails[0] < estimates(few, many, 10).gap.tail() < tails[1]
    certain = make_pool(np.full(5, 2.0))
    assert estimates(certain, many, 10).gap.tail() == pytest.approx(tails[1])


@pytest.mark.parametrize("power", [1, 2])
def test_influences_are_what_a_unit_moves(power):
    """By a numerical derivative with respect to the weight of a unit."""
    sums, weights = np.array([1.0, 8.0, 2.5]), np.array([1.0, 2.0, 5.0])
    (found,) = estimate(make_pool(sums, weights, power), "id", 10).influences
    value = make_pool(sums, weights, power).value()
    for unit in range(3):
        share = np.full(3, (1 - 1e-6) / 3)
        share[unit] += 1e-6
        moved = ((share @ sums) / (share @ weights)) ** (1 / power)
        assert (moved - value) / 1e-6 == pytest.approx(found[unit], rel=1e-4)


def test_fewer_than_two_molecules_have_no_interval():
    interval = estimate(make_pool([2.0]), "id").interval()
    assert (interval.value, interval.low, interval.high) == (2.0, None, None)
    assert estimate(make_pool([]), "id") is None
    gap = estimates(make_pool([2.0]), make_pool([3.0, 5.0]), 100).gap.interval()
    assert (gap.value, gap.low, gap.high) == (2.0, None, None)


def test_no_gap_to_a_faultless_id():
    assert estimates(make_pool([0.0, 0.0]), make_pool([1.0, 1.0]), 100).gap is None
    assert estimates(make_pool([1e-7, 1e-7]), make_pool([1.0, 1.0]), 100).gap is None
    assert ratio(None, Estimate(1.0, None)) is None


def test_a_bound_that_is_not_finite_is_left_open():
    # A quarter of the resamples draws the faultless molecule alone.
    gap = estimates(make_pool([0.0, 1.0]), make_pool([1.0, 1.0]), 1_000).gap.interval()
    assert gap.value == pytest.approx(2.0)
    assert gap.low == pytest.approx(1.0)
    assert gap.high is None


def test_no_gap_between_different_kinds_of_errors():
    id_pool = make_pool([1.0, 2.0], kinds=("increment",))
    found = estimates(id_pool, make_pool([1.0, 2.0], kinds=("exchange",)), 100)
    assert found.gap is None
    assert found.id is not None
    assert found.ood is not None


@given(
    sums=st.lists(st.floats(0.1, 10.0), min_size=2, max_size=6),
    scale=st.floats(1e-3, 1e3),
    power=st.sampled_from([1, 2]),
)
def test_the_gap_does_not_change_with_a_common_scale(sums, scale, power):
    id_sums, ood_sums = np.array(sums), np.array(sums[::-1]) + 1.0
    factor = scale**power
    one = estimates(make_pool(id_sums, power=power), make_pool(ood_sums, power=power), 50)
    other = estimates(
        make_pool(factor * id_sums, power=power), make_pool(factor * ood_sums, power=power), 50
    )
    assert other.ood.value == pytest.approx(scale * one.ood.value)
    assert other.gap.value == pytest.approx(one.gap.value)
    assert other.gap.samples == pytest.approx(one.gap.samples)
