"""HDF5 of others: each layout is written as its authors define it, and read in its units."""

import h5py
import numpy as np
import pytest

from mlip_compose.core.errors import DataError, MissingLabelsError, SchemaError, UnreadableError
from mlip_compose.store.formats.keys import Keys
from mlip_compose.store.formats.registry import read_frames

NUMBERS = np.array([8, 1, 1], dtype=np.uint8)
RNG = np.random.default_rng(0)
POSITIONS = RNG.normal(size=(4, 3, 3))
ENERGY = RNG.normal(size=4)
FORCES = RNG.normal(size=(4, 3, 3))


def write(path, groups):
    with h5py.File(path, "w") as file:
        for group, arrays in groups.items():
            for name, values in arrays.items():
                file[f"{group}/{name}"] = values
    return path


def joined(runs):
    return [
        np.concatenate([getattr(run, label) for run in runs])
        for label in ("positions", "energy", "forces")
    ]


def ani(**more):
    return {
        "atomic_numbers": NUMBERS,
        "coordinates": POSITIONS,
        "wb97x_dz.energy": ENERGY,
        "wb97x_dz.forces": FORCES,
        **more,
    }


def test_ani_1x_without_the_frames_that_were_not_computed(tmp_path):
    gap = ENERGY.copy()
    gap[2] = np.nan
    path = write(tmp_path / "a.h5", {"H2O1": ani(**{"wb97x_dz.energy": gap})})
    runs = list(read_frames(path))
    positions, energy, forces = joined(runs)
    assert np.array_equal(positions, POSITIONS[[0, 1, 3]])
    assert np.array_equal(energy, ENERGY[[0, 1, 3]])
    assert np.array_equal(forces, FORCES[[0, 1, 3]])
    assert runs[0].units == ("Hartree", "Hartree/Angstrom", "Angstrom", True)
    assert any("NaN" in note for note in runs[0].notes)


def test_two_levels_of_theory_in_ani_1x_are_for_the_user_to_choose(tmp_path):
    more = {"wb97x_tz.energy": ENERGY + 1, "wb97x_tz.forces": 2 * FORCES}
    path = write(tmp_path / "a.h5", {"H2O1": ani(**more)})
    with pytest.raises(DataError, match=r"wb97x_tz\.energy and wb97x_tz\.forces"):
        list(read_frames(path))
    _, energy, forces = joined(list(read_frames(path, Keys(energy="wb97x_tz.energy"))))
    assert np.array_equal(energy, ENERGY + 1)
    assert np.array_equal(forces, 2 * FORCES)


def test_spice_has_gradients_in_atomic_units_and_charges_in_smiles(tmp_path):
    group = {
        "atomic_numbers": NUMBERS.astype(np.int16),
        "conformations": POSITIONS.astype(np.float32),
        "dft_total_energy": ENERGY,
        "dft_total_gradient": FORCES.astype(np.float32),
        "formation_energy": ENERGY + 70,
        "smiles": [b"[O-:1][H:2]"],
        "subset": [b"SPICE"],
    }
    (run,) = read_frames(write(tmp_path / "SPICE.hdf5", {"103": group}))
    assert np.array_equal(run.forces, -FORCES.astype(np.float32))
    assert run.units == ("Hartree", "Hartree/Bohr", "Bohr", True)
    assert run.charge == -1


def test_qm7_x_has_a_group_a_frame(tmp_path):
    groups = {
        f"1/Geom-m1-i1-c1-d{at}": {
            "atNUM": NUMBERS,
            "atXYZ": POSITIONS[at],
            "ePBE0+MBD": ENERGY[at : at + 1],
            "totFOR": FORCES[at],
            "eAT": ENERGY[at : at + 1],
            "pbe0FOR": FORCES[at],
        }
        for at in range(4)
    }
    runs = list(read_frames(write(tmp_path / "1000.hdf5", groups)))
    positions, energy, forces = joined(runs)
    assert np.array_equal(positions, POSITIONS)
    assert np.array_equal(energy, ENERGY)
    assert np.array_equal(forces, FORCES)
    assert [run.first for run in runs] == [0, 1, 2, 3]
    assert runs[0].units == ("eV", "eV/Angstrom", "Angstrom", True)


def test_aimnet2_has_molecules_of_one_size_in_a_group_and_total_charges(tmp_path):
    numbers = np.array([[8, 1, 1], [8, 1, 1], [16, 1, 1], [16, 1, 1]])
    group = {
        "coord": POSITIONS,
        "numbers": numbers,
        "energy": ENERGY,
        "forces": FORCES,
        "charge": np.array([0.0, 1.0, 1.0, 1.0]),
        "charges": np.zeros((4, 3)),
    }
    runs = list(read_frames(write(tmp_path / "a.h5", {"003": group})))
    assert [(run.numbers[0], run.charge, len(run)) for run in runs] == [
        (8, 0, 1),
        (8, 1, 1),
        (16, 1, 2),
    ]
    assert np.array_equal(joined(runs)[2], FORCES)
    assert runs[0].units.stated


def test_transition1x_is_nested_by_formula_and_reaction(tmp_path):
    group = {
        "atomic_numbers": NUMBERS,
        "positions": POSITIONS,
        "wB97x_6-31G(d).energy": ENERGY,
        "wB97x_6-31G(d).forces": FORCES,
        "wB97x_6-31G(d).atomization_energy": ENERGY,
    }
    (run,) = read_frames(write(tmp_path / "t1x.h5", {"data/H2O/rxn0001": group}))
    assert np.array_equal(run.energy, ENERGY)
    assert run.units == ("eV", "eV/Angstrom", "Angstrom", True)


def test_names_that_people_use_have_units_that_nothing_states(tmp_path):
    group = {"Z": NUMBERS, "pos": POSITIONS, "E_dft": ENERGY, "F_dft": FORCES}
    (run,) = read_frames(write(tmp_path / "a.h5", {"water": group}))
    assert np.array_equal(run.forces, FORCES)
    assert not run.units.stated
    group = {"species": NUMBERS, "x": POSITIONS, "E_dft": ENERGY, "F_dft": FORCES}
    path = write(tmp_path / "b.h5", {"water": group})
    with pytest.raises(SchemaError, match="--keys"):
        list(read_frames(path))
    (run,) = read_frames(path, Keys(numbers="species", positions="x"))
    assert np.array_equal(run.positions, POSITIONS)


def test_geometries_without_labels_are_told_from_other_files(tmp_path):
    group = {"atomic_numbers": NUMBERS, "positions": POSITIONS, "charges": np.zeros((4, 3))}
    with pytest.raises(MissingLabelsError, match="/water"):
        list(read_frames(write(tmp_path / "a.h5", {"water": group})))
    with pytest.raises(SchemaError, match="it has weights"):
        list(read_frames(write(tmp_path / "b.h5", {"": {"weights": ENERGY}})))


def test_shapes_that_do_not_fit_are_unreadable(tmp_path):
    path = write(tmp_path / "a.h5", {"H2O1": ani(**{"wb97x_dz.forces": FORCES[:, :2]})})
    with pytest.raises(UnreadableError):
        list(read_frames(path))
