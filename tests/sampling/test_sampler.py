from typing import Any

import numpy as np
import pytest

from mlip_compose.core.records import Failure, Frames
from mlip_compose.references.base import Label, WalkError
from mlip_compose.references.gfn2 import Gfn2Xtb
from mlip_compose.sampling import dynamics, sampler
from mlip_compose.sampling.conformers import conformer_pool
from mlip_compose.sampling.protocol import SamplingProtocol
from mlip_compose.sampling.sampler import relaxed_minimum, sample_molecule

SHORT = SamplingProtocol(
    equilibration_steps=20,
    stride_steps=5,
    primary=6,
    secondary=4,
    bifunctional_primary=3,
    seed=7,
)


@pytest.fixture(scope="module")
def methanol():
    from mlip_compose.molecules.assembly import assemble
    from mlip_compose.molecules.series import parse_name

    return sample_molecule(assemble(parse_name("OH-1-H")), Gfn2Xtb(), SHORT)


def by_name(sampled):
    return {frames.trajectory: frames for frames in sampled.trajectories}


def test_a_molecule_has_its_trajectories_and_its_minimum(methanol):
    frames = by_name(methanol)
    assert {name: len(f) for name, f in frames.items()} == {"primary": 6, "secondary": 4}
    assert abs(methanol.minimum.forces).max() < 5e-3
    for trajectory in frames.values():
        assert (trajectory.energy > methanol.minimum.energy).all()


def test_a_bifunctional_molecule_has_the_frames_of_its_kind(molecule):
    sampled = sample_molecule(molecule("F-1-Cl"), Gfn2Xtb(), SHORT)
    assert {name: len(f) for name, f in by_name(sampled).items()} == {"primary": 3}


def test_what_is_stored_is_what_was_labelled(methanol, molecule):
    frames = by_name(methanol)["primary"]
    assert frames.positions.dtype == np.float32
    np.testing.assert_allclose(frames.positions, np.round(frames.positions, 4), atol=1e-7)
    for row in range(len(frames)):
        label = Gfn2Xtb().label(
            molecule("OH-1-H").numbers, frames.positions[row].astype(np.float64)
        )
        assert frames.energy[row] == label.energy
        np.testing.assert_array_equal(frames.forces[row], label.forces.astype(np.float32))


def test_frames_depend_on_the_molecules_own_seed_alone(methanol, molecule):
    sample_molecule(molecule("H-2-H"), Gfn2Xtb(), SHORT)
    again = sample_molecule(molecule("OH-1-H"), Gfn2Xtb(), SHORT)
    other = sample_molecule(molecule("OH-1-H"), Gfn2Xtb(), SHORT.model_copy(update={"seed": 8}))
    for name, frames in by_name(methanol).items():
        np.testing.assert_array_equal(by_name(again)[name].positions, frames.positions)
        np.testing.assert_array_equal(by_name(again)[name].forces, frames.forces)
        assert not np.allclose(by_name(other)[name].positions, frames.positions)
    np.testing.assert_array_equal(again.minimum.positions, methanol.minimum.positions)


def test_more_frames_continue_the_same_trajectory(methanol, molecule):
    longer = sample_molecule(molecule("OH-1-H"), Gfn2Xtb(), SHORT.model_copy(update={"primary": 8}))
    np.testing.assert_array_equal(
        by_name(longer)["primary"].positions[:6], by_name(methanol)["primary"].positions
    )


class Exploding(Gfn2Xtb):
    """A reference whose dynamics pull a hydrogen off."""

    def walker(self, numbers, charge=0, spin=1):
        walker: Any = super().walker(numbers, charge, spin)
        calm = walker.get_forces

        def get_forces(atoms):
            forces = calm(atoms)
            if np.ptp(atoms.get_velocities()) > 0:
                forces[-1] += 40.0
            return forces

        walker.get_forces = get_forces
        return walker


def test_a_molecule_that_falls_apart_is_a_failure_with_its_reason(molecule):
    outcome = sample_molecule(molecule("OH-1-H"), Exploding(), SHORT)
    assert isinstance(outcome, Failure)
    assert outcome.subject == "OH-1-H"
    assert outcome.stage in ("topology", "dynamics", "scf", "forces")


