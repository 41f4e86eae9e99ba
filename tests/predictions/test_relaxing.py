"""Relaxation with toy potentials whose minimum is known."""

from types import MappingProxyType

import numpy as np
import pytest

from mlip_compose.molecules.geometry import superposed_rmsd
from mlip_compose.predictions.relaxing import FMAX, MOST_STEPS, relax, relax_minima, relaxed_rmsd
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.store.reader import Store
from mlip_compose.store.writer import write_store

NAMES = ("OH-1-H", "F-2-H")


class Untrained:
    """What a potential is beside its predictions."""

    name, elements, report = "untrained", frozenset(range(1, 119)), MappingProxyType({})

    def save(self, directory):
        raise NotImplementedError


class Springs(Untrained):
    """An atom on a spring each: E = k/2 sum |x - x0|^2, of minimum x0."""

    def __init__(self, minimum, stiffness=15.0):
        self.minimum, self.stiffness, self.calls = minimum, stiffness, 0

    def predict(self, molecule, positions):
        self.calls += 1
        shift = positions - self.minimum
        energy = -3.0 + 0.5 * self.stiffness * (shift**2).sum(axis=(1, 2))
        return energy, -self.stiffness * shift


class Explodes(Untrained):
    """Pushes atoms apart, and gives up where they are far: NaN."""

    def predict(self, molecule, positions):
        far = np.abs(positions - positions.mean(axis=1, keepdims=True)).max(axis=(1, 2)) > 4.0
        forces = np.where(far[:, None, None], np.nan, 50.0 * positions)
        return np.where(far, np.nan, -25.0 * (positions**2).sum(axis=(1, 2))), forces


class Tears(Untrained):
    """Has its minimum where one atom is far from the others."""

    def __init__(self, start):
        self.start = start

    def predict(self, molecule, positions):
        target = self.start.copy()
        target[-1] += 5.0
        return Springs(target).predict(molecule, positions)


class Noise(Untrained):
    """Forces that nothing is the gradient of."""

    def __init__(self):
        self.rng = np.random.default_rng(0)

    def predict(self, molecule, positions):
        return np.zeros(len(positions)), self.rng.normal(scale=0.1, size=positions.shape)


class Slope(Untrained):
    """The same force everywhere: no curvature, no minimum."""

    def predict(self, molecule, positions):
        forces = np.zeros_like(positions)
        forces[..., 0] = 1.0
        return -positions[:, :, 0].sum(axis=1), forces


class NoForces(Untrained):
    def predict(self, molecule, positions):
        return np.full(len(positions), -7.0), np.zeros_like(positions)


@pytest.fixture(scope="module")
def store():
    return open_dataset("mini-v1")


@pytest.fixture
def water_like(store):
    return store.molecules["OH-1-H"], store.minimum("OH-1-H").positions[0].astype(float)


def test_springs_end_at_their_minimum(water_like):
    molecule, start = water_like
    wanted = start + np.random.default_rng(0).normal(scale=0.05, size=start.shape)
    frames, failure = relax(Springs(wanted), molecule, start)
    assert failure is None
    assert (frames.trajectory, frames.indices.tolist()) == ("relaxed", [0])
    assert frames.positions[0] == pytest.approx(wanted, abs=FMAX / 15.0)
    assert frames.energy[0] == pytest.approx(-3.0, abs=1e-4)
    assert np.linalg.norm(frames.forces[0], axis=1).max() <= FMAX


def test_a_potential_that_explodes_is_a_recorded_failure(water_like):
    molecule, start = water_like
    frames, failure = relax(Explodes(), molecule, start)
    assert failure.stage == "relaxation"
    assert "not finite" in failure.reason
    assert np.isnan(frames.energy).all()
    assert np.isnan(frames.forces).all()
    assert np.isfinite(frames.positions).all()


def test_a_bond_that_breaks_is_a_recorded_failure(water_like):
    molecule, start = water_like
    frames, failure = relax(Tears(start), molecule, start)
    assert failure.reason == "bonds broke or formed"
    assert np.isnan(frames.energy).all()


def test_what_does_not_converge_is_a_recorded_failure(water_like):
    for potential, reason in (
        (Noise(), f"no minimum after {MOST_STEPS} steps"),
        (Slope(), "the search for a minimum broke down after"),
    ):
        frames, failure = relax(potential, *water_like)
        assert reason in failure.reason
        assert np.isnan(frames.energy).all()


def test_without_forces_the_start_is_the_end(water_like):
    molecule, start = water_like
    frames, failure = relax(NoForces(), molecule, start)
    assert failure is None
    assert (frames.positions[0] == start).all()
    assert frames.energy[0] == -7.0


def test_molecules_are_relaxed_from_the_stores_minima_and_failures_named(store):
    frames, failed = relax_minima(NoForces(), store, NAMES)
    assert [each.molecule for each in frames] == list(NAMES)
    assert failed == {}
    assert relaxed_rmsd(frames[0], store) == pytest.approx(0.0, abs=1e-6)
    frames, failed = relax_minima(Slope(), store, NAMES[:1])
    assert list(failed) == ["OH-1-H"]
    assert relaxed_rmsd(frames[0], store) is None


def test_the_distance_knows_no_shift_and_no_turn(store, water_like):
    molecule, start = water_like
    turned = start @ np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]]) + 3.0
    frames, _ = relax(Springs(turned), molecule, turned)
    assert relaxed_rmsd(frames, store) == pytest.approx(superposed_rmsd(start, turned), abs=1e-5)
    assert relaxed_rmsd(frames, store) == pytest.approx(0.0, abs=1e-5)


def test_molecules_without_a_minimum_are_passed_over(toy_header, toy_frames, molecule, tmp_path):
    parts = molecule("OH-1-H")
    write_store(tmp_path / "x.h5", toy_header, [(parts, [toy_frames(parts, "primary", 2)])])
    assert relax_minima(Noise(), Store(tmp_path / "x.h5"), ["OH-1-H"]) == ([], {})
