"""Files as people of this field have them: each with the right values, or refused by name."""

import gzip

import ase.io
import numpy as np
import pytest
from ase import Atoms

from mlip_compose.core.errors import DataError
from mlip_compose.core.units import KCAL_PER_MOL
from mlip_compose.datasets.importing.units import GivenUnits
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.store.formats.keys import Keys

NAME = "OH-2-H"


@pytest.fixture(scope="module")
def frames():
    return open_dataset("mini-v1").frames(NAME, "primary")


@pytest.fixture
def images(frames):
    """Return a function that makes structures of ethanol, labelled under any names."""

    def make(energy="energy", forces="forces", count=12):
        numbers = open_dataset("mini-v1").molecules[NAME].numbers
        structures = []
        for index in range(count):
            atoms = Atoms(numbers, frames.positions[index])
            atoms.info[energy] = frames.energy[index]
            atoms.arrays[forces] = frames.forces[index].astype(float)
            structures.append(atoms)
        return structures

    return make


def write(path, structures):
    ase.io.write(path, structures, format="extxyz")
    return path


def is_truth(store, frames, count=12):
    found = store.frames(NAME, "primary")
    assert found.energy == pytest.approx(frames.energy[:count], rel=1e-9)
    assert np.allclose(found.forces, frames.forces[:count], rtol=0, atol=1e-5)
    assert np.allclose(found.positions, frames.positions[:count], rtol=0, atol=1e-5)
    return True


@pytest.mark.parametrize(
    ("energy", "forces"),
    [
        ("dft_energy", "dft_forces"),
        ("TotEnergy", "force"),
        ("free_energy", "forces"),
        ("energy", "force"),
        ("REF_energy", "REF_forces"),
    ],
)
def test_labels_under_usual_names(imported, images, frames, tmp_path, energy, forces):
    outcome, store = imported(write(tmp_path / "a.xyz", images(energy, forces)))
    assert is_truth(store, frames)
    expected = energy.startswith("REF") or any(energy in note for note in outcome.assumed)
    assert expected
    assert store.header.sampling.get("assumed", []) == list(outcome.assumed)


def test_labels_under_names_that_the_user_gives(imported, images, frames, tmp_path):
    structures = images("energy", "forces")
    for atoms in structures:
        atoms.info["u"] = atoms.info["energy"]
        atoms.info["energy"] *= 2
    _, store = imported(write(tmp_path / "a.xyz", structures), keys=Keys(energy="u"))
    assert is_truth(store, frames)


@pytest.mark.parametrize("per_frame", [True, False])
def test_arrays_under_other_names(imported, frames, tmp_path, per_frame):
    numbers = open_dataset("mini-v1").molecules[NAME].numbers
    numbers = np.tile(numbers, (12, 1)) if per_frame else numbers.astype(float)
    np.savez(
        tmp_path / "a.npz",
        atomic_numbers=numbers,
        positions=frames.positions[:12],
        energy=frames.energy[:12],
        forces=frames.forces[:12],
    )
    assert is_truth(imported(tmp_path / "a.npz")[1], frames)


@pytest.mark.parametrize("kind", ["gz", "mark", "deuterium"])
def test_containers(imported, images, frames, tmp_path, kind):
    path = write(tmp_path / "a.xyz", images())
    content = path.read_bytes()
    if kind == "gz":
        path = tmp_path / "a.xyz.gz"
        path.write_bytes(gzip.compress(content))
    elif kind == "mark":
        path.write_bytes(b"\xef\xbb\xbf" + content)
    else:
        path.write_bytes(content.replace(b"\nH ", b"\nD "))
    outcome, store = imported(path)
    assert is_truth(store, frames)
    assert any("hydrogen" in note for note in outcome.assumed) == (kind == "deuterium")


def test_an_option_overrides_an_abbreviation_of_sgdml(imported, frames, tmp_path):
    np.savez(
        tmp_path / "a.npz",
        z=open_dataset("mini-v1").molecules[NAME].numbers,
        R=frames.positions,
        E=frames.energy / KCAL_PER_MOL,
        F=frames.forces / KCAL_PER_MOL,
        e_unit="kcal",
        r_unit="Ang",
    )
    with pytest.raises(DataError, match=r"'kcal'.*--energy-unit"):
        imported(tmp_path / "a.npz")
    _, store = imported(tmp_path / "a.npz", units=GivenUnits(energy="kcal/mol"))
    assert is_truth(store, frames, 40)
