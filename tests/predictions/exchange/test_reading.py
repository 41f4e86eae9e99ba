"""Readers of predictions: what they take, what they refuse, and that damage is no traceback."""

import pickle
import zipfile
from typing import Any

import ase
import ase.io
import h5py
import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator
from builders import prediction_header

from mlip_compose.core.errors import (
    ChecksumError,
    MissingLabelsError,
    RequestError,
    SchemaError,
    UnreadableError,
)
from mlip_compose.core.records import PredictedFrames
from mlip_compose.predictions.exchange.arrays import Sizes
from mlip_compose.predictions.exchange.claims import NoPredictionsError
from mlip_compose.predictions.exchange.reading import origin_of, read_predicted
from mlip_compose.predictions.exchange.xyz import Keys
from mlip_compose.predictions.file import Predictions, write_predictions

SIZES = Sizes({"OH-0-H": 3, "CN-0-H": 3}, 50)
ORIGIN: dict[str, Any] = {
    "dataset": "toy",
    "dataset_sha256": "ab" * 32,
    "task": "length",
    "level": 2,
    "seed": 0,
}
RNG = np.random.default_rng(0)
ENERGY = RNG.normal(size=4)
FORCES = RNG.normal(size=(4, 3, 3))
FRAMES = np.array([2, 0, 5, 7])


def structures(**numbers):
    images = []
    for row in range(4):
        atoms = ase.Atoms("OHH", positions=RNG.normal(size=(3, 3)))
        atoms.info |= {
            "molecule": "OH-0-H",
            "trajectory": "primary",
            "frame": FRAMES[row],
            **ORIGIN,
        }
        for prefix in numbers.get("prefixes", ("MACE_",)):
            atoms.info[f"{prefix}energy"] = ENERGY[row]
            atoms.arrays[f"{prefix}forces"] = FORCES[row]
        images.append(atoms)
    return images


def nested(**more):
    return {
        "OH-0-H/primary/frames": FRAMES,
        "OH-0-H/primary/energy": ENERGY,
        "OH-0-H/primary/forces": FORCES,
        **more,
    }


def flat(**more):
    return {
        "molecule": np.array(["OH-0-H"] * 4),
        "trajectory": np.array(["primary"] * 4),
        "frame": FRAMES,
        "energy": ENERGY,
        "forces": np.concatenate([FORCES, np.full((4, 2, 3), np.nan)], axis=1),
        **more,
    }


def write_hdf5(path, arrays, **attributes):
    with h5py.File(path, "w") as file:
        file.attrs.update(attributes)
        for name, array in arrays.items():
            file[name] = array


def write(path, kind):
    if kind == "xyz":
        ase.io.write(path, structures(prefixes=("REF_", "MACE_")), format="extxyz")
    elif kind == "traj":
        ase.io.write(path, attached())
    elif kind == "npz":
        np.savez(path, **nested(), **ORIGIN)
    elif kind == "flat.npz":
        np.savez_compressed(path, **flat(), **ORIGIN)
    elif kind == "h5":
        write_hdf5(path, nested(), **ORIGIN)
    else:
        write_ours(path)


def attached():
    images = structures(prefixes=())
    for row, atoms in enumerate(images):
        atoms.calc = SinglePointCalculator(atoms, energy=ENERGY[row], forces=FORCES[row])
    return images


def write_ours(path):
    header = prediction_header(potential="a", **ORIGIN)
    frames = PredictedFrames("OH-0-H", "primary", FRAMES, ENERGY, FORCES)
    write_predictions(path, Predictions(header, [frames], {"OH-0-H": "abc"}))


KINDS = ("xyz", "traj", "npz", "flat.npz", "h5", "ours.h5")


def read(path, keys=None):
    return list(read_predicted(path, SIZES, keys))


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_says_the_same(tmp_path, kind):
    path = tmp_path / f"p.{kind}"
    write(path, kind)
    claims = read(path)
    assert {(claim.molecule, claim.trajectory) for claim in claims} == {("OH-0-H", "primary")}
    assert [claim.frame for claim in claims] == FRAMES.tolist()
    np.testing.assert_allclose([claim.energy for claim in claims], ENERGY, atol=1e-7)
    np.testing.assert_allclose([claim.forces for claim in claims], FORCES, atol=1e-7)
    for origin in (origin_of(path), claims[0].origin):
        assert ORIGIN.items() <= dict(origin).items()


def test_what_ase_moved_into_a_calculator_is_read(tmp_path):
    ase.io.write(tmp_path / "p.xyz", attached(), format="extxyz")
    assert [claim.energy for claim in read(tmp_path / "p.xyz")] == pytest.approx(ENERGY.tolist())


def test_several_pairs_of_keys_are_not_guessed_among(tmp_path):
    path = tmp_path / "p.xyz"
    ase.io.write(path, structures(prefixes=("REF_", "MACE_", "xtb_")), format="extxyz")
    with pytest.raises(RequestError, match="MACE_energy, xtb_energy"):
        read(path)
    assert len(read(path, Keys("xtb_energy", "xtb_forces"))) == 4


@pytest.mark.parametrize("kind", ["xyz", "npz", "flat.npz", "h5"])
def test_energies_alone_are_refused_with_what_to_do(tmp_path, kind):
    path = tmp_path / f"p.{kind}"
    if kind == "xyz":
        images = attached()
        for atoms in images:
            del atoms.calc.results["forces"]
        ase.io.write(path, images, format="extxyz")
    else:
        arrays = flat() if kind == "flat.npz" else nested()
        alone = {name: array for name, array in arrays.items() if "forces" not in name}
        np.savez(path, **alone) if "npz" in kind else write_hdf5(path, alone)
    with pytest.raises(MissingLabelsError, match="have the forces written, too"):
        read(path)


