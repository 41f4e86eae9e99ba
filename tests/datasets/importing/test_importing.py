"""Data of others into a store."""

import errno
import os

import ase.io
import numpy as np
import pytest
from ase import Atoms
from small_disk import small_files

from mlip_compose.core.errors import (
    CoverageError,
    DataError,
    MissingLabelsError,
    RequestError,
    SchemaError,
    UnknownNameError,
    UnreadableError,
    UnwritableError,
)
from mlip_compose.core.units import BOHR, HARTREE, KCAL_PER_MOL
from mlip_compose.datasets.importing.importing import ImportOptions, import_data
from mlip_compose.datasets.importing.units import GivenUnits
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.store.reader import Store


@pytest.fixture(scope="module")
def mini():
    return open_dataset("mini-v1")


@pytest.fixture
def images(mini):
    """Return a function that makes labelled structures of frames of mini-v1."""

    def make(name, sampled="primary", /, *, count=None, first=0, **info):
        molecule, frames = mini.molecules[name], mini.frames(name, sampled)
        found = []
        for index in range(first, len(frames) if count is None else first + count):
            atoms = Atoms(molecule.numbers, frames.positions[index])
            atoms.info.update(info, REF_energy=frames.energy[index])
            atoms.arrays["REF_forces"] = frames.forces[index].astype(float)
            found.append(atoms)
        return found

    return make


@pytest.fixture
def imported(tmp_path):
    """Return a function that imports, and sees to it that nothing is left when it refuses."""

    def run(source, **options):
        before = sorted(tmp_path.rglob("*"))
        out = tmp_path / "out.h5"
        try:
            outcome = import_data(source, out, ImportOptions("data", "gfn2-xtb", **options))
        except RequestError:
            assert sorted(tmp_path.rglob("*")) == before
            raise
        assert sorted(tmp_path.rglob("*")) == sorted([*before, out])
        return outcome

    return run


def write(path, structures):
    path.parent.mkdir(parents=True, exist_ok=True)
    ase.io.write(path, structures, format="extxyz")
    return path


def npz(path, mini, name, energy=1.0, forces=1.0, length=1.0):
    """Write a trajectory in the layout of rMD17, in units that are so many eV and Angstrom."""
    frames = mini.frames(name, "primary")
    np.savez(
        path,
        nuclear_charges=mini.molecules[name].numbers,
        coords=frames.positions.astype(float) / length,
        energies=frames.energy / energy,
        forces=frames.forces.astype(float) / forces,
    )
    return path


def test_molecules_are_recognised_when_nothing_names_them(imported, images, mini, tmp_path):
    shuffled = [*images("OH-2-H"), *images("F-2-Cl"), *images("CN-3-H", "secondary")]
    np.random.default_rng(0).shuffle(shuffled)
    outcome = imported(write(tmp_path / "all.xyz", shuffled))
    store = Store(outcome.path)
    assert set(store.molecules) == {"OH-2-H", "F-2-Cl", "CN-3-H"}
    assert outcome.frames == store.total_frames == 40 + 8 + 15
    assert store.header.reference == "gfn2-xtb"
    for name in store.molecules:
        assert np.array_equal(store.molecules[name].bonds, mini.molecules[name].bonds)
        assert store.molecules[name].smiles == mini.molecules[name].smiles
    energies = store.frames("OH-2-H", "primary").energy
    assert sorted(energies) == sorted(mini.frames("OH-2-H", "primary").energy)


def test_atoms_may_come_in_any_order_that_a_molecule_keeps(imported, images, mini, tmp_path):
    order = np.random.default_rng(2).permutation(9)
    outcome = imported(write(tmp_path / "a.xyz", [a[order] for a in images("OH-2-H")]))
    molecule = Store(outcome.path).molecules["OH-2-H"]
    assert np.array_equal(molecule.numbers, mini.molecules["OH-2-H"].numbers[order])
    expected = {tuple(sorted(np.argsort(order)[b])) for b in mini.molecules["OH-2-H"].bonds}
    assert {tuple(bond) for bond in molecule.bonds.tolist()} == expected


