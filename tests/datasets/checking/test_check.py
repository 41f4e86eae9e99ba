"""Stores that are broken in one way each, and the check that says so."""

from dataclasses import replace

import h5py
import numpy as np
import pytest

from mlip_compose.core.errors import UnknownNameError, UnreadableError
from mlip_compose.core.records import MINIMUM, PRIMARY, SECONDARY
from mlip_compose.core.units import ENERGY_UNITS, FORCE_UNITS
from mlip_compose.datasets.checking.check import check_store
from mlip_compose.store.catalogue import dataset_path, open_dataset
from mlip_compose.store.writer import write_store

NAMES = ("OH-1-H", "F-1-H", "H-2-H", "CN-1-H", "CHO-1-H")


@pytest.fixture(scope="module")
def mini():
    return open_dataset("mini-v1")


@pytest.fixture
def broken(mini, tmp_path):
    """Return a function that writes some molecules of mini-v1 after a change of each."""

    def write(change=lambda molecule, frames: (molecule, frames), **header):
        contents = []
        for name in NAMES:
            frames = {
                PRIMARY: mini.frames(name, PRIMARY),
                SECONDARY: mini.frames(name, SECONDARY),
                MINIMUM: mini.minimum(name),
            }
            molecule, frames = change(mini.molecules[name], frames)
            contents.append((molecule, list(frames.values())))
        path = tmp_path / "store.h5"
        write_store(path, mini.header.model_copy(update=header), contents)
        return path

    return write


def of(name):
    """Return a decorator: the change is made to the frames of one molecule only."""

    def decorate(change):
        def changed(molecule, frames):
            if molecule.name == name:
                frames = {key: changed_frames(f) for key, f in frames.items()}
                change(frames)
            return molecule, frames

        return changed

    return decorate


def changed_frames(frames):
    """Return frames whose arrays may be written to."""
    arrays = {key: getattr(frames, key).copy() for key in ("positions", "energy", "forces")}
    return replace(frames, **arrays)


def outcome(path, sample=0, **options):
    report = check_store(path, sample=sample, **options)
    return report, {check.name: check for check in report.checks}


def failed(checks):
    return {name for name, check in checks.items() if check.passed is False}


def test_the_frozen_set_passes_every_check():
    report, checks = outcome(dataset_path("mini-v1"), sample=6)
    assert report.passed
    assert {check.passed for check in report.checks} == {True}
    assert len(checks) == 13
    assert "254 molecules, 7,625 frames" in checks["schema"].found
    assert checks["label noise floor"].details["forces_mae_meV_per_A"] < 0.05
    assert checks["recomputation"].details["worst_energy_eV"] < 1e-6


def test_what_is_left_as_it_is_passes(broken):
    report, _ = outcome(broken(), sample=5)
    assert report.passed
    assert report.dataset == "mini-v1"


def test_an_altered_number(broken):
    path = broken()
    with h5py.File(path, "r+") as file:
        file["CN-1-H/primary/energy"][3] += 1e-9
    report, checks = outcome(path)
    assert failed(checks) == {"checksums"}
    assert "CN-1-H" in checks["checksums"].found
    assert not report.passed
    assert checks["duplicates"].found == "not reached"