class FailingOnce(Gfn2Xtb):
    """A reference that fails to label one frame, the first time it is asked."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def label(self, numbers, positions, charge=0, spin=1):
        self.calls += 1
        if self.calls == 3:
            return Failure("scf", "GFN2-xTB", "no convergence")
        return super().label(numbers, positions, charge, spin)


def test_a_trajectory_that_failed_a_check_is_started_anew_and_recorded(molecule, methanol):
    sampled = sample_molecule(molecule("OH-1-H"), FailingOnce(), SHORT)
    (rejected,) = sampled.rejected
    assert rejected.stage == "scf"
    assert "primary" in rejected.reason
    frames = by_name(sampled)["primary"]
    assert isinstance(frames, Frames)
    assert not np.allclose(frames.positions, by_name(methanol)["primary"].positions)


class Flat(Gfn2Xtb):
    """A reference without forces, where every geometry is a minimum; ``energies`` in their order.

    ``push`` is the force of a walk on each atom, None for one that cannot be computed; ``kick`` the
    largest force in labels, eV/Angstrom.
    """

    def __init__(self, energies=(), push=0.0, kick=0.0):
        super().__init__()
        self.energies, self.push, self.kick = list(energies), push, kick

    def walker(self, numbers, charge=0, spin=1):
        return self

    def get_forces(self, atoms):
        if self.push is None:
            raise WalkError("no convergence")
        return np.full(atoms.positions.shape, self.push)

    def get_potential_energy(self, atoms, force_consistent=False):
        return 0.0

    def label(self, numbers, positions, charge=0, spin=1):
        energy = self.energies.pop(0) if self.energies else 0.0
        if energy is None:
            return Failure("scf", "it", "no convergence")
        forces = np.zeros(positions.shape)
        forces[0, 0] = self.kick
        return Label(energy, forces)


@pytest.fixture
def starts(molecule):
    pool: Any = conformer_pool(molecule("OH-1-H"), np.random.default_rng(0), 1)
    return np.repeat(pool[0], 4, axis=0)


def test_the_lowest_of_the_minima_is_taken_the_first_of_equal_ones(molecule, starts):
    turned = starts * np.array([1, -1, 1, 1])[:, None, None]
    energies = (None, -4.0, -5.0, -5.00005)
    found = relaxed_minimum(molecule("OH-1-H"), turned, Flat(energies))
    assert found.energy == -5.0
    np.testing.assert_allclose(found.positions[0], centred(turned[2]), atol=1e-5)
    failed = relaxed_minimum(molecule("OH-1-H"), starts[:2], Flat((None, None)))
    assert str(failed) == "scf of OH-1-H: frame 0 of minimum: no convergence"


def centred(positions):
    return positions - positions.mean(axis=0)


def test_a_relaxation_that_changes_bonds_is_a_failure(molecule, starts):
    starts[0, -1] += 3.0
    failed = relaxed_minimum(molecule("OH-1-H"), starts[:1], Flat())
    assert str(failed) == "topology of OH-1-H: bonds changed in the relaxation"


@pytest.mark.parametrize(
    ("push", "reason"),
    [(None, "no convergence"), (1.0, "not below 0.002 eV/Angstrom after 0 steps")],
)
def test_a_molecule_that_cannot_be_relaxed_is_a_failure(molecule, monkeypatch, push, reason):
    monkeypatch.setattr(dynamics, "RELAXATION_STEPS", 0)
    failed = sample_molecule(molecule("OH-1-H"), Flat(push=push), SHORT)
    assert str(failed) == f"relaxation of OH-1-H: {reason}"


def test_a_molecule_without_conformers_is_a_failure(molecule, monkeypatch):
    monkeypatch.setattr(sampler, "conformer_pool", lambda parts, rng: conformer_pool(parts, rng, 0))
    failed = sample_molecule(molecule("OH-1-H"), Flat(), SHORT)
    assert str(failed) == "conformers of OH-1-H: RDKit embedded no conformer"


@pytest.mark.parametrize(
    ("kick", "temperature_K", "reason"),
    [
        (0.0, 5000.0, "topology of OH-1-H: bonds changed in frame 0 of primary"),
        (31.0, 1.0, "forces of OH-1-H: a force that cannot be right in frame 0 of primary"),
    ],
)
def test_frames_that_cannot_be_right_are_a_failure(molecule, kick, temperature_K, reason):
    hot = SHORT.model_copy(update={"temperature_K": temperature_K})
    failed = sample_molecule(molecule("OH-1-H"), Flat(kick=kick), hot)
    assert str(failed) == reason
    assert failed.retryable


def test_random_numbers_differ_between_molecules_purposes_and_attempts():
    draws = {
        SHORT.rng(molecule, purpose, attempt).integers(2**62)
        for molecule in ("OH-1-H", "OH-11-H")
        for purpose in ("primary", "secondary", "starts")
        for attempt in (0, 1)
    }
    assert len(draws) == 12