def test_trajectories_by_metadata_then_by_names_of_files_and_folders(imported, images, tmp_path):
    source = tmp_path / "data"
    write(source / "part.xyz", images("OH-1-H", count=7))
    write(source / "validation" / "part.xyz", images("OH-1-H", count=5, first=7))
    write(source / "H_minimum.xyz", images("OH-1-H", count=2))
    write(source / "test.xyz", images("F-1-H", count=6, trajectory="primary"))
    write(source / "train.xyz", images("F-1-H", count=3, first=6, split="id"))
    store = Store(imported(source).path)
    lengths = {
        (name, t): store.n_frames(name, t)
        for name in store.molecules
        for t in ("primary", "secondary")
    }
    assert lengths == {
        ("F-1-H", "primary"): 6,
        ("F-1-H", "secondary"): 3,
        ("OH-1-H", "primary"): 7,
        ("OH-1-H", "secondary"): 5,
    }
    assert store.minimum("OH-1-H").energy[0] == min(
        a.info["REF_energy"] for a in images("OH-1-H", count=2)
    )
    assert not store.has_minimum("F-1-H")


def test_the_last_frames_can_be_split_off(imported, images, mini, tmp_path):
    source = write(tmp_path / "a.xyz", [*images("OH-1-H"), *images("F-1-H", count=12)])
    store = Store(imported(source, split=10).path)
    energy = mini.frames("OH-1-H", "primary").energy
    assert np.array_equal(store.frames("OH-1-H", "primary").energy, energy[:30])
    assert np.array_equal(store.frames("OH-1-H", "secondary").energy, energy[30:])
    assert store.n_frames("F-1-H", "primary") == 2


def test_a_split_of_more_than_there_is_is_refused(imported, images, tmp_path):
    source = write(tmp_path / "a.xyz", [*images("OH-1-H"), *images("F-1-H", count=10)])
    with pytest.raises(RequestError, match="10 of F-1-H"):
        imported(source, split=10)
    with pytest.raises(RequestError, match="nothing says the trajectory"):
        imported(write(tmp_path / "train.xyz", images("OH-1-H")), split=10)


def test_frames_come_in_the_order_that_their_metadata_say(imported, images, mini, tmp_path):
    structures = images("OH-1-H")
    for index, atoms in enumerate(structures):
        atoms.info["frame"] = index
    store = Store(imported(write(tmp_path / "a.xyz", structures[::-1])).path)
    energy = mini.frames("OH-1-H", "primary").energy
    assert np.array_equal(store.frames("OH-1-H", "primary").energy, energy)


@pytest.mark.parametrize(
    ("energy", "forces"),
    [
        (KCAL_PER_MOL, KCAL_PER_MOL),
        (1.0, 1.0),
        (HARTREE, HARTREE / BOHR),
    ],
)
def test_units_are_recognised(imported, mini, tmp_path, energy, forces):
    outcome = imported(npz(tmp_path / "a.npz", mini, "OH-4-H", energy, forces))
    found, expected = (
        Store(outcome.path).frames("OH-4-H", "primary"),
        mini.frames("OH-4-H", "primary"),
    )
    assert found.energy == pytest.approx(expected.energy, rel=1e-12)
    assert found.forces == pytest.approx(expected.forces, rel=1e-6)
    assert "recognised" in outcome.units[0]


def test_lengths_in_bohr_are_recognised(imported, mini, tmp_path):
    source = npz(tmp_path / "a.npz", mini, "OH-4-H", HARTREE, HARTREE / BOHR, BOHR)
    found = Store(imported(source).path).frames("OH-4-H", "primary")
    assert found.positions == pytest.approx(mini.frames("OH-4-H", "primary").positions, rel=1e-6)