def test_an_altered_byte(broken):
    path = broken()
    data = bytearray(path.read_bytes())
    with h5py.File(path) as file:
        chunk = file["F-1-H/primary/positions"].id.get_chunk_info(0)
    data[chunk.byte_offset + chunk.size // 2] ^= 0xFF
    path.write_bytes(data)
    _, checks = outcome(path)
    assert failed(checks) & {"schema", "checksums"}
    assert str(path) in next(check.found for check in checks.values() if check.passed is False)


def test_a_header_that_was_altered(broken):
    path = broken()
    with h5py.File(path, "r+") as file:
        file.attrs["reference"] = "wb97m-v/def2-tzvpp"
    assert failed(outcome(path)[1]) == {"checksums"}


@pytest.mark.parametrize("what", ["forces of another shape", "no energies", "surplus"])
def test_another_layout(broken, what):
    path = broken()
    with h5py.File(path, "r+") as file:
        group = file["OH-1-H/primary"]
        if what == "forces of another shape":
            forces = group["forces"][:]
            del group["forces"]
            group["forces"] = forces[:, :-1]
        elif what == "no energies":
            del group["energy"]
        else:
            group["velocities"] = np.zeros(3)
    report, checks = outcome(path)
    assert failed(checks) == {"schema"}
    assert "OH-1-H" in checks["schema"].found
    assert {c.found for c in report.checks if c.name != "schema"} == {"not reached"}
    assert report.dataset is None


@pytest.mark.parametrize("size", [0, 1000, 30_000])
def test_a_file_that_cannot_be_read(broken, size):
    path = broken()
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(UnreadableError, match="truncated, damaged or not HDF5"):
        check_store(path)


@pytest.mark.parametrize("label", ["positions", "energy", "forces"])
def test_labels_that_are_not_finite(broken, label):
    @of("H-2-H")
    def change(frames):
        getattr(frames[SECONDARY], label)[4] = np.nan

    _, checks = outcome(broken(change), sample=8)
    assert failed(checks) == {"finite numbers"}
    assert "in 1 of" in checks["finite numbers"].found
    assert "H-2-H/secondary frame 4" in checks["finite numbers"].found


@pytest.mark.parametrize(
    ("energy", "forces"),
    [
        ("kcal/mol", "kcal/mol/Angstrom"),
        ("Hartree", "Hartree/Bohr"),
        ("eV", "kcal/mol/Angstrom"),
        ("Hartree", "eV/Angstrom"),
    ],
)
def test_other_units(broken, energy, forces):
    def change(molecule, frames):
        changed = {
            key: replace(
                f,
                energy=f.energy / ENERGY_UNITS[energy],
                forces=f.forces / FORCE_UNITS[forces],
            )
            for key, f in frames.items()
        }
        return molecule, changed

    _, checks = outcome(broken(change), sample=3)
    units = checks["units"]
    assert units.passed is False
    assert units.details["energy_factor"] == pytest.approx(ENERGY_UNITS[energy])
    assert units.details["forces_factor"] == pytest.approx(FORCE_UNITS[forces])
    if energy == "kcal/mol":
        assert "energies look like kcal/mol (1 kcal/mol = 0.043364 eV" in units.found
    if energy == "eV":
        assert "energies are in eV" in units.found
    assert checks["recomputation"].passed is False


@pytest.mark.parametrize("trajectory", [PRIMARY, MINIMUM])
def test_a_broken_bond(broken, trajectory):
    @of("OH-1-H")
    def change(frames):
        frames[trajectory].positions[0, -1] += 1.5

    _, checks = outcome(broken(change))
    assert "topology of frames" in failed(checks)
    assert f"OH-1-H/{trajectory} frame 0" in checks["topology of frames"].found


def test_atoms_in_another_order_in_one_frame(broken):
    @of("OH-1-H")
    def change(frames):
        frames[PRIMARY].positions[7] = frames[PRIMARY].positions[7][::-1]

    _, checks = outcome(broken(change))
    assert "OH-1-H/primary frame 7" in checks["topology of frames"].found


def test_numbers_that_do_not_fit_the_bonds(broken):
    def change(molecule, frames):
        if molecule.name == "OH-1-H":
            molecule = replace(molecule, numbers=molecule.numbers[::-1])
        return molecule, frames

    _, checks = outcome(broken(change))
    assert {"molecular graphs", "topology of frames"} <= failed(checks)
    assert "OH-1-H: " in checks["molecular graphs"].found


def methanol(changes):
    """Return what changes the molecule OH-1-H of a store."""

    def change(molecule, frames):
        return (replace(molecule, **changes) if molecule.name == "OH-1-H" else molecule), frames

    return change


@pytest.mark.parametrize(
    "changes",
    [
        {"numbers": np.array([8, 200, 1, 1, 1, 1], dtype=np.uint8)},
        {
            "bonds": np.array([[0, 1], [0, 99]], dtype=np.uint8),
            "bond_orders": np.ones(2, dtype=np.uint8),
        },
    ],
)
def test_graphs_that_no_molecule_has_are_no_store(broken, changes):
    _, checks = outcome(broken(methanol(changes)))
    assert failed(checks) == {"schema"}
    assert "OH-1-H" in checks["schema"].found


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"smiles": "CCO"}, "smiles 'CCO' where its bonds give 'CO'"),
        ({"inchikey": "AAAAAAAAAAAAAA-UHFFFAOYSA-N"}, "inchikey"),
        ({"spin": 3}, "those of OH-1-H_q+0_s3"),
    ],
)
def test_molecules_that_are_not_what_they_are_called(broken, changes, said):
    _, checks = outcome(broken(methanol(changes)))
    assert failed(checks) == {"molecular graphs"}
    assert said in checks["molecular graphs"].found
    assert checks["molecular graphs"].details["wrong"][0].startswith("OH-1-H: ")


