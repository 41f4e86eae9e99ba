import numpy as np
import pytest

from mlip_compose.core.records import Failure
from mlip_compose.molecules.geometry import (
    force_outliers,
    most_changed_bond,
    topology_kept,
    unwrapped,
)
from mlip_compose.sampling.conformers import conformer_pool


@pytest.fixture
def ethanol(molecule):
    return molecule("OH-2-H")


@pytest.fixture
def geometry(ethanol):
    pool = conformer_pool(ethanol, np.random.default_rng(0), 1)
    assert not isinstance(pool, Failure)
    return pool[0][0]


def test_a_conformer_keeps_its_topology(ethanol, geometry):
    assert topology_kept(ethanol, geometry[None]).tolist() == [True]


def test_a_broken_bond_is_found_in_the_right_frame(ethanol, geometry):
    broken = geometry.copy()
    i, j = ethanol.bonds[0]
    side = broken[j] - broken[i]
    broken[j] += side
    assert topology_kept(ethanol, np.array([geometry, broken])).tolist() == [True, False]
    changed = most_changed_bond(ethanol, broken)
    assert (changed.first, changed.second, changed.is_bond) == (i, j, True)
    assert changed.distance == pytest.approx(2 * np.linalg.norm(side))


def test_a_formed_bond_is_found(ethanol, geometry):
    first, second = 4, 5  # hydrogens of one carbon
    formed = geometry.copy()
    away = formed[first] - formed[second]
    middle = (formed[first] + formed[second]) / 2
    formed[first] = middle + 0.33 * away / np.linalg.norm(away)
    formed[second] = middle - 0.33 * away / np.linalg.norm(away)
    assert topology_kept(ethanol, formed[None]).tolist() == [False]
    changed = most_changed_bond(ethanol, formed)
    assert (changed.first, changed.second, changed.is_bond) == (first, second, False)
    assert str(changed) == "atoms 4 and 5, which are not bonded, 0.66 Angstrom apart"


def test_two_atoms_in_one_place_are_the_most_changed(ethanol, geometry):
    geometry[5] = geometry[2]
    changed = most_changed_bond(ethanol, geometry)
    assert (changed.first, changed.second, changed.distance) == (2, 5, 0.0)


def test_force_outliers():
    forces = np.random.default_rng(0).normal(0, 1.0, (10, 9, 3))
    assert not force_outliers(forces).any()
    forces[4, 3, 1] = 60.0
    forces[7, 0, 0] = np.nan
    assert np.flatnonzero(force_outliers(forces)).tolist() == [4, 7]


def test_an_outlier_is_relative_to_its_trajectory():
    forces = np.full((10, 9, 3), 0.1)
    forces[2, 0, 0] = 5.0
    assert np.flatnonzero(force_outliers(forces)).tolist() == [2]


def test_a_molecule_over_the_edge_of_its_box_is_put_together():
    from ase.build import molecule

    atoms = molecule("CH3CH2OH")
    cell = np.array([[9.0, 0, 0], [1.0, 8.0, 0], [0, 0, 10.0]])
    for shift in ([0, 0, 0], [8.9, 0.1, 0], [0.3, 7.9, 9.8]):
        whole = atoms.positions + shift
        fractions = np.linalg.solve(cell.T, whole.T).T
        wrapped = (fractions - np.floor(fractions)) @ cell
        found = unwrapped(atoms.numbers, wrapped, cell, np.array([True] * 3))
        apart = found - whole - (found - whole)[0]
        assert np.abs(apart).max() < 1e-9
        alone = unwrapped(atoms.numbers, wrapped, cell, np.array([False] * 3))
        assert alone is wrapped
