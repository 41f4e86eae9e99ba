"""Bonds from distances, and molecules from geometries."""

import numpy as np
import pytest
from mlip_compose.molecules.recognition import perceive_bonds, recognise_geometry

from mlip_compose.core.errors import NotOfThisKindError
from mlip_compose.store.catalogue import open_dataset


@pytest.fixture(scope="module")
def mini():
    return open_dataset("mini-v1")


def test_bonds_are_right_in_every_frame_of_mini_v1(mini):
    checked = 0
    for name, molecule in mini.molecules.items():
        geometries = [mini.minimum(name).positions]
        for trajectory in ("primary", "secondary"):
            if mini.n_frames(name, trajectory):
                geometries.append(mini.frames(name, trajectory).positions)
        for positions in np.concatenate(geometries):
            assert np.array_equal(perceive_bonds(molecule.numbers, positions), molecule.bonds), name
            checked += 1
    assert checked == 7625 + 254


def test_every_molecule_is_recognised_from_a_thermal_geometry_in_the_order_given(mini):
    rng = np.random.default_rng(3)
    for name, molecule in mini.molecules.items():
        positions = mini.frames(name, "primary", np.array([0])).positions[0]
        order = rng.permutation(molecule.n_atoms)
        found = recognise_geometry(molecule.numbers[order], positions[order])
        assert found.name == name
        assert (found.smiles, found.inchikey) == (molecule.smiles, molecule.inchikey)
        assert np.array_equal(found.numbers, molecule.numbers[order])
        assert _bonds(found, order) == _bonds(molecule, np.arange(molecule.n_atoms))


def _bonds(molecule, atoms):
    """Bonds with their orders, by the numbers that atoms have elsewhere."""
    return {
        (*sorted(atoms[list(bond)].tolist()), int(bond_order))
        for bond, bond_order in zip(molecule.bonds.tolist(), molecule.bond_orders, strict=True)
    }


def test_in_the_stored_order_the_arrays_are_the_stored_ones(mini):
    molecule = mini.molecules["COOH-2-CN"]
    found = recognise_geometry(molecule.numbers, mini.minimum("COOH-2-CN").positions[0])
    for array in ("numbers", "bonds", "bond_orders"):
        assert np.array_equal(getattr(found, array), getattr(molecule, array))
        assert getattr(found, array).dtype == np.uint8


def test_a_molecule_of_another_kind_is_refused(mini):
    from ase.build import molecule

    benzene = molecule("C6H6")
    with pytest.raises(NotOfThisKindError, match="ring"):
        recognise_geometry(benzene.numbers, benzene.positions)


def test_a_broken_bond_leaves_no_molecule(mini):
    molecule = mini.molecules["OH-2-H"]
    positions = mini.minimum("OH-2-H").positions[0].copy()
    oxygen = int(np.flatnonzero(molecule.numbers == 8)[0])
    positions[oxygen] += 10.0
    with pytest.raises(NotOfThisKindError, match="fragments"):
        recognise_geometry(molecule.numbers, positions)
