"""Atoms of one geometry in the order of another."""

import numpy as np
import pytest

from mlip_compose.molecules.mapping import order_as_in
from mlip_compose.molecules.perception import molecule_of_geometry
from mlip_compose.store.catalogue import open_dataset


@pytest.fixture(scope="module")
def mini():
    return open_dataset("mini-v1")


@pytest.mark.parametrize("name", ["OH-2-H", "H-2-H", "OH-1-H", "CONH2-4-H", "H-9-H", "F-2-F"])
def test_a_shaken_and_turned_geometry_comes_back_in_the_order_it_had(mini, name):
    rng = np.random.default_rng(0)
    molecule = mini.molecules[name]
    geometry = mini.frames(name, "primary").positions[0].astype(float)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    for _ in range(5):
        order = rng.permutation(molecule.n_atoms)
        moved = geometry @ turn + rng.normal(0, 0.03, geometry.shape) + 5.0
        shuffled = molecule_of_geometry(molecule.numbers[order], moved[order])
        found = order_as_in(molecule, geometry, shuffled, moved[order])
        assert np.array_equal(order[found], np.arange(molecule.n_atoms))


def test_another_frame_keeps_its_bonds_and_is_no_mirror_image(mini):
    rng = np.random.default_rng(1)
    molecule = mini.molecules["OH-3-H"]
    frames = mini.frames("OH-3-H", "primary").positions.astype(float)
    for frame in frames[1:12]:
        order = rng.permutation(molecule.n_atoms)
        shuffled = molecule_of_geometry(molecule.numbers[order], frame[order])
        found = order_as_in(molecule, frames[0], shuffled, frame[order])
        mapped = molecule_of_geometry(molecule.numbers, frame[order][found])
        assert np.array_equal(mapped.bonds, molecule.bonds)
        assert np.array_equal(np.sort(order[found]), np.arange(molecule.n_atoms))


def test_another_graph_is_refused(mini):
    ethanol, fluoride = mini.molecules["OH-2-H"], mini.molecules["F-2-H"]
    positions = [mini.minimum(name).positions[0].astype(float) for name in ("OH-2-H", "F-2-H")]
    with pytest.raises(ValueError, match="not the same"):
        order_as_in(ethanol, positions[0], fluoride, positions[1])
