"""The work of forces between frames, where it is known."""

import numpy as np
import pytest

from mlip_compose.core.records import PRIMARY
from mlip_compose.datasets.work_of_forces import FRAMES, work_agreement
from mlip_compose.store.catalogue import open_dataset


@pytest.fixture
def springs():
    """Return a triatomic of three springs: numbers, positions, energies, forces."""
    rng = np.random.default_rng(0)
    numbers = np.array([1, 8, 1])
    rest = np.array([[0.96, 0, 0], [0, 0, 0], [-0.24, 0.93, 0]])
    positions = rest + rng.normal(0, 0.03, (20, 3, 3))
    energy, forces = np.zeros(20), np.zeros((20, 3, 3))
    for i, j, k in ((0, 1, 30.0), (1, 2, 30.0), (0, 2, 6.0)):
        along = positions[:, i] - positions[:, j]
        length = np.linalg.norm(along, axis=1)
        stretch = length - np.linalg.norm(rest[i] - rest[j])
        energy += 0.5 * k * stretch**2
        pull = (k * stretch / length)[:, None] * along
        forces[:, i] -= pull
        forces[:, j] += pull
    return numbers, positions, energy, forces


def test_springs_agree_exactly_however_the_frames_are_turned(springs):
    numbers, positions, energy, forces = springs
    turns = np.linalg.qr(np.random.default_rng(1).normal(size=(20, 3, 3)))[0]
    turned = work_agreement(numbers, positions @ turns, energy, forces @ turns)
    assert turned.ratio == pytest.approx(1, abs=2e-3)
    assert turned.correlation > 0.99999
    assert turned.residual < 0.01


def test_the_ratio_is_the_ratio_of_the_units(springs):
    numbers, positions, energy, forces = springs
    assert work_agreement(numbers, positions, energy * 23.06, forces).ratio == pytest.approx(
        23.06, rel=2e-3
    )
    assert work_agreement(numbers, positions, energy, -forces).correlation < -0.99999


def test_the_frame_that_is_wrong_is_named(springs):
    numbers, positions, energy, forces = springs
    energy[13] += 0.5
    agreement = work_agreement(numbers, positions, energy, forces)
    assert agreement.worst == 13
    assert agreement.residual > 0.5


def test_of_a_long_trajectory_no_more_frames_than_needed_are_compared(springs):
    numbers, *arrays = springs
    repeated = (np.concatenate([array] * 5) for array in arrays)
    assert work_agreement(numbers, *repeated).frames == FRAMES


def test_nothing_is_said_where_nothing_varies(springs):
    numbers, positions, energy, forces = springs
    assert work_agreement(numbers, positions, np.zeros(20), forces) is None
    assert work_agreement(numbers, positions[:2], energy[:2], forces[:2]) is None
    apart = 100.0 * positions  # no atom is near another
    assert work_agreement(numbers, apart, energy, forces) is None


def test_chains_agree_although_their_rotors_turn():
    store = open_dataset("mini-v1")
    frames = store.frames("OH-9-H", PRIMARY)
    numbers = store.molecules["OH-9-H"].numbers
    agreement = work_agreement(numbers, frames.positions, frames.energy, frames.forces)
    assert agreement.ratio == pytest.approx(1, abs=0.15)
    assert agreement.correlation > 0.8
