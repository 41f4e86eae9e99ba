"""Charge and spin are part of a molecule's identity, and travel with its labels."""

import ase.io
import numpy as np
import pytest
from ase import Atoms

from mlip_compose.core.errors import DataError
from mlip_compose.datasets.checking.structure import _mismatch
from mlip_compose.datasets.importing.importing import ImportOptions, import_data
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.store.reader import Store

CATION = "C2H6O+-MMFGLAVKOXZMDF_q+1_s2"


@pytest.fixture
def ethanol():
    """Return a function that makes structures of ethanol; a cation is 9 eV higher."""
    store = open_dataset("mini-v1")
    frames = store.frames("OH-2-H", "primary")

    def make(rows, shift=0.0, arrays=None, **info):
        structures = []
        for index in rows:
            atoms = Atoms(store.molecules["OH-2-H"].numbers, frames.positions[index])
            atoms.info.update(info, energy=frames.energy[index] + shift)
            atoms.arrays["forces"] = frames.forces[index].astype(float)
            atoms.arrays.update(arrays or {})
            structures.append(atoms)
        return structures

    return make


@pytest.fixture
def imported(tmp_path):
    """Return a function that imports structures into a store."""

    def run(structures):
        ase.io.write(tmp_path / "a.xyz", structures, format="extxyz")
        options = ImportOptions("data", "x")
        outcome = import_data(tmp_path / "a.xyz", tmp_path / "out.h5", options)
        return outcome, Store(outcome.path)

    return run


@pytest.mark.parametrize(
    "info",
    [
        {"charge": 1, "spin": 2},
        {"total_charge": 1, "multiplicity": 2},
        {"charge": 1, "spin": 1},  # unpaired electrons
        {"arrays": {"initial_charges": np.array([1.0] + [0.0] * 8)}},
        {"charge": 1, "arrays": {"initial_magmoms": np.array([1.0] + [0.0] * 8)}},
    ],
)
def test_a_radical_cation_is_no_neutral_molecule(imported, ethanol, info):
    _, store = imported(ethanol(range(12), 9.0, **info))
    ((name, molecule),) = store.molecules.items()
    assert name == CATION
    assert (molecule.charge, molecule.spin, molecule.smiles) == (1, 2, "CC[OH+]")
    assert molecule.charges.tolist() == [1] + [0] * 8
    assert _mismatch(molecule) == ""


def test_states_that_are_mixed_are_two_molecules(imported, ethanol):
    structures = [*ethanol(range(8), charge=0), *ethanol(range(8), 9.0, charge=1)]
    outcome, store = imported([*structures, *ethanol(range(8, 12))])
    states = {(m.charge, m.spin): store.n_frames(n, "primary") for n, m in store.molecules.items()}
    assert states == {(0, 1): 12, (1, 2): 8}
    assert any("is a doublet: 8 frames" in note for note in outcome.assumed)


def test_a_triplet_has_the_bonds_of_the_singlet_and_another_identity(imported, ethanol):
    triplet = ethanol(range(6), 6.0, name="ethanol", spin=3)
    structures = [*ethanol(range(6), name="ethanol"), *triplet]
    _, store = imported(structures)
    assert {name: m.spin for name, m in store.molecules.items()} == {
        "OH-2-H": 1,
        "ethanol_q+0_s3": 3,
    }


def test_a_spin_that_the_electrons_do_not_allow_is_refused(imported, ethanol):
    with pytest.raises(DataError, match="a spin multiplicity of 25 electrons"):
        imported(ethanol(range(3), charge=1, multiplicity=1))


def test_a_neutral_singlet_that_says_so_is_the_molecule_that_says_nothing(imported, ethanol):
    _, store = imported([*ethanol(range(4), charge=0, spin=1), *ethanol(range(4, 8))])
    assert store.n_frames("OH-2-H", "primary") == 8


def test_the_state_reaches_a_reference_and_an_export(imported, ethanol, tmp_path):
    from mlip_compose.predictions.exchange.export import export_data
    from mlip_compose.references.gfn2 import Gfn2Xtb

    _, store = imported(ethanol(range(4), 9.0, charge=1, spin=2))
    molecule = store.molecules[CATION]
    positions = store.frames(CATION, "primary").positions[0].astype(float)
    cation = Gfn2Xtb().label(molecule.numbers, positions, molecule.charge, molecule.spin)
    neutral = Gfn2Xtb().label(molecule.numbers, positions)
    assert 8.0 < cation.energy - neutral.energy < 18.0
    export_data(store, tmp_path / "xyz")
    first = next(ase.io.iread(tmp_path / "xyz" / "primary.xyz"))
    assert (first.info["charge"], first.info["spin"]) == (1, 2)
