import numpy as np
import pytest

from mlip_compose.evaluation.energy_split import MeanError, split_energies


def error(family, chain, mean, variance=0.0, part="ood", offset=None, frames=5):
    groups = frozenset(family.split("+"))
    return MeanError(family, groups, chain, part, mean, variance, frames, offset)


def rows(errors, resamples=300, split=0):
    found = split_energies(errors, resamples, 0)[split]
    return {(row.part, row.group): row for row in found.rows}


def test_an_error_a_plus_b_n_is_slope_b_and_constant_a():
    errors = [error("OH", n, 40.0 + 3.0 * n) for n in range(7, 13)]
    errors += [error("F", n, -10.0 + 3.0 * n) for n in range(7, 13)]
    found = rows(errors)
    assert found["ood", "OH"].slope.value == pytest.approx(3.0)
    assert found["ood", "OH"].constant.value == pytest.approx(40.0)
    assert found["ood", "OH"].rest.value == pytest.approx(40.0)
    assert found["ood", "OH"].total.value == pytest.approx(
        np.sqrt(np.mean([(40 + 3 * n) ** 2 for n in range(7, 13)]))
    )
    everything = found["ood", "all"]
    assert everything.slope.value == pytest.approx(3.0)
    assert (everything.slope.low, everything.slope.high) == pytest.approx((3.0, 3.0))
    assert everything.constant.value == pytest.approx(15.0)
    assert everything.rest.value == pytest.approx(np.sqrt((40**2 + 10**2) / 2))
    assert (everything.molecules, everything.chains, everything.frames) == (12, 6, 60)


def test_families_of_other_lengths_do_not_tilt_the_common_slope():
    """Long alcohols are all 100 meV off and short fluorides not at all: nothing grows with n."""
    errors = [error("OH", n, 100.0) for n in (9, 10, 11)] + [error("F", n, 0.0) for n in (1, 2, 3)]
    everything = rows(errors)["ood", "all"]
    assert everything.slope.value == pytest.approx(0.0, abs=1e-9)
    assert everything.constant.value == pytest.approx(50.0)


def test_fluctuations_within_a_molecule_are_in_the_rest():
    errors = [error("OH", n, 2.0 * n, variance=9.0) for n in range(1, 7)]
    row = rows(errors)["ood", "OH"]
    assert row.slope.value == pytest.approx(2.0)
    assert row.constant.value == pytest.approx(0.0, abs=1e-9)
    assert row.rest.value == pytest.approx(3.0)


def test_one_chain_length_has_no_slope_but_a_total():
    errors = [
        error(f"OH+{other}", 4, mean) for other, mean in zip("NFCS", (1, 2, 3, 4), strict=True)
    ]
    row = rows(errors)["ood", "OH"]
    assert row.slope is row.constant is row.rest is None
    assert row.total.value == pytest.approx(np.sqrt(30 / 4))
    assert row.chains == 1


def test_three_molecules_have_values_and_no_intervals():
    row = rows([error("OH", n, float(n**2)) for n in (1, 2, 3)])["ood", "OH"]
    assert row.slope.value == pytest.approx(4.0)
    assert row.slope.low is row.rest.high is None


def test_intervals_hold_the_slope_of_scattered_errors():
    """Of 60 sets of 24 molecules, the interval misses the true slope about as often as it may."""
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(60):
        errors = [
            error(family, n, 5.0 * n + rng.normal(0.0, 10.0))
            for family in ("OH", "F", "CN", "SH")
            for n in range(7, 13)
        ]
        slope = rows(errors, resamples=400)["ood", "all"].slope
        hits += slope.low <= 5.0 <= slope.high
    assert hits >= 51


def test_influences_are_the_derivatives_of_the_fit():
    from mlip_compose.evaluation.energy_split import _Lines

    rng = np.random.default_rng(2)
    lines = _Lines(
        families=np.array([0, 0, 0, 1, 1, 1, 1]),
        chain=np.array([1.0, 2, 3, 7, 8, 9, 11]),
        mean=rng.normal(30.0, 10.0, 7),
        variance=rng.random(7),
    )
    whole = lines.fit(np.ones((1, 7)))[0]
    step = 1e-6
    nudged = lines.fit(np.ones((7, 7)) + step * np.eye(7))
    derivative = 7 * (nudged - whole).T / step
    np.testing.assert_allclose(lines.influences(whole), derivative, rtol=1e-3, atol=1e-3)


def test_offsets_are_a_split_of_their_own():
    errors = [error("OH", n, 10.0 + 3.0 * n, offset=-0.003 * n) for n in range(1, 6)]
    raw, corrected = split_energies(errors, 50, 0)
    assert (raw.name, corrected.name) == ("energy", "energy_offset")
    assert next(r.slope.value for r in raw.rows) == pytest.approx(3.0)
    assert next(r.slope.value for r in corrected.rows) == pytest.approx(0.0, abs=1e-9)
    assert next(r.constant.value for r in corrected.rows) == pytest.approx(10.0)


def test_id_and_ood_are_split_apart():
    errors = [error("OH", n, 1.0 * n, part="id") for n in range(1, 5)]
    errors += [error("OH", n, 6.0 * n) for n in range(7, 11)]
    found = rows(errors)
    assert found["id", "all"].slope.value == pytest.approx(1.0)
    assert found["ood", "all"].slope.value == pytest.approx(6.0)
    assert list(found) == [("id", "all"), ("id", "OH"), ("ood", "all"), ("ood", "OH")]


def test_nothing_to_split_has_no_rows():
    (raw,) = split_energies([], 10, 0)
    assert raw.rows == ()