def test_a_given_unit_that_contradicts_the_numbers_is_refused_with_the_factor(
    imported, mini, tmp_path
):
    source = npz(tmp_path / "a.npz", mini, "OH-4-H", KCAL_PER_MOL, KCAL_PER_MOL)
    with pytest.raises(DataError, match=r"energies in kcal/mol, a factor of 0\.0433641"):
        imported(source, units=GivenUnits(energy="eV"))
    with pytest.raises(DataError, match=r"a factor of 0\.0433641.*--force-unit"):
        imported(source, units=GivenUnits("kcal/mol", "eV/Angstrom"))
    with pytest.raises(DataError, match=r"length they have in Angstrom \(a factor of 1\.89\)"):
        imported(source, units=GivenUnits(length="Bohr"))


@pytest.mark.parametrize("names", [("furlong",), (None, "furlong"), (None, None, "furlong")])
def test_a_unit_that_cannot_be_is_refused(names):
    with pytest.raises(UnknownNameError, match="furlong"):
        GivenUnits(*names)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": " "}, "a name and a reference"),
        ({"reference": ""}, "a name and a reference"),
        ({"split": -1}, "0 or more frames"),
    ],
)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(RequestError, match=message):
        ImportOptions(**{"name": "data", "reference": "gfn2-xtb", **options})


def test_units_that_nothing_says_must_be_given(imported, images, tmp_path):
    few = images("OH-2-H", count=3)
    for atoms in few:
        atoms.info["REF_energy"] /= HARTREE
        atoms.arrays["REF_forces"] /= HARTREE / BOHR
    source = write(tmp_path / "a.xyz", few)
    with pytest.raises(DataError, match="--energy-unit and --force-unit"):
        imported(source)
    outcome = imported(source, units=GivenUnits("Hartree", "Hartree/Bohr"))
    (units,) = outcome.units
    assert units.startswith("Hartree, Hartree/Bohr: given, forces are 1.")


def test_given_units_that_make_forces_absurd_are_refused_though_frames_are_few(
    imported, images, tmp_path
):
    source = write(tmp_path / "a.xyz", images("OH-2-H", count=3))
    with pytest.raises(DataError, match="if they are in Hartree/Bohr"):
        imported(source, units=GivenUnits("Hartree", "Hartree/Bohr"))
    with pytest.raises(DataError, match=r"too few frames.*--energy-unit eV --force-unit eV/Ang"):
        imported(source)
    (units,) = imported(source, units=GivenUnits("eV", "eV/Angstrom")).units
    assert units.startswith("eV, eV/Angstrom: given, forces are 1.")


def test_files_of_different_units_go_together(imported, images, mini, tmp_path):
    source = tmp_path / "data"
    write(source / "a.xyz", images("OH-4-H", "secondary", trajectory="secondary"))
    npz(source / "b.npz", mini, "OH-4-H", KCAL_PER_MOL, KCAL_PER_MOL)
    store = Store(imported(source).path)
    for trajectory in ("primary", "secondary"):
        expected = mini.frames("OH-4-H", trajectory).energy
        assert store.frames("OH-4-H", trajectory).energy == pytest.approx(expected, rel=1e-12)


def test_a_directory_says_what_was_taken_and_what_left(imported, images, toy_store, tmp_path):
    from ase.build import molecule

    source = tmp_path / "data"
    radical = molecule("CH3")
    radical.set_initial_magnetic_moments(None)
    radical.info["REF_energy"] = -1.0
    radical.arrays["REF_forces"] = np.zeros((4, 3))
    write(source / "a.xyz", [*images("OH-1-H"), radical, radical])
    (source / "b.xyz").write_bytes((source / "a.xyz").read_bytes())
    write(source / "geometry.xyz", [molecule("CH3OH")])
    (source / "README.md").write_text("words")
    np.savez(source / "weights.npz", w=np.zeros(3))
    toy_store(["F-1-H"], source / "store.h5")
    write(source / "minimum.xyz", images("F-1-H", count=1))
    outcome = imported(source)
    assert outcome.taken == ("a.xyz: 40 frames", "minimum.xyz: 1 frames")
    left = dict(outcome.skipped)
    assert set(left) == {
        "a.xyz",
        "b.xyz",
        "geometry.xyz",
        "README.md",
        "weights.npz",
        "store.h5",
        "F-1-H",
    }
    assert "2 frames" in left["a.xyz"]
    assert "4 atoms whose bonds no closed-shell molecule of charge 0 has" in left["a.xyz"]
    assert "same content as a.xyz" in left["b.xyz"]
    assert "no energies" in left["geometry.xyz"]
    header = Store(outcome.path).header
    assert [file["file"] for file in header.sampling["imported_from"]] == ["a.xyz", "minimum.xyz"]
    assert all(len(file["sha256"]) == 64 for file in header.sampling["imported_from"])
    assert len(header.failures) == 7


