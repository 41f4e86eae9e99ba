"""Extended XYZ, trajectories and databases, with labels wherever they may be."""

import sqlite3

import ase.db
import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from mlip_compose.core.errors import MissingLabelsError, UnreadableError
from mlip_compose.store.formats.base import NoLabelsError
from mlip_compose.store.formats.keys import Keys
from mlip_compose.store.formats.registry import read_frames

METHANOL = Atoms("COH4", np.arange(18.0).reshape(6, 3))
FORCES = np.linspace(-1, 1, 18).reshape(6, 3)


def labelled(energy, how, **info):
    atoms = METHANOL.copy()
    atoms.info.update(info)
    if how == "calculator":
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=FORCES)
    else:
        prefix = "REF_" if how == "REF" else ""
        atoms.info[f"{prefix}energy"] = energy
        atoms.arrays[f"{prefix}forces"] = FORCES.copy()
    return atoms


def write(path, images):
    if path.suffix == ".db":
        with ase.db.connect(path) as database:
            for atoms in images:
                database.write(atoms, key_value_pairs=dict(atoms.info))
    else:
        ase.io.write(path, images, format="traj" if path.suffix == ".traj" else "extxyz")
    return path


@pytest.mark.parametrize(
    ("suffix", "how"),
    [
        (".xyz", "REF"),
        (".xyz", "calculator"),
        (".extxyz", "REF"),
        (".traj", "calculator"),
        (".db", "calculator"),
    ],
)
def test_labels_are_read_wherever_they_are(tmp_path, suffix, how):
    written = [labelled(energy, how) for energy in (-1.5, -1.25)]
    (run,) = read_frames(write(tmp_path / f"data{suffix}", written))
    assert run.energy.tolist() == [-1.5, -1.25]
    assert np.allclose(run.forces, FORCES, rtol=0, atol=1e-8)
    assert np.allclose(run.positions, METHANOL.positions)
    assert run.numbers.tolist() == METHANOL.numbers.tolist()
    assert run.indices.tolist() == [-1, -1]


def test_plain_energy_and_forces_in_info_and_arrays_are_read(tmp_path):
    text = "1\nProperties=species:S:1:pos:R:3:forces:R:3 energy=-2.5\nH 0 0 0 0.5 0 -1\n"
    (tmp_path / "a.xyz").write_text(text)
    (run,) = read_frames(tmp_path / "a.xyz")
    assert run.energy.tolist() == [-2.5]
    assert run.forces.tolist() == [[[0.5, 0.0, -1.0]]]


def test_reference_labels_come_before_others(tmp_path):
    atoms = labelled(-3.0, "REF")
    atoms.calc = SinglePointCalculator(atoms, energy=7.0, forces=np.zeros((6, 3)))
    (run,) = read_frames(write(tmp_path / "a.xyz", [atoms]))
    assert run.energy.tolist() == [-3.0]
    assert np.allclose(run.forces[0], FORCES, rtol=0, atol=1e-8)


def test_an_energy_is_not_put_together_with_forces_of_another_name(tmp_path):
    atoms = labelled(-3.0, "REF")
    del atoms.arrays["REF_forces"]
    atoms.calc = SinglePointCalculator(atoms, forces=FORCES)
    with pytest.raises(MissingLabelsError):
        list(read_frames(write(tmp_path / "a.xyz", [atoms])))


def test_metadata_say_name_trajectory_and_index(tmp_path):
    images = [
        labelled(-1.0, "REF", molecule="OH-1-H", split="train", frame=4),
        labelled(-1.1, "REF", molecule="OH-1-H", split="train", frame=5),
        labelled(-1.2, "REF", name="methanol", trajectory="secondary", split="train"),
        labelled(-1.3, "REF", split="ood"),
    ]
    runs = list(read_frames(write(tmp_path / "a.xyz", images)))
    said = [(run.name, run.trajectory, run.first, run.indices.tolist()) for run in runs]
    assert said == [
        ("OH-1-H", "primary", 0, [4, 5]),
        ("methanol", "secondary", 2, [-1]),
        ("", "primary", 3, [-1]),
    ]


def test_absent_forces_are_an_error(tmp_path):
    whole, lacking = labelled(-1.0, "REF"), labelled(-1.0, "REF")
    del lacking.arrays["REF_forces"]
    with pytest.raises(MissingLabelsError, match="no forces in frame 0") as raised:
        list(read_frames(write(tmp_path / "a.xyz", [lacking, whole])))
    assert not isinstance(raised.value, NoLabelsError)
    first, second = read_frames(write(tmp_path / "a.xyz", [whole, lacking]))
    assert (first.fault, second.fault) == ("", "no forces")
    assert np.isnan(second.forces).all()


