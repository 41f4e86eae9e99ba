"""Predictions on several splits in one file."""

import h5py
import numpy as np
import pytest
from builders import prediction_header

from mlip_compose.core.errors import ChecksumError, RequestError, SchemaError, UnreadableError
from mlip_compose.core.records import PredictedFrames, SplitKey
from mlip_compose.predictions.file import Predictions, write_predictions
from mlip_compose.predictions.joined import (
    choose,
    is_predictions,
    read_headers,
    read_joined,
    read_one,
    write_joined,
)

SUMS = {"OH-1-H": "abc"}
STANDARD = SplitKey("length", 2, 0)


def part(task="length", level=2, seed=0, **changes):
    header = prediction_header(task=task, level=level, seed=seed, **changes)
    forces = np.full((2, 2, 3), level, dtype=np.float32)
    frames = PredictedFrames("OH-1-H", "primary", np.array([5, 2]), np.array([1.5, 2.5]), forces)
    return Predictions(header, [frames], SUMS)


@pytest.fixture
def path(tmp_path):
    parts = [part(), part(level=1), part("transfer"), part(seed=1)]
    write_joined(tmp_path / "joined.h5", parts)
    return tmp_path / "joined.h5"


def test_every_split_is_read_as_it_was(path):
    found = read_joined(path)
    names = ["length_L1_s0", "length_L2_s0", "length_L2_s1", "transfer_L2_s0"]
    assert [str(key) for key in found] == names
    for key, predictions in found.items():
        assert predictions.molecule_sums == SUMS
        again = read_one(path, key)
        assert again.header == predictions.header
        frames = again.frames["OH-1-H", "primary"]
        np.testing.assert_array_equal(frames.forces, float(predictions.header.level))


def test_files_of_predictions_are_known_by_their_schema(path, tmp_path, toy_store):
    write_predictions(tmp_path / "one.h5", part())
    for file, expected in (
        (path, True),
        (tmp_path / "one.h5", True),
        (toy_store(["H-2-H"]), False),
    ):
        with h5py.File(file) as opened:
            assert is_predictions(opened.attrs["schema"]) is expected


def test_headers_are_read_without_the_numbers(path):
    with h5py.File(path, "r+") as file:
        file["length_L1_s0/OH-1-H/primary/energy"][0] = 0.0  # found only where numbers are read
    headers = read_headers(path)
    assert list(headers) == list(map(SplitKey.parse, sorted(map(str, headers))))
    for key, (header, sums) in headers.items():
        assert header.key == key
        assert sums == SUMS
    with h5py.File(path, "r+") as file:
        file["length_L1_s0"].attrs["level"] = 3
    with pytest.raises(SchemaError, match="those of length_L3_s0"):
        read_headers(path)


def test_a_file_of_one_split_is_as_good(tmp_path):
    write_predictions(tmp_path / "one.h5", part())
    assert list(read_joined(tmp_path / "one.h5")) == [STANDARD]
    assert list(read_headers(tmp_path / "one.h5")) == [STANDARD]
    assert read_one(tmp_path / "one.h5", STANDARD).header.level == 2


def test_a_joined_file_and_its_bytes_are_the_same_each_time(path, tmp_path):
    write_joined(tmp_path / "again.h5", read_joined(path).values())
    assert (tmp_path / "again.h5").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([part(), part()], "length_L2_s0 twice"),
        ([part(), part(level=1, potential="yours")], "mine, yours"),
        ([part(), part(level=1, dataset_sha256="1" * 64)], "111111111111"),
        ([], "no predictions"),
    ],
)
def test_what_is_of_no_single_potential_is_not_joined(tmp_path, parts, message):
    with pytest.raises(RequestError, match=message):
        write_joined(tmp_path / "joined.h5", parts)
    assert not (tmp_path / "joined.h5").exists()


def test_altered_numbers_and_names_are_refused(path):
    with h5py.File(path, "r+") as file:
        file.move("length_L1_s0", "length_L3_s0")
    with pytest.raises(SchemaError, match=r"length_L3_s0.*those of length_L1_s0"):
        read_joined(path)
    with h5py.File(path, "r+") as file:
        file.move("length_L3_s0", "length_L1_s0")
        file["length_L1_s0/OH-1-H/primary/energy"][0] = 0.0
    with pytest.raises(ChecksumError, match="length_L1_s0"):
        read_joined(path)
    assert read_one(path, STANDARD).header.level == 2


def test_what_is_no_group_of_predictions_is_named(path):
    with h5py.File(path, "r+") as file:
        file["array"] = np.zeros(3)
    with pytest.raises(SchemaError, match="an array"):
        read_joined(path)
    with pytest.raises(SchemaError, match=r"found array, length_L1_s0"):
        read_one(path, SplitKey("length", 9, 0))
    with h5py.File(path, "r+") as file:
        for name in list(file):
            del file[name]
    with pytest.raises(SchemaError, match="at least one split"):
        read_joined(path)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(UnreadableError):
        read_joined(path)


def test_one_split_is_chosen_by_its_task_and_level(path):
    parts = read_joined(path)
    assert choose(parts, path, "length", 1).header.level == 1
    assert choose(parts, path, "transfer", None).header.task == "transfer"
    for task, level, message in ((None, None, "found 4"), ("length", 2, "found 2 of length")):
        with pytest.raises(RequestError, match=message):
            choose(parts, path, task, level)
    one = {STANDARD: part()}
    assert choose(one, path, "crossing", 1).header.task == "length"  # scored as another one
