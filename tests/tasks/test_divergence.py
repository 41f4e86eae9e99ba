import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlip_compose.tasks.divergence import divergence, environment_divergence

counts = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 50), min_size=1)


def test_a_known_value():
    """C_0.5 of (1/2, 1/2) and (1/2, 1/4, 1/4) is 1/2 + sqrt(1/8)."""
    p, q = {"a": 1, "b": 1}, {"a": 2, "b": 1, "c": 1}
    assert divergence(p, q, 0.5) == pytest.approx(1 - (0.5 + math.sqrt(1 / 8)), abs=1e-11)


def test_training_counts_for_alpha():
    """p = (1/4, 3/4), q = (1, 0): C_a = (1/4)^a, so how often it occurs hardly counts at 0.1."""
    p, q = {"a": 1, "b": 3}, {"a": 1}
    assert divergence(p, q, 0.1) == pytest.approx(1 - 0.25**0.1, abs=1e-11)
    assert divergence(q, p, 0.1) == pytest.approx(1 - 0.25**0.9, abs=1e-11)


def test_nothing_shared_is_1():
    assert divergence({"a": 3}, {"b": 1}, 0.1) == 1.0


@given(p=counts, q=counts, alpha=st.sampled_from([0.1, 0.5]))
def test_between_0_and_1_and_0_for_equal_distributions(p, q, alpha):
    assert 0.0 <= divergence(p, q, alpha) <= 1.0
    assert divergence(p, {label: 3 * n for label, n in p.items()}, alpha) == 0.0


def test_every_atom_of_every_molecule_counts_once(by_name):
    """Elements of butane (C4 H10) and of ethane with butane (C6 H16)."""
    butane, ethane = by_name["H-4-H"], by_name["H-2-H"]
    expected = 1 - math.sqrt(4 / 14 * 6 / 22) - math.sqrt(10 / 14 * 16 / 22)
    found = environment_divergence([butane], [ethane, butane], 0, 0.5)
    assert found == pytest.approx(expected, abs=1e-11)
