"""npz in the layouts of MD17 and rMD17."""

import io
import zipfile
from typing import Any

import numpy as np
import pytest

from mlip_compose.core.errors import MissingLabelsError, SchemaError, UnreadableError
from mlip_compose.store.formats.base import BATCH
from mlip_compose.store.formats.keys import Keys
from mlip_compose.store.formats.registry import read_frames

N_FRAMES = BATCH + 7
RNG = np.random.default_rng(1)
ARRAYS: dict[str, Any] = {
    "z": np.array([6, 1, 1, 1, 1], dtype=np.uint8),
    "R": RNG.normal(size=(N_FRAMES, 5, 3)),
    "E": RNG.normal(size=(N_FRAMES, 1)),
    "F": RNG.normal(size=(N_FRAMES, 5, 3)).astype(np.float32),
}
RMD17 = {"z": "nuclear_charges", "R": "coords", "E": "energies", "F": "forces"}


def joined(path, what):
    runs = list(read_frames(path))
    assert len(runs) == 2
    assert [run.first for run in runs] == [0, BATCH]
    return np.concatenate([getattr(run, what) for run in runs])


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("layout", ["MD17", "rMD17"])
def test_both_layouts_are_read_in_pieces(tmp_path, save, layout):
    path = tmp_path / "a.npz"
    arrays = ARRAYS | {"E": ARRAYS["E"] if layout == "MD17" else ARRAYS["E"][:, 0]}
    names = {key: key for key in ARRAYS} if layout == "MD17" else RMD17
    save(path, old_indices=np.arange(N_FRAMES), **{names[key]: a for key, a in arrays.items()})
    assert np.array_equal(joined(path, "positions"), ARRAYS["R"])
    assert np.array_equal(joined(path, "energy"), ARRAYS["E"][:, 0])
    assert np.array_equal(joined(path, "forces"), ARRAYS["F"])
    (first, _) = read_frames(path)
    assert first.numbers.tolist() == [6, 1, 1, 1, 1]
    assert (first.units.energy, first.units.stated) == ("kcal/mol", False)


def test_units_that_sgdml_states_are_read(tmp_path):
    np.savez(tmp_path / "a.npz", e_unit="eV", r_unit="Ang", **ARRAYS)
    units = next(read_frames(tmp_path / "a.npz")).units
    assert units == ("eV", "eV/Angstrom", "Angstrom", True)


def test_units_of_unknown_names_are_left_to_the_user(tmp_path):
    np.savez(tmp_path / "a.npz", e_unit="furlong", r_unit="Bohr", **ARRAYS)
    units = next(read_frames(tmp_path / "a.npz")).units
    assert units == ("furlong", "furlong/Bohr", "Bohr", True)


def test_absent_forces_are_an_error(tmp_path):
    np.savez(tmp_path / "a.npz", **{key: a for key, a in ARRAYS.items() if key != "F"})
    with pytest.raises(MissingLabelsError, match="no F"):
        list(read_frames(tmp_path / "a.npz"))


def test_other_keys_are_refused_with_what_there_is(tmp_path):
    np.savez(tmp_path / "a.npz", weights=np.zeros(3))
    with pytest.raises(SchemaError, match="weights"):
        list(read_frames(tmp_path / "a.npz"))


@pytest.mark.parametrize("key", ["R", "E", "F"])
def test_shapes_that_do_not_fit_are_refused(tmp_path, key):
    np.savez(tmp_path / "a.npz", **(ARRAYS | {key: ARRAYS[key][:-1, :, None]}))
    with pytest.raises(UnreadableError, match="shape"):
        list(read_frames(tmp_path / "a.npz"))


def test_objects_are_never_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return open, (str(tmp_path / "sprung"), "w")

    trap = np.empty(N_FRAMES, dtype=object)
    trap[:] = Trap()
    for key in ("E", "z"):
        np.savez(tmp_path / "a.npz", **(ARRAYS | {key: trap}))
        with pytest.raises(UnreadableError, match=r"object|Object"):
            list(read_frames(tmp_path / "a.npz"))
    assert not (tmp_path / "sprung").exists()


