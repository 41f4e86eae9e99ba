import shutil
import zlib

import h5py
import numpy as np
import pytest

from mlip_compose.core.errors import (
    ChecksumError,
    CoverageError,
    MissingLabelsError,
    SchemaError,
    UnknownNameError,
    UnreadableError,
)
from mlip_compose.store.reader import Store
from mlip_compose.store.writer import write_store

NAMES = ("H-2-H", "OH-1-H", "OH-2-NH2")


@pytest.fixture
def path(toy_store):
    return toy_store(NAMES)


def test_what_is_written_is_read(path, toy_frames, toy_header, molecule):
    store = Store(path)
    assert tuple(store.molecules) == NAMES
    assert store.header == toy_header
    assert store.total_frames == 3 * (4 + 3)
    for name in NAMES:
        expected, found = molecule(name), store.molecules[name]
        assert found.parts == expected.parts
        assert (found.smiles, found.inchikey) == (expected.smiles, expected.inchikey)
        for array in ("numbers", "bonds", "bond_orders"):
            np.testing.assert_array_equal(getattr(found, array), getattr(expected, array))
        for trajectory, n_frames in (("primary", 4), ("secondary", 3)):
            wanted, frames = (
                toy_frames(expected, trajectory, n_frames),
                store.frames(name, trajectory),
            )
            for array in ("positions", "energy", "forces", "indices"):
                np.testing.assert_array_equal(getattr(frames, array), getattr(wanted, array))
        minimum = store.minimum(name)
        np.testing.assert_array_equal(
            minimum.positions, toy_frames(expected, "minimum", 1).positions
        )
        assert minimum.energy == toy_frames(expected, "minimum", 1).energy


def test_chosen_frames_keep_the_order_asked_for(path):
    store = Store(path)
    everything = store.frames("OH-1-H", "primary")
    chosen = store.frames("OH-1-H", "primary", np.array([3, 0]))
    np.testing.assert_array_equal(chosen.energy, everything.energy[[3, 0]])
    np.testing.assert_array_equal(chosen.indices, [3, 0])


def test_equal_content_gives_equal_bytes(toy_store, tmp_path):
    first = toy_store(NAMES, tmp_path / "a.h5")
    second = toy_store(NAMES, tmp_path / "b.h5")
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("what", ["positions", "energy", "forces"])
def test_an_altered_label_is_found(path, what):
    with h5py.File(path, "r+") as file:
        values = file["OH-1-H/primary"][what][...]
        values.flat[0] += 1e-3
        file["OH-1-H/primary"][what][...] = values
    store = Store(path)
    store.frames("H-2-H", "primary")
    with pytest.raises(ChecksumError, match="molecule OH-1-H"):
        store.frames("OH-1-H", "primary")
    with pytest.raises(ChecksumError):
        Store(path).verify()


def test_an_altered_header_is_found(path):
    with h5py.File(path, "r+") as file:
        file.attrs["reference"] = "another"
    with pytest.raises(ChecksumError, match="the file"):
        Store(path)


def test_a_molecule_that_was_taken_away_is_found(path):
    with h5py.File(path, "r+") as file:
        del file["OH-1-H"]
    with pytest.raises(ChecksumError, match="the file"):
        Store(path)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.95])
def test_a_truncated_file_is_refused(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UnreadableError, match="truncated"):
        Store(path).verify()


def test_damage_anywhere_is_refused_or_harmless(path):
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    clean = Store(path).frames("OH-1-H", "primary")
    refused = 0
    for _ in range(150):
        damaged = bytearray(content)
        for position in rng.integers(0, len(content), size=8):
            damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        try:
            store = Store(path)
            store.verify()
            frames = store.frames("OH-1-H", "primary")
        except (UnreadableError, SchemaError, ChecksumError, CoverageError, UnknownNameError):
            refused += 1
        else:
            np.testing.assert_array_equal(frames.forces, clean.forces)
    assert refused > 30


def test_a_file_that_is_not_hdf5_is_refused(tmp_path):
    path = tmp_path / "notes.h5"
    path.write_text("not a store")
    with pytest.raises(UnreadableError, match="not HDF5"):
        Store(path)
    with pytest.raises(UnreadableError, match="no file"):
        Store(tmp_path / "nothing.h5")