def test_equal_sources_give_equal_bytes(images, tmp_path):
    source = write(tmp_path / "a.xyz", images("OH-1-H"))
    for name in ("a.h5", "b.h5"):
        import_data(source, tmp_path / name, ImportOptions("data", "gfn2-xtb", licence="CC0"))
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    assert Store(tmp_path / "a.h5").header.licence == "CC0"


def test_nothing_is_written_over(images, tmp_path):
    source = write(tmp_path / "a.xyz", images("OH-1-H", count=1))
    (tmp_path / "out.h5").write_text("precious")
    with pytest.raises(RequestError, match="no file"):
        import_data(source, tmp_path / "out.h5", ImportOptions("data", "gfn2-xtb"))
    assert (tmp_path / "out.h5").read_text() == "precious"


@pytest.mark.parametrize("label", ["REF_energy", "REF_forces", "positions"])
@pytest.mark.parametrize(("value", "index"), [(np.nan, 30), (np.inf, 0)])
def test_labels_that_are_not_finite_are_refused(imported, images, tmp_path, label, value, index):
    structures = images("OH-1-H")
    if label == "REF_energy":
        structures[index].info[label] = value
    else:
        structures[index].arrays[label][2, 1] = value
    with pytest.raises(DataError, match=rf"(nan|inf) in frame {index}") as raised:
        imported(write(tmp_path / "a.xyz", structures))
    assert "finite" in raised.value.expected


def test_forces_of_the_wrong_shape_are_refused(imported, images, tmp_path):
    structures = images("OH-1-H", count=3)
    structures[1].arrays["REF_forces"] = structures[1].arrays["REF_forces"][:, :2]
    with pytest.raises(DataError, match=r"shape \(6, 3\).*frame 1.*shape \(6, 2\)"):
        imported(write(tmp_path / "a.xyz", structures))


def test_atoms_in_another_order_are_mapped_and_that_is_said(imported, images, mini, tmp_path):
    structures = images("OH-2-H")
    structures[17] = structures[17][::-1]
    outcome = imported(write(tmp_path / "a.xyz", structures))
    frames = Store(outcome.path).frames("OH-2-H", "primary")
    expected = mini.frames("OH-2-H", "primary")
    distances = [
        np.sort(np.linalg.norm(f.positions[17] - f.positions[17][0], axis=1))
        for f in (frames, expected)
    ]
    assert np.allclose(distances[0], distances[1], atol=1e-5)
    assert np.allclose(frames.positions[16], expected.positions[16], atol=1e-5)
    assert np.allclose(frames.forces[17][:3], expected.forces[17][:3], atol=1e-5)
    assert any("first frame, by the bonds: 1 frames" in note for note in outcome.assumed)


def test_hydrogens_that_changed_places_are_mapped(imported, images, mini, tmp_path):
    structures = images("OH-2-H")
    atoms = structures[17]
    for values in (atoms.positions, atoms.arrays["REF_forces"]):
        values[[3, 8]] = values[[8, 3]]
    store = Store(imported(write(tmp_path / "a.xyz", structures)).path)
    frames, expected = store.frames("OH-2-H", "primary"), mini.frames("OH-2-H", "primary")
    assert np.allclose(frames.positions[17][:4], expected.positions[17][:4], atol=1e-5)
    assert np.allclose(frames.forces[17][:4], expected.forces[17][:4], atol=1e-5)


