"""Which frames are of which trajectory; copies, and geometries with two labels."""

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from mlip_compose.core.errors import DataError, RequestError
from mlip_compose.datasets.importing.trajectories import Patterns, suggested_patterns
from mlip_compose.store.catalogue import open_dataset

FOLDERS = {"CHO-1-H": "Aldehydes/2_CC(=O)/CC(=O)", "H-2-H": "Alkanes/2_CC/CC"}


@pytest.fixture(scope="module")
def mini():
    return open_dataset("mini-v1")


@pytest.fixture
def images(mini):
    """Return a function that makes labelled structures in a periodic box."""

    def make(name, rows, trajectory="primary", scale=1.0):
        frames = mini.frames(name, trajectory)
        structures = []
        for index in rows:
            atoms = Atoms(mini.molecules[name].numbers, frames.positions[index])
            atoms.set_cell([28.0] * 3)
            atoms.pbc = True
            atoms.positions += 14.0
            atoms.calc = SinglePointCalculator(
                atoms, energy=scale * frames.energy[index], forces=scale * frames.forces[index]
            )
            structures.append(atoms)
        return structures

    return make


def write(path, structures):
    path.parent.mkdir(parents=True, exist_ok=True)
    ase.io.write(path, structures)
    return path


@pytest.fixture
def whole_and_end(images, tmp_path):
    """The folders that the generator of GMD-26 writes; returns the directory."""
    for name, start in FOLDERS.items():
        base = tmp_path / "gmd" / start
        write(base.with_name(f"{base.name}_total.traj"), images(name, range(30)))
        write(base.with_name(f"{base.name}_final.traj"), images(name, range(12), "secondary"))
        write(base.with_name("last_step.traj"), images(name, [11], "secondary"))
        base.with_name(f"{base.name}_total.log").write_text("Time[ps]  Etot[eV]\n")
    return tmp_path / "gmd"


def lengths(store):
    return {
        (store.n_frames(name, "primary"), store.n_frames(name, "secondary"))
        for name in store.molecules
    }


def test_the_end_of_a_trajectory_beside_the_whole_is_left_and_said(imported, whole_and_end):
    outcome, store = imported(whole_and_end)
    assert lengths(store) == {(30, 0)}
    assert set(store.molecules) == set(FOLDERS)
    left = dict(outcome.skipped)
    for start in FOLDERS.values():
        assert "beside the whole" in left[f"{start}_final.traj"]
        assert "--secondary" in left[f"{start.rpartition('/')[0]}/last_step.traj"]
    assert outcome.trajectories == (("primary", 60, "nothing says another"),)


def test_patterns_say_what_files_are(imported, whole_and_end, mini):
    patterns = Patterns(primary=("*_total.traj",), secondary=("*_final.traj",))
    outcome, store = imported(whole_and_end, patterns=patterns)
    assert lengths(store) == {(30, 12)}
    found, expected = store.frames("H-2-H", "secondary"), mini.frames("H-2-H", "secondary")
    assert found.energy == pytest.approx(expected.energy[:12], abs=1e-9)
    assert outcome.trajectories == (
        ("primary", 60, "*_total.traj is --primary"),
        ("secondary", 24, "*_final.traj is --secondary"),
    )
    assert store.header.sampling["trajectories"][0]["frames"] == 60


def test_contiguous_blocks_of_one_trajectory_where_the_user_says_so(imported, whole_and_end, mini):
    outcome, store = imported(whole_and_end, blocks=True)
    assert lengths(store) == {(23, 6)}  # one frame between the two is in neither
    energy = mini.frames("H-2-H", "primary").energy
    assert store.frames("H-2-H", "secondary").energy == pytest.approx(energy[24:30], abs=1e-9)
    assert store.frames("H-2-H", "primary").energy == pytest.approx(energy[:23], abs=1e-9)
    assert outcome.frames == 58


def test_a_pattern_that_fits_nothing_or_two_patterns_for_a_file_are_refused(
    imported, whole_and_end
):
    with pytest.raises(RequestError, match=r"files that --leave \*\.xyz fits"):
        imported(whole_and_end, patterns=Patterns(leave=("*.xyz",)))
    with pytest.raises(RequestError, match=r"one trajectory for the frames of .*_total\.traj"):
        imported(whole_and_end, patterns=Patterns(("*.traj",), ("*_total.traj",)))