def test_another_schema_is_refused(path):
    with h5py.File(path, "r+") as file:
        file.attrs["schema"] = "mlip-compose/store/99"
    with pytest.raises(SchemaError, match=r"expected .*store/1.* found .*store/99"):
        Store(path)


@pytest.mark.parametrize("label", ["forces", "energy"])
def test_absent_labels_are_refused(path, label):
    with h5py.File(path, "r+") as file:
        del file["OH-1-H/primary"][label]
    with pytest.raises(MissingLabelsError, match=f"OH-1-H.*no {label}"):
        Store(path)


def test_unknown_content_is_refused(path):
    other = path.with_name("other.h5")
    shutil.copy(path, other)
    with h5py.File(path, "r+") as file:
        file["OH-1-H/primary"]["charges"] = np.zeros(3)
    with pytest.raises(SchemaError, match="also charges"):
        Store(path)
    with h5py.File(other, "r+") as file:
        file["OH-1-H"].attrs["colour"] = "green"
    with pytest.raises(SchemaError, match="also colour"):
        Store(other)


def test_wrong_shapes_and_types_are_refused(path):
    with h5py.File(path, "r+") as file:
        forces = file["OH-1-H/primary/forces"][...]
        del file["OH-1-H/primary/forces"]
        file["OH-1-H/primary/forces"] = forces[:, :-1]
    with pytest.raises(SchemaError, match=r"forces of shape \(4, 6, 3\).*\(4, 5, 3\)"):
        Store(path)
    with h5py.File(path, "r+") as file:
        del file["OH-1-H/primary/forces"]
        file["OH-1-H/primary/forces"] = forces.astype(np.float64)
    with pytest.raises(SchemaError, match="float64"):
        Store(path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: f.attrs.modify("sampling", "{"), "the header of a store in"),
        (lambda f: f.attrs.__delitem__("software"), "the header of a store in"),
        (lambda f: f["OH-1-H"].attrs.modify("charge", 1), r"the charge \+0, the sum .*\+1"),
        (lambda f: [f["OH-1-H"].pop(name) for name in ("primary", "secondary")], "frames .primary"),
    ],
)
def test_a_header_a_charge_or_frames_that_are_none_are_refused(path, damage, message):
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(SchemaError, match=message):
        Store(path).verify()


def test_a_minimum_that_is_not_there_is_refused(tmp_path, toy_header, toy_frames, molecule):
    parts = molecule("H-2-H")
    write_store(tmp_path / "x.h5", toy_header, [(parts, [toy_frames(parts, "primary", 2)])])
    with pytest.raises(CoverageError, match=r"a relaxed minimum of H-2-H in .*found none"):
        Store(tmp_path / "x.h5").minimum("H-2-H")


def test_a_molecule_under_another_name_is_refused(path):
    with h5py.File(path, "r+") as file:
        file.move("OH-1-H", "SH-1-H")
    with pytest.raises(SchemaError, match=r"OH-1-H.*SH-1-H"):
        Store(path)


def test_requests_beyond_the_data_are_refused(path):
    store = Store(path)
    with pytest.raises(UnknownNameError, match="Did you mean 'OH-1-H'"):
        store.frames("OH-11-H", "primary")
    with pytest.raises(CoverageError, match=r"frames 0\.\.3"):
        store.frames("OH-1-H", "primary", np.array([4]))
    with pytest.raises(CoverageError, match="tertiary"):
        store.frames("OH-1-H", "tertiary")


def test_a_failed_write_leaves_nothing_behind(tmp_path, toy_header, molecule):

    def broken():
        yield molecule("H-2-H"), []
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        write_store(tmp_path / "new.h5", toy_header, broken())
    assert list(tmp_path.iterdir()) == []