def test_a_later_frame_without_numbers_is_named(tmp_path):
    images = structures()
    del images[2].info["MACE_energy"]
    ase.io.write(tmp_path / "p.xyz", images, format="extxyz")
    with pytest.raises(MissingLabelsError, match=r"no MACE_energy in .*p.xyz, frame 2"):
        read(tmp_path / "p.xyz")


def test_identity_that_is_none_is_not_said(tmp_path):
    images = structures()
    for atoms, frame in zip(images, ("x", -3, True, 1.5), strict=True):
        atoms.info |= {"frame": frame, "trajectory": "tertiary"}
        del atoms.info["molecule"]
    ase.io.write(tmp_path / "p.xyz", images, format="extxyz")
    for claim in read(tmp_path / "p.xyz"):
        assert (claim.molecule, claim.trajectory, claim.frame) == ("", "", -1)


@pytest.mark.parametrize(
    ("arrays", "error", "message"),
    [
        ({}, NoPredictionsError, "none|energy"),
        (nested(**{"OH-0-H/primary/stress": ENERGY}), SchemaError, "stress"),
        (nested(**{"OH-0-H/relaxed/frames": FRAMES}), SchemaError, "relaxed"),
        (nested(**{"CN-0-H/primary/frames": FRAMES}), MissingLabelsError, "no energy, no forces"),
        (nested(**{"OH-0-H/primary/energy": ENERGY[:3]}), SchemaError, r"shape \(3,\)"),
        (nested(**{"OH-0-H/primary/forces": FORCES[:, :2]}), SchemaError, r"shape \(4, 2, 3\)"),
        (nested(**{"OH-0-H/primary/forces": FORCES.astype("S8")}), SchemaError, "S8"),
        (nested(**{"OH-0-H/primary/frames": FRAMES - 3}), SchemaError, "from -3"),
        (nested(**{"OH-0-H/primary/frames": ENERGY}), SchemaError, "whole numbers"),
        (nested(**{"OH-0-H/primary/frames": np.arange(60)}), SchemaError, "50 frames at most"),
    ],
)
@pytest.mark.parametrize("kind", ["npz", "h5"])
def test_arrays_that_do_not_fit_are_refused(tmp_path, kind, arrays, error, message):
    path = tmp_path / f"p.{kind}"
    np.savez(path, **arrays) if kind == "npz" else write_hdf5(path, arrays)
    with pytest.raises(error, match=message):
        read(path)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"molecule": np.arange(4)}, SchemaError, "as text"),
        ({"trajectory": np.array(["primary"] * 3 + ["x"])}, SchemaError, "'x'"),
        ({"forces": np.ones((4, 5, 3))}, SchemaError, "others than zeros beyond"),
        ({"forces": FORCES[:, :2]}, SchemaError, "forces of 3 atoms"),
        ({"other": ENERGY}, SchemaError, "other"),
        ({"molecule": np.array(["OH-0-H", None, "a", "b"], dtype=object)}, UnreadableError, "pick"),
    ],
)
def test_flat_arrays_that_do_not_fit_are_refused(tmp_path, change, error, message):
    np.savez(tmp_path / "p.npz", **flat(**change))
    with pytest.raises(error, match=message):
        read(tmp_path / "p.npz")


def test_a_pickle_is_never_read(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (tmp_path.joinpath("burst").touch, ())

    (tmp_path / "p.npz").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(UnreadableError):
        read(tmp_path / "p.npz")
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    header = header.ljust(117) + b"\n"
    member = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with zipfile.ZipFile(tmp_path / "q.npz", "w") as archive:
        for name in flat():
            archive.writestr(f"{name}.npy", member + pickle.dumps(Bomb()))
    with pytest.raises(UnreadableError, match="pickle"):
        read(tmp_path / "q.npz")
    assert not (tmp_path / "burst").exists()


def test_altered_predictions_of_ours_are_refused(tmp_path):
    write_ours(tmp_path / "p.h5")
    with h5py.File(tmp_path / "p.h5", "r+") as file:
        file["OH-0-H/primary/energy"][0] = 0.0
    with pytest.raises(ChecksumError):
        read(tmp_path / "p.h5")


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_one_message(tmp_path, kind):
    path = tmp_path / f"p.{kind}"
    write(path, kind)
    whole = path.read_bytes()
    rng = np.random.default_rng(7)
    refused = 0
    for turn in range(80):
        data = bytearray(whole)
        if turn % 4 == 0:
            data = data[: rng.integers(len(data))]
        elif turn % 4 == 1:
            start = rng.integers(len(data))
            data[start : start + 40] = b""
        else:
            for place in rng.integers(len(data), size=1 + turn % 7):
                data[place] = rng.integers(256)
        path.write_bytes(data)
        for what in (read, origin_of):
            try:
                what(path)
            except RequestError:  # and nothing else
                refused += 1
    assert refused > 20


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [("p.txt", b"x", SchemaError), ("p", b"x", SchemaError), ("p.h5", b"", UnreadableError)],
)
def test_files_of_no_format_are_refused(tmp_path, name, content, error):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error):
        read(tmp_path / name)