def test_forces_of_the_opposite_sign(broken):
    @of("F-1-H")
    def change(frames):
        for trajectory in (PRIMARY, SECONDARY):
            frames[trajectory].forces[:] *= -1

    _, checks = outcome(broken(change))
    assert failed(checks) == {"forces against energies"}
    assert "2 trajectories: F-1-H/primary (slope" in checks["forces against energies"].found


def test_energies_that_belong_to_other_frames(broken):
    @of("CHO-1-H")
    def change(frames):
        frames[PRIMARY].energy[:] = np.roll(frames[PRIMARY].energy, 5)

    _, checks = outcome(broken(change))
    assert failed(checks) == {"forces against energies"}


def test_copies_within_a_trajectory_and_between_the_two(broken):
    @of("CN-1-H")
    def change(frames):
        for source, target, pasted in ((3, PRIMARY, 20), (5, SECONDARY, 2)):
            for label in ("positions", "energy", "forces"):
                getattr(frames[target], label)[pasted] = getattr(frames[PRIMARY], label)[source]

    _, checks = outcome(broken(change))
    assert failed(checks) == {"duplicates"}
    duplicates = checks["duplicates"]
    assert duplicates.details["pairs_within_trajectories"] == 1
    assert duplicates.details["pairs_between_trajectories"] == 1
    assert "CN-1-H/primary frame 3 and primary frame 20" in duplicates.found
    assert "CN-1-H/primary frame 5 and secondary frame 2" in duplicates.found


def test_a_force_that_cannot_be(broken):
    @of("CN-1-H")
    def change(frames):
        frames[PRIMARY].forces[11, 0] = [0.0, 40.0, 0.0]

    _, checks = outcome(broken(change))
    assert "outliers of forces" in failed(checks)
    assert "CN-1-H/primary frame 11" in checks["outliers of forces"].found


def test_an_energy_that_cannot_be(broken):
    @of("CN-1-H")
    def change(frames):
        frames[PRIMARY].energy[11] += 5.0

    _, checks = outcome(broken(change))
    assert "outliers of energies" in failed(checks)
    assert "CN-1-H/primary frame 11" in checks["outliers of energies"].found


def test_energies_below_the_minimum(broken):
    @of("H-2-H")
    def change(frames):
        frames[MINIMUM].energy[:] += 2.0

    _, checks = outcome(broken(change))
    assert failed(checks) == {"energies above the minimum"}
    assert "H-2-H/" in checks["energies above the minimum"].found


def test_a_temperature_that_the_energies_contradict(broken):
    _, checks = outcome(broken(sampling={"temperature_K": 1500.0}))
    assert failed(checks) == {"energies above the minimum"}
    assert "5 molecules" in checks["energies above the minimum"].found
    _, checks = outcome(broken(sampling={}))
    assert not failed(checks)
    assert "no sampling temperature" in checks["energies above the minimum"].found


def test_labels_that_the_reference_does_not_give(broken):
    def change(molecule, frames):
        return molecule, {key: replace(f, energy=f.energy + 1e-3) for key, f in frames.items()}

    report, checks = outcome(broken(change), sample=4)
    assert failed(checks) == {"recomputation"}
    assert checks["recomputation"].found.startswith("4 of 4 frames by gfn2-xtb")
    assert checks["label noise floor"].details["energy_mae_meV_per_atom"] < 1e-3
    assert report.passed is False


def test_the_sample_is_that_of_its_seed(broken):
    path = broken()
    found = [outcome(path, sample=3, seed=seed)[1]["label noise floor"] for seed in (0, 0, 1)]
    assert found[0] == found[1]
    assert found[0] != found[2]


@pytest.mark.parametrize(
    ("reference", "said"),
    [("gfn7-xtb", "'gfn7-xtb'"), ("tblite.ase:TBLite", "not run on a file's word")],
)
def test_a_reference_that_cannot_be_used_is_no_pass(broken, reference, said):
    report, checks = outcome(broken(reference=reference, reference_settings={}), sample=3)
    assert checks["recomputation"].passed is None
    assert said in checks["recomputation"].found
    assert checks["label noise floor"].passed is None
    assert report.passed


def test_labels_of_other_settings_are_computed_with_those(broken):
    settings = {"accuracy": 1.0}
    _, checks = outcome(broken(reference_settings=settings), sample=3)
    assert "accuracy 1 -> 0.01" in checks["label noise floor"].found
    _, checks = outcome(broken(reference_settings={"solvent": "water"}), sample=3)
    assert checks["recomputation"].passed is None
    assert "solvent" in checks["recomputation"].found


def test_a_reference_that_the_user_names_must_be_one(broken):
    with pytest.raises(UnknownNameError, match="gfn7"):
        check_store(broken(), sample=2, reference="gfn7-xtb")
