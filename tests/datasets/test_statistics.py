from itertools import pairwise

import numpy as np
import pytest

from mlip_compose.core.units import BOLTZMANN
from mlip_compose.datasets.statistics import (
    chain_torsions,
    dihedral_angles,
    energy_autocorrelation,
    equipartition_ratio,
    gauche_share,
    mean_difference,
    statistical_inefficiency,
)


def autoregressive(memory, n_frames, seed):
    rng = np.random.default_rng(seed)
    values = np.empty(n_frames)
    values[0] = rng.normal()
    for frame in range(1, n_frames):
        values[frame] = memory * values[frame - 1] + np.sqrt(1 - memory**2) * rng.normal()
    return values


def test_the_autocorrelation_of_a_process_that_is_known():
    energies = [autoregressive(0.6, 4000, seed) - 1000.0 * seed for seed in range(5)]
    found = energy_autocorrelation(energies, 4)
    assert found == pytest.approx(0.6 ** np.arange(5), abs=0.03)
    assert statistical_inefficiency(0.6 ** np.arange(60)) == pytest.approx((1 + 0.6) / (1 - 0.6))


def test_frames_that_are_independent_have_none():
    rng = np.random.default_rng(0)
    found = energy_autocorrelation([rng.normal(size=200) for _ in range(50)], 3)
    assert found[0] == pytest.approx(1.0)
    assert abs(found[1:]).max() < 0.03
    assert statistical_inefficiency([1.0, -0.01, 0.5]) == 1.0


def test_trajectories_too_short_for_the_lag_are_passed_over():
    assert np.isnan(energy_autocorrelation([np.arange(3.0)], 3)).all()


@pytest.mark.parametrize(
    ("name", "torsions"), [("H-3-H", 0), ("H-4-H", 1), ("OH-3-H", 1), ("CN-2-H", 0), ("OH-4-F", 3)]
)
def test_torsions_of_heavy_atoms_about_bonds_of_the_chain(molecule, name, torsions):
    subject = molecule(name)
    rows = chain_torsions(subject)
    assert len(rows) == torsions
    bonds = {frozenset(bond) for bond in subject.bonds.tolist()}
    for row in rows.tolist():
        assert all(frozenset(pair) in bonds for pair in pairwise(row))
        assert (subject.numbers[row] > 1).all()
        assert len(set(row)) == 4


@pytest.mark.parametrize("angle", [-150.0, -60.0, 0.0, 60.0, 110.0, 180.0])
def test_angles_as_ase_has_them(angle):
    from ase import Atoms

    atoms = Atoms("CCCC", positions=np.random.default_rng(3).normal(size=(4, 3)))
    atoms.set_dihedral(0, 1, 2, 3, angle % 360)
    found = dihedral_angles(atoms.positions[None], np.array([[0, 1, 2, 3]]))
    assert np.cos(np.radians(found[0, 0] - angle)) == pytest.approx(1.0)
    assert gauche_share(found) == float(abs(angle) < 120)


def test_means_of_one_distribution_differ_by_about_a_standard_error():
    rng = np.random.default_rng(1)
    found = [mean_difference(rng.normal(size=200), rng.normal(size=40), 1.0) for _ in range(400)]
    assert np.std(found) == pytest.approx(1.0, abs=0.1)
    assert mean_difference(np.array([1.0, 2.0]), np.array([5.0, 6.0]), 1.0) < -4


def test_equipartition():
    energy = np.full(3, 4.0 + 0.5 * 12 * BOLTZMANN * 500)
    assert equipartition_ratio(energy, 4.0, 6, 500.0) == pytest.approx(1.0)