def test_truncated_files_are_unreadable(tmp_path):
    np.savez(tmp_path / "a.npz", **ARRAYS)
    content = (tmp_path / "a.npz").read_bytes()
    for size in (0, 100, len(content) // 2, len(content) - 10):
        (tmp_path / "a.npz").write_bytes(content[:size])
        with pytest.raises(UnreadableError):
            list(read_frames(tmp_path / "a.npz"))


def test_an_array_that_ends_early_is_unreadable(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for key, array in ARRAYS.items():
            buffer = io.BytesIO()
            np.save(buffer, array)
            content = buffer.getvalue()
            archive.writestr(f"{key}.npy", content[: len(content) - (8 if key == "R" else 0)])
    with pytest.raises(UnreadableError, match="bytes where"):
        list(read_frames(tmp_path / "a.npz"))


HEADER = "{{'descr': {!r}, 'fortran_order': False, 'shape': {}}}"


@pytest.mark.parametrize(
    "header",
    [
        HEADER.format("<i8", "(10**12,)"),
        HEADER.format("<i8", "(1000000000000,)"),
        HEADER.format("<i8", "(-1,)"),
        HEADER.format("|O", "(1,)"),
        HEADER.format("nothing", "(1,)"),
        "-" * 9_000 + "1",
        "(" * 4_000,
        "'" * 3,
        "7",
    ],
)
@pytest.mark.parametrize("name", ["z", "R"])
def test_headers_that_cannot_be_are_unreadable(tmp_path, header, name):
    text = header.encode() + b"\n"
    content = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(64)
    path = tmp_path / "a.npz"
    np.savez(path, **{key: array for key, array in ARRAYS.items() if key != name})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"{name}.npy", content)
    with pytest.raises(UnreadableError):
        list(read_frames(path))


def test_atomic_numbers_that_unpack_to_gigabytes_are_not_read(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, **(ARRAYS | {"z": np.ones(10**7, dtype=np.int64)}))
    assert path.stat().st_size < 10**6
    with pytest.raises(UnreadableError, match="80,000 are the most"):
        list(read_frames(path))


def test_other_names_are_read_where_they_say_what_they_are(tmp_path):
    names = {"z": "atomic_numbers", "R": "positions", "E": "energy", "F": "forces"}
    np.savez(tmp_path / "a.npz", **{names[key]: array for key, array in ARRAYS.items()})
    assert np.array_equal(joined(tmp_path / "a.npz", "forces"), ARRAYS["F"])
    (first, _) = read_frames(tmp_path / "a.npz")
    assert (first.units.energy, first.units.stated) == ("eV", False)
    np.savez(tmp_path / "b.npz", q=ARRAYS["z"], x=ARRAYS["R"], E=ARRAYS["E"], F=ARRAYS["F"])
    with pytest.raises(SchemaError, match="--keys"):
        list(read_frames(tmp_path / "b.npz"))
    (first, _) = read_frames(tmp_path / "b.npz", Keys(numbers="q", positions="x"))
    assert np.array_equal(first.positions, ARRAYS["R"][:BATCH])


def test_numbers_may_be_floats_or_one_row_a_frame_with_padding(tmp_path):
    numbers = np.tile(ARRAYS["z"].astype(float), (N_FRAMES, 1))
    numbers[3:5, 4] = 0
    np.savez(tmp_path / "a.npz", **(ARRAYS | {"z": numbers, "R": np.asfortranarray(ARRAYS["R"])}))
    runs = list(read_frames(tmp_path / "a.npz"))
    assert [(run.first, len(run), run.numbers.tolist()) for run in runs] == [
        (0, 3, [6, 1, 1, 1, 1]),
        (3, 2, [6, 1, 1, 1]),
        (5, BATCH - 5, [6, 1, 1, 1, 1]),
        (BATCH, 7, [6, 1, 1, 1, 1]),
    ]
    assert np.array_equal(runs[1].positions, ARRAYS["R"][3:5, :4])
    np.savez(tmp_path / "a.npz", **(ARRAYS | {"z": ARRAYS["z"] + 0.5}))
    with pytest.raises(SchemaError, match="whole numbers"):
        list(read_frames(tmp_path / "a.npz"))


def test_charge_and_spin_are_one_for_all_or_one_a_frame(tmp_path):
    charges = np.zeros(N_FRAMES)
    charges[2:] = 1
    np.savez(tmp_path / "a.npz", total_charge=charges, **ARRAYS)
    runs = list(read_frames(tmp_path / "a.npz"))
    assert [(run.charge, run.spin, len(run)) for run in runs] == [
        (0, None, 2),
        (1, None, BATCH - 2),
        (1, None, 7),
    ]
    np.savez(tmp_path / "a.npz", charge=1, multiplicity=2, **ARRAYS)
    assert {(run.charge, run.spin) for run in read_frames(tmp_path / "a.npz")} == {(1, 2)}