@pytest.mark.parametrize("index", [0, 17])
def test_a_broken_bond_is_refused_and_named(imported, images, tmp_path, index):
    structures = images("OH-2-H")
    positions = structures[index].positions
    positions[[0, 3]] += 2 * (positions[0] - positions[1])  # the hydroxyl group, away from carbon
    message = rf"atoms 0 and 1, which are bonded, \d\.\d\d Angstrom apart in frame {index} of"
    with pytest.raises(DataError, match=message):
        imported(write(tmp_path / "a.xyz", structures))


@pytest.mark.parametrize("index", [0, 17])
def test_a_bond_that_formed_is_refused_and_named(imported, images, tmp_path, index):
    """All bonds of the frame are whole: the fault is that two hydrogens are too near."""
    structures = images("OH-2-H")
    pair = structures[index].positions[[4, 5]]  # both on the carbon 1
    apart = pair[1] - pair[0]
    halves = np.array([[-0.35], [0.35]]) * apart / np.linalg.norm(apart)
    structures[index].positions[[4, 5]] = pair.mean(axis=0) + halves
    message = rf"atoms 4 and 5, which are not bonded, 0\.70 Angstrom apart in frame {index} of"
    with pytest.raises(DataError, match=message):
        imported(write(tmp_path / "a.xyz", structures))


def test_all_bad_frames_are_listed_or_left_out_where_the_user_says_so(imported, images, tmp_path):
    structures = images("OH-2-H")
    structures[5].info["REF_energy"] = np.nan
    for index in (6, 7, 8):
        structures[index].arrays["REF_forces"][2, 1] = np.inf
    del structures[11].arrays["REF_forces"]
    structures[20].positions[[0, 3]] += 3.0
    source = write(tmp_path / "a.xyz", structures)
    with pytest.raises(DataError, match="6 bad frames") as raised:
        imported(source)
    for text in (
        "energy of nan in frame 5",
        "forces of inf in frames 6 to 8",
        "no forces in frame 11",
        "which are bonded",
        "in frame 20 of a.xyz",
    ):
        assert text in raised.value.found
    assert "--leave-bad" in raised.value.hint
    outcome = imported(source, leave_bad=True)
    store = Store(outcome.path)
    assert store.n_frames("OH-2-H", "primary") == 34
    energies = [
        structures[i].info["REF_energy"] for i in range(40) if i not in (5, 6, 7, 8, 11, 20)
    ]
    assert store.frames("OH-2-H", "primary").energy == pytest.approx(energies)
    assert ("a.xyz", "forces of inf in frames 6 to 8") in outcome.skipped
    assert any("no forces in frame 11" in failure for failure in store.header.failures)


def test_a_name_that_several_molecules_have_is_a_label(imported, images, tmp_path):
    from ase.build import molecule

    rng = np.random.default_rng(0)
    rings = []
    for formula in ("C6H6", "C5H5N"):
        for _ in range(3):
            atoms = molecule(formula)
            atoms.positions += rng.normal(0, 0.01, atoms.positions.shape)
            atoms.info.update(name="my-data", REF_energy=-1.0)
            atoms.arrays["REF_forces"] = rng.normal(0, 0.5, atoms.positions.shape)
            rings.append(atoms)
    structures = [*images("OH-2-H", name="my-data"), *images("F-1-H", name="my-data"), *rings]
    outcome = imported(write(tmp_path / "a.xyz", structures), units=GivenUnits("eV", "eV/Angstrom"))
    assert set(Store(outcome.path).molecules) == {
        "OH-2-H",
        "F-1-H",
        "C6H6-UHOVQNZJYSORNB",
        "C5H5N-JUJWROOIHBZHMG",
    }
    assert "the name 'my-data' is a label: 4 molecules have it" in outcome.assumed


def test_two_molecules_under_one_name_are_refused(imported, images, tmp_path):
    structures = [*images("OH-2-H", molecule="ethanol"), *images("F-1-H", molecule="ethanol")]
    with pytest.raises(DataError, match="one molecule, OH-2-H, under the name 'ethanol'"):
        imported(write(tmp_path / "a.xyz", structures))