def test_a_file_without_any_label_is_told_from_one_that_lacks_some(tmp_path):
    with pytest.raises(NoLabelsError):
        list(read_frames(write(tmp_path / "a.xyz", [METHANOL])))


@pytest.mark.parametrize("suffix", [".xyz", ".traj", ".db"])
def test_truncated_and_empty_files_are_unreadable(tmp_path, suffix):
    path = write(tmp_path / f"a{suffix}", [labelled(-1.0, "calculator")] * 3)
    content = path.read_bytes()
    for size in (0, len(content) // 2, len(content) - 60 if suffix == ".xyz" else 100):
        path.write_bytes(content[:size])
        with pytest.raises(UnreadableError):
            list(read_frames(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1000000000000\n\nH 0 0 0\n", "ends within a frame"),
        ("1\nProperties=species:S:1:pos:R:1000000000\nH 0 0 0\n", "1000000000 columns"),
        ("1\nProperties=species:S:1:pos:R:-3\nH 0 0 0\n", "-3 columns"),
    ],
)
def test_sizes_that_a_frame_does_not_have_are_unreadable(tmp_path, text, message):
    (tmp_path / "a.xyz").write_text(text)
    with pytest.raises(UnreadableError, match=message):
        list(read_frames(tmp_path / "a.xyz"))


@pytest.mark.parametrize("name", ["a@0.xyz", "a*.xyz", "[a].xyz"])
def test_names_are_names_and_no_patterns(tmp_path, name):
    write(tmp_path / "a.xyz", [labelled(1.0, "REF")])
    path = write(tmp_path / name, [labelled(2.0, "REF"), labelled(3.0, "REF")])
    (run,) = read_frames(path)
    assert run.energy.tolist() == [2.0, 3.0]


def test_a_database_is_not_written(tmp_path):
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE another (x)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(UnreadableError):
        list(read_frames(path))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_view_in_a_database_is_not_run(tmp_path):
    path = write(tmp_path / "a.db", [labelled(1.0, "calculator")])
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "ALTER TABLE systems RENAME TO t; CREATE VIEW systems AS WITH RECURSIVE c(x) AS "
            "(SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT t.* FROM c, t"
        )
    connection.close()
    with pytest.raises(UnreadableError):
        list(read_frames(path))


def test_a_database_that_is_being_written_is_not_read(tmp_path):
    path = write(tmp_path / "a.db", [labelled(1.0, "calculator")])
    (tmp_path / "a.db-wal").write_bytes(b"frames")
    with pytest.raises(UnreadableError, match="closed"):
        list(read_frames(path))


def test_names_that_are_there_are_listed_where_no_pair_fits(tmp_path):
    atoms = METHANOL.copy()
    atoms.info.update(energy_per_atom=-1.0, temperature=300.0)
    atoms.arrays["dft_forces"] = FORCES.copy()
    path = write(tmp_path / "a.xyz", [atoms])
    message = r"energy_per_atom, temperature, vectors of its atoms dft_forces.*--energy-key"
    with pytest.raises(MissingLabelsError, match=message):
        list(read_frames(path))
    (run,) = read_frames(path, Keys(energy="temperature"))
    assert run.energy.tolist() == [300.0]
    assert run.notes == ("energies are temperature, forces dft_forces",)


def test_the_first_frame_decides_the_names_for_the_whole_file(tmp_path):
    """Frames with labels of two programs are not mixed."""
    other = METHANOL.copy()
    other.info["energy"] = -1.0
    other.arrays["forces"] = FORCES.copy()
    path = write(tmp_path / "a.xyz", [labelled(-1.0, "REF"), other])
    assert [run.fault for run in read_frames(path)] == ["", "no energies and no forces"]


def test_units_that_schnetpack_states_are_read(tmp_path):
    path = tmp_path / "a.db"
    with ase.db.connect(path) as database:
        database.metadata = {
            "_property_unit_dict": {"energy": "kcal/mol", "forces": "kcal/mol/Ang"},
            "_distance_unit": "Ang",
        }
        database.write(METHANOL, data={"energy": np.array([-1.5]), "forces": FORCES})
    (run,) = read_frames(path)
    assert run.units == ("kcal/mol", "kcal/mol/Angstrom", "Angstrom", True)
    assert run.energy.tolist() == [-1.5]
    assert np.array_equal(run.forces[0], FORCES)


def test_units_that_a_frame_of_dpdata_states_are_read(tmp_path):
    images = [labelled(-1.0, "REF", **{"energy-unit": "au", "force-unit": "a.u."})]
    images.append(labelled(-1.0, "REF", **{"energy-unit": "nonsense"}))
    runs = list(read_frames(write(tmp_path / "a.xyz", images)))
    assert runs[0].units == ("Hartree", "Hartree/Bohr", "Angstrom", True)
    assert runs[1].units == ("nonsense", "eV/Angstrom", "Angstrom", True)