def test_large_trajectories_are_divided_and_small_ones_are_not(toy_store, monkeypatch):
    from mlip_compose.store import writer

    whole = toy_store(["OH-1-H"], primary=1_000)
    with h5py.File(whole) as file:
        assert file["OH-1-H/primary/forces"].chunks == (1_000, 6, 3)
    checksum, wanted = Store(whole).checksum, np.array([700, 3, 999])
    expected = Store(whole).frames("OH-1-H", "primary", wanted)
    monkeypatch.setattr(writer, "WHOLE", 10_000)
    monkeypatch.setattr(writer, "CHUNK", 7_300)
    divided = toy_store(["OH-1-H"], whole.with_name("divided.h5"), primary=1_000)
    with h5py.File(divided) as file:
        assert file["OH-1-H/primary/forces"].chunks == (101, 6, 3)
    store = Store(divided)
    assert store.checksum == checksum
    for _ in range(2):  # checked and read, then read alone
        found = store.frames("OH-1-H", "primary", wanted)
        np.testing.assert_array_equal(found.indices, wanted)
        for label in ("positions", "energy", "forces"):
            np.testing.assert_array_equal(getattr(found, label), getattr(expected, label))
    assert len(store.frames("OH-1-H", "primary", np.array([], dtype=int))) == 0


def external(file, path):
    file["OH-1-H/primary/energy"] = h5py.ExternalLink("other.h5", "energy")


def soft(file, path):
    file["OH-1-H/primary/energy"] = h5py.SoftLink("/H-2-H/primary/energy")


def raw(file, path):
    where = [(str(path.with_name("other")), 0, 32)]
    file.create_dataset("OH-1-H/primary/energy", shape=(4,), dtype="f8", external=where)


def virtual(file, path):
    layout = h5py.VirtualLayout(shape=(4,), dtype="f8")
    layout[...] = h5py.VirtualSource("other.h5", "energy", shape=(4,))
    file.create_virtual_dataset("OH-1-H/primary/energy", layout)


def endless(file, path):
    file.create_dataset("OH-1-H/primary/energy", shape=(10**12,), dtype="f8", chunks=(1000,))


def dense(file, path):
    made = file.create_dataset(
        "OH-1-H/primary/energy", shape=(10**7,), dtype="f8", chunks=(10**7,), compression="gzip"
    )
    made.id.write_direct_chunk((0,), zlib.compress(bytes(8 * 10**7), 9))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (external, "a link to another place"),
        (soft, "a link to another place"),
        (raw, "numbers in another file"),
        (virtual, "numbers in another file"),
        (endless, "8,000,000,000,000 bytes, of which the file holds 0"),
        (dense, "80,000,000 bytes, of which the file holds"),
    ],
)
def test_what_is_not_in_the_file_is_not_read(path, damage, message):
    with h5py.File(path, "r+") as file:
        del file["OH-1-H/primary/energy"]
        damage(file, path)
    with pytest.raises(SchemaError, match=message):
        Store(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("left", "a/b"),
        ("left", "\x1b[31m"),
        ("chain", "1"),
        ("chain", 0),
        ("charge", 0.5),
        ("spin", 0),
        ("smiles", np.arange(3)),
    ],
)
def test_attributes_that_cannot_be_are_refused(path, key, value):
    with h5py.File(path, "r+") as file:
        file["OH-1-H"].attrs[key] = value
    with pytest.raises(SchemaError, match=f"attribute {key}"):
        Store(path)


@pytest.mark.parametrize(("name", "value"), [("numbers", 0), ("bonds", 6), ("bond_orders", 4)])
def test_graphs_of_other_atoms_are_refused(path, name, value):
    with h5py.File(path, "r+") as file:
        array = file["OH-1-H"][name][...]
        array.flat[0] = value
        file["OH-1-H"][name][...] = array
    with pytest.raises(SchemaError, match="OH-1-H"):
        Store(path)


def test_a_process_opens_a_store_once_and_no_other_in_its_place(toy_store, tmp_path):
    path = toy_store(NAMES, tmp_path / "a.h5")
    file = Store(path).file
    assert file.open() is file.open()
    assert file.open().checksum == file.checksum
    later = Store(toy_store(NAMES[:2], tmp_path / "b.h5")).file
    shutil.copy(path, later.path)
    with pytest.raises(ChecksumError, match="The data set was replaced"):
        later.open()
