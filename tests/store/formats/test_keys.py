"""Which numbers of a file are energies and forces, by their names."""

import pytest

from mlip_compose.core.errors import DataError, MissingLabelsError, RequestError
from mlip_compose.store.formats.keys import (
    CHARGE_WORDS,
    NUMBERS_WORDS,
    POSITIONS_WORDS,
    Keys,
    geometry_key,
    label_keys,
    load_keys,
    state_key,
)


@pytest.mark.parametrize(
    ("scalars", "vectors", "pair"),
    [
        (["dft_energy"], ["dft_forces"], ("dft_energy", "dft_forces")),
        (["TotEnergy"], ["force"], ("TotEnergy", "force")),
        (["free_energy"], ["forces"], ("free_energy", "forces")),
        (["energy", "free_energy"], ["forces"], ("energy", "forces")),
        (["REF_energy", "energy"], ["REF_forces", "forces"], ("REF_energy", "REF_forces")),
        (["energy_dft"], ["forces_dft"], ("energy_dft", "forces_dft")),
        (["E"], ["F"], ("E", "F")),
        (["energies", "old_energies"], ["forces", "old_forces"], ("energies", "forces")),
        (
            ["wb97x_dz.energy", "ccsd(t)_cbs.energy"],
            ["wb97x_dz.forces"],
            ("wb97x_dz.energy", "wb97x_dz.forces"),
        ),
        (["energy_per_atom"], ["forces"], None),
        (["kinetic_energy"], ["forces"], None),
        (["dft_energy"], ["xtb_forces"], None),
        (["temperature"], ["velocities"], None),
    ],
)
def test_the_only_pair_that_fits_is_taken(scalars, vectors, pair):
    assert label_keys("a.xyz", scalars, vectors) == pair


def test_several_pairs_are_refused_and_named():
    with pytest.raises(DataError, match="energy and forces; mace_energy and mace_forces"):
        label_keys("a.xyz", ["energy", "mace_energy"], ["forces", "mace_forces"])


def test_the_user_names_a_pair_or_half_of_one():
    scalars, vectors = ["energy", "mace_energy", "x"], ["forces", "mace_forces"]
    assert label_keys("", scalars, vectors, Keys(energy="mace_energy")).forces == "mace_forces"
    assert label_keys("", ["x"], ["forces"], Keys(energy="x")) == ("x", "forces")
    given = Keys(energy="x", forces="mace_forces")
    assert label_keys("", scalars, vectors, given) == ("x", "mace_forces")
    with pytest.raises(MissingLabelsError, match="no y; numbers of a frame are energy"):
        label_keys("", scalars, vectors, Keys(energy="y", forces="forces"))


def test_geometries_and_charges_have_names_of_people():
    assert geometry_key(["atomic_numbers", "x"], NUMBERS_WORDS, None) == "atomic_numbers"
    assert geometry_key(["charges", "nuclear_charges"], NUMBERS_WORDS, None) == "nuclear_charges"
    assert geometry_key(["positions", "R"], POSITIONS_WORDS, None) is None
    assert geometry_key(["positions", "R"], POSITIONS_WORDS, "R") == "R"
    assert state_key(["totalCharge"], CHARGE_WORDS, None) == "totalCharge"
    assert state_key(["charges"], CHARGE_WORDS, None) is None


def test_names_come_from_a_file(tmp_path):
    path = tmp_path / "keys.yaml"
    path.write_text("energy: dft_energy\nforces: dft_forces\n")
    assert load_keys(path) == Keys(energy="dft_energy", forces="dft_forces")
    path.write_text("enrgy: dft_energy\n")
    with pytest.raises(RequestError, match="'energy'"):
        load_keys(path)