def test_one_geometry_with_two_labels_is_refused_and_named(imported, images, tmp_path):
    for name, start in FOLDERS.items():
        base = tmp_path / "gmd" / start
        write(base.with_name(f"{base.name}_total.traj"), images(name, range(20), scale=0.91))
        write(base.with_name(f"{base.name}_total_dft.traj"), images(name, range(20)))
    with pytest.raises(DataError, match=r"CC\(=O\)_total\.traj and .*_total_dft\.traj") as raised:
        imported(tmp_path / "gmd")
    assert "--leave '*_total.traj' or --leave '*_total_dft.traj'" in raised.value.hint
    _, store = imported(tmp_path / "gmd", patterns=Patterns(leave=("*_total.traj",)))
    assert lengths(store) == {(20, 0)}


def test_two_levels_of_theory_are_told_by_energies_where_no_geometry_is_shared(
    imported, images, tmp_path
):
    structures = [*images("OH-2-H", range(8)), *images("OH-2-H", range(8, 16), scale=0.9)]
    with pytest.raises(DataError, match=r"two sets that are 3\d\.\d eV apart: 8 frames"):
        imported(write(tmp_path / "a.xyz", structures))


def test_exact_copies_are_dropped_and_counted(imported, images, tmp_path):
    write(tmp_path / "data" / "a.xyz", images("OH-2-H", [3, 4]))
    write(tmp_path / "data" / "b.xyz", images("OH-2-H", [*range(10), 0]))
    outcome, store = imported(tmp_path / "data")
    assert store.n_frames("OH-2-H", "primary") == 10
    assert "exact copies are dropped: 3 frames (3 of OH-2-H)" in outcome.assumed
    assert outcome.frames == 10


def test_a_copy_across_trajectories_is_no_training_frame(imported, images, tmp_path):
    write(tmp_path / "data" / "train.xyz", images("OH-2-H", range(10)))
    write(tmp_path / "data" / "test.xyz", images("OH-2-H", [8, 9]))
    outcome, store = imported(tmp_path / "data")
    assert lengths(store) == {(8, 2)}
    assert {count.reason for count in outcome.trajectories} == {
        "the name of a file or folder has 'train'",
        "the name of a file or folder has 'test'",
    }


def test_near_copies_across_trajectories_are_told(imported, images, tmp_path):
    write(tmp_path / "data" / "train.xyz", images("OH-2-H", range(10)))
    turned = images("OH-2-H", [8, 9], scale=1.0)
    for atoms in turned:
        results = atoms.calc.results
        atoms.positions = atoms.positions[:, [1, 2, 0]]
        atoms.calc = SinglePointCalculator(
            atoms, energy=results["energy"], forces=results["forces"][:, [1, 2, 0]]
        )
    write(tmp_path / "data" / "test.xyz", turned)
    outcome, store = imported(tmp_path / "data")
    assert lengths(store) == {(10, 2)}
    assert any("2 pairs of frames (2 of OH-2-H)" in note for note in outcome.assumed)


def test_a_file_with_test_in_its_name_says_so(imported, images, tmp_path):
    path = write(tmp_path / "my_test_set.xyz", images("OH-2-H", range(12)))
    outcome, store = imported(path)
    assert lengths(store) == {(0, 12)}
    assert outcome.trajectories == (("secondary", 12, "the name of a file or folder has 'test'"),)
    assert outcome.frames_of("primary") == 0


def test_the_user_says_what_a_file_with_test_in_its_name_is(imported, images, tmp_path):
    path = write(tmp_path / "my_test_set.xyz", images("OH-2-H", range(12)))
    _, store = imported(path, patterns=Patterns(primary=("*.xyz",)))
    assert lengths(store) == {(12, 0)}


def test_patterns_are_offered_from_the_first_underscore_on():
    assert suggested_patterns(["a/CC_total.traj", "a/CC_total_dft.traj"]) == [
        "*_total.traj",
        "*_total_dft.traj",
    ]
    assert suggested_patterns(["a/b.xyz"]) == ["b.xyz"]


def test_copies_are_found_among_thousands_of_frames_in_a_moment(mini):
    from mlip_compose.datasets.importing.copies import _same_geometries

    rng = np.random.default_rng(0)
    positions = mini.frames("OH-2-H", "primary").positions.astype(float)
    many = positions[rng.integers(40, size=20_000)] + rng.normal(0, 0.05, (20_000, 9, 3))
    many[19_000:19_500] = many[:500] + 3.0
    pairs = _same_geometries(many)
    assert {tuple(pair) for pair in pairs.tolist()} == {(i, 19_000 + i) for i in range(500)}
