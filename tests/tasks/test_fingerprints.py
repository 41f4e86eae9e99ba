import numpy as np
import pytest

from mlip_compose.tasks.fingerprints import DUPLICATE_TOLERANCE, Fingerprints

NUMBERS = np.array([6, 6, 8, 1, 1, 1, 1, 1, 1])


def test_copies_among_frames_are_found_once_each_with_their_distance():
    rng = np.random.default_rng(0)
    positions = rng.normal(size=(50, 9, 3))
    positions[31] = positions[4] @ np.linalg.qr(rng.normal(size=(3, 3)))[0] + 2.0
    positions[40] = positions[12] + rng.normal(scale=2e-4, size=(9, 3))
    (turned, rounded) = Fingerprints(NUMBERS, positions).copies(DUPLICATE_TOLERANCE)
    assert turned[:2] == (4, 31)
    assert turned[2] == pytest.approx(0, abs=1e-10)
    assert rounded[:2] == (12, 40)
    assert 0 < rounded[2] < DUPLICATE_TOLERANCE


def test_frames_that_are_all_the_same_are_no_quadratic_work():
    positions = np.tile(np.random.default_rng(0).normal(size=(1, 9, 3)), (300, 1, 1))
    copies = Fingerprints(NUMBERS, positions).copies(DUPLICATE_TOLERANCE)
    assert {frame for copy in copies for frame in copy[:2]} == set(range(300))
    assert len(copies) <= 300


def test_one_frame_has_no_copy():
    positions = np.random.default_rng(0).normal(size=(1, 9, 3))
    assert Fingerprints(NUMBERS, positions).copies(DUPLICATE_TOLERANCE) == []


def test_frames_that_differ_by_a_hair_more_than_the_tolerance_are_no_copies():
    """The tree is asked for a little more, so that rounding hides no copy."""
    for excess, copies in ((0.0, 1), (5e-10, 0)):
        second = [0.0, DUPLICATE_TOLERANCE * (1 + excess)]
        positions = np.zeros((2, 2, 3))
        positions[:, 1, 0] = second
        found = Fingerprints(np.array([1, 1]), positions).copies(DUPLICATE_TOLERANCE)
        assert len(found) == copies