def test_a_name_that_says_another_molecule_is_refused(imported, images, tmp_path):
    with pytest.raises(DataError, match="one molecule, OH-3-H, under the name 'H-3-OH'"):
        imported(write(tmp_path / "a.xyz", images("OH-2-H", name="H-3-OH")))
    with pytest.raises(DataError, match="one molecule, OH-3-H, under the name 'OH-3-H'"):
        imported(write(tmp_path / "OH-3-H_train.xyz", images("OH-2-H")))


def test_absent_forces_are_an_error_in_a_directory_too(imported, images, tmp_path):
    structures = images("OH-2-H", count=3)
    for atoms in structures:
        del atoms.arrays["REF_forces"]
    write(tmp_path / "data" / "a.xyz", images("OH-1-H"))
    write(tmp_path / "data" / "b.xyz", structures)
    with pytest.raises(MissingLabelsError, match="no forces"):
        imported(tmp_path / "data")


def test_truncated_and_empty_files_are_refused_in_a_directory_too(imported, images, tmp_path):
    path = write(tmp_path / "data" / "a.xyz", images("OH-1-H"))
    other = tmp_path / "data" / "b.xyz"
    for content in (b"", path.read_bytes()[:-300]):
        other.write_bytes(content)
        with pytest.raises(UnreadableError, match=r"b\.xyz"):
            imported(tmp_path / "data")


def test_a_store_and_radicals_alone_are_refused(imported, toy_store, tmp_path):
    from ase.build import molecule

    with pytest.raises(SchemaError, match="used as it is"):
        imported(toy_store(["OH-1-H"]))
    radical = molecule("OH")
    radical.set_initial_magnetic_moments(None)
    radical.info["REF_energy"] = -1.0
    radical.arrays["REF_forces"] = np.zeros((2, 3))
    with pytest.raises(CoverageError, match=r"none \(a\.xyz: 1 frames: 2 atoms"):
        imported(write(tmp_path / "a.xyz", [radical]))


def test_molecules_of_every_kind_are_taken(imported, tmp_path):
    """Rings, ions (their charge stands in the frame), and names that files give."""
    from ase.build import molecule

    rng = np.random.default_rng(0)
    frames = []
    for formula, name, charge in (("C6H6", "benzene", None), ("H2O", "", None), ("OH", "", -1)):
        for _ in range(3):
            atoms = molecule(formula)
            atoms.positions += rng.normal(0.0, 0.01, atoms.positions.shape)
            atoms.info["REF_energy"] = -1.0
            atoms.arrays["REF_forces"] = rng.normal(0.0, 0.5, atoms.positions.shape)
            if name:
                atoms.info["molecule"] = name
            if charge is not None:
                atoms.info["charge"] = charge
            frames.append(atoms)
    outcome = imported(write(tmp_path / "a.xyz", frames), units=GivenUnits("eV", "eV/Angstrom"))
    store = Store(outcome.path)
    assert {m.name: (m.smiles, m.charge) for m in store.molecules.values()} == {
        "benzene": ("c1ccccc1", 0),
        "H2O-XLYOFNOQVPJJNP": ("O", 0),
        "HO--XLYOFNOQVPJJNP": ("[OH-]", -1),
    }
    assert all(store.n_frames(name, "primary") == 3 for name in store.molecules)


@pytest.mark.parametrize(
    "names",
    [
        ["COOH-12-H"],  # the first temporary file is larger than the disk
        ["F-1-H", "Cl-1-H", "OH-1-H", "SH-1-H", "NH2-1-H", "CN-1-H"],  # only the store is
    ],
)
def test_a_disk_that_fills_up_leaves_nothing(imported, images, tmp_path, names):
    source = write(tmp_path / "a.xyz", [image for name in names for image in images(name)])
    with small_files(16 * 1024), pytest.raises(UnwritableError, match=os.strerror(errno.EFBIG)):
        imported(source)
