import h5py
import numpy as np
import pytest
from builders import prediction_header

from mlip_compose.core.errors import (
    ChecksumError,
    MissingLabelsError,
    SchemaError,
    UnreadableError,
)
from mlip_compose.core.records import PredictedFrames
from mlip_compose.predictions.file import (
    LATER,
    WRITTEN,
    PredictionHeader,
    Predictions,
    predictions_checksum,
    read_predictions,
    write_predictions,
)


@pytest.fixture
def predictions():
    header = prediction_header(
        potential="<script>alert(1)</script>",
        settings={"cutoff": 5.0},
        seed=3,
        reference="arbitrary",
        train_frames=7,
    )
    energy = np.array([1.5, np.nan])
    forces = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    indices = np.array([5, 2])
    frames = PredictedFrames("OH-1-H", "primary", indices, energy, forces)
    return Predictions(header, [frames], {"OH-1-H": "abc"})


@pytest.fixture
def path(predictions, tmp_path):
    write_predictions(tmp_path / "p.h5", predictions)
    return tmp_path / "p.h5"


def test_what_is_written_is_read(path, predictions):
    found = read_predictions(path)
    assert found.header == predictions.header
    assert found.molecule_sums == {"OH-1-H": "abc"}
    frames, wanted = found.frames["OH-1-H", "primary"], predictions.frames["OH-1-H", "primary"]
    np.testing.assert_array_equal(frames.indices, wanted.indices)
    np.testing.assert_array_equal(frames.energy, wanted.energy)
    np.testing.assert_array_equal(frames.forces, wanted.forces)


def test_altered_predictions_are_refused(path):
    with h5py.File(path, "r+") as file:
        file["OH-1-H/primary/energy"][0] = 0.0
    with pytest.raises(ChecksumError):
        read_predictions(path)


def test_an_altered_header_is_refused(path):
    with h5py.File(path, "r+") as file:
        file.attrs["potential"] = "a better one"
    with pytest.raises(ChecksumError):
        read_predictions(path)


def test_incomplete_predictions_are_refused(path):
    with h5py.File(path, "r+") as file:
        del file["OH-1-H/primary/forces"]
    with pytest.raises(MissingLabelsError, match="no forces"):
        read_predictions(path)


def test_a_data_set_is_no_predictions(toy_store):
    with pytest.raises(SchemaError, match=r"predictions/1.*store/1"):
        read_predictions(toy_store(("H-2-H",)))


def replaced(file, name, values):
    del file[name]
    file[name] = values


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: f.move("OH-1-H/primary", "OH-1-H/train"), "minimum or relaxed in .*'train'"),
        (lambda f: replaced(f, "OH-1-H/primary/energy", np.zeros(2, "f4")), "float64.*float32"),
        (lambda f: replaced(f, "OH-1-H/primary/energy", np.zeros(3)), r"energy \(2,\).*\(3,\)"),
        (
            lambda f: replaced(f, "OH-1-H/primary/frames", f["OH-1-H/primary/frames"][:][None]),
            r"a list of frames.*\(1, 2\)",
        ),
    ],
)
def test_arrays_that_are_none_of_predictions_are_refused(path, damage, message):
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(SchemaError, match=message):
        read_predictions(path)


def test_checksums_are_those_of_predictions_alone(path, toy_store):
    with h5py.File(path) as file:
        assert predictions_checksum(path) == file.attrs["sha256"]
    with pytest.raises(SchemaError, match="something else in"):
        predictions_checksum(toy_store(("H-2-H",)))


def test_truncated_predictions_are_refused(path):
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(UnreadableError, match="truncated"):
        read_predictions(path)


@pytest.fixture
def relaxed(predictions):
    header = predictions.header.model_copy(
        update={"failed_relaxations": {"OH-2-H": "bonds broke <or> formed"}}
    )
    positions = np.arange(6.0).reshape(1, 2, 3)
    frame = PredictedFrames(
        "OH-1-H", "relaxed", np.zeros(1, dtype=int), np.array([-3.5]), 0.1 * positions, positions
    )
    return Predictions(header, [*predictions.frames.values(), frame], predictions.molecule_sums)


def test_relaxed_minima_have_positions_and_reasons(relaxed, tmp_path):
    write_predictions(tmp_path / "r.h5", relaxed)
    found = read_predictions(tmp_path / "r.h5")
    assert found.header == relaxed.header
    np.testing.assert_array_equal(
        found.frames["OH-1-H", "relaxed"].positions, [[[0, 1, 2], [3, 4, 5]]]
    )
    assert found.frames["OH-1-H", "primary"].positions is None


def test_positions_are_part_of_the_checksum_and_required(relaxed, tmp_path):
    write_predictions(tmp_path / "r.h5", relaxed)
    with h5py.File(tmp_path / "r.h5", "r+") as file:
        file["OH-1-H/relaxed/positions"][0, 0, 0] = 9.0
    with pytest.raises(ChecksumError):
        read_predictions(tmp_path / "r.h5")
    with h5py.File(tmp_path / "r.h5", "r+") as file:
        replaced(file, "OH-1-H/relaxed/positions", np.zeros((1, 3, 3), "f4"))
    with pytest.raises(SchemaError, match=r"positions \(1, 2, 3\) in .*\(1, 3, 3\)"):
        read_predictions(tmp_path / "r.h5")
    with h5py.File(tmp_path / "r.h5", "r+") as file:
        del file["OH-1-H/relaxed/positions"]
    with pytest.raises(MissingLabelsError, match="no positions"):
        read_predictions(tmp_path / "r.h5")


def test_without_relaxations_files_are_those_of_before(path):
    with h5py.File(path) as file:
        assert "failed_relaxations" not in file.attrs
        # As written by the version before relaxations were there.
        assert file.attrs["sha256"].startswith("d4e28dd472f0")


@pytest.fixture
def zero_shot(predictions):
    header = predictions.header.model_copy(
        update={
            "level_of_theory": "wB97X/6-31G(d)",
            "pretrained_on": "",
            "failures": {"no <convergence>": (1, "OH-1-H/primary/2")},
        }
    )
    return Predictions(header, predictions.frames.values(), predictions.molecule_sums)


def test_a_level_of_theory_and_failures_travel(zero_shot, tmp_path):
    write_predictions(tmp_path / "z.h5", zero_shot)
    found = read_predictions(tmp_path / "z.h5")
    assert found.header == zero_shot.header
    with h5py.File(tmp_path / "z.h5", "r+") as file:
        file.attrs["level_of_theory"] = "gfn2-xtb"
    with pytest.raises(ChecksumError):
        read_predictions(tmp_path / "z.h5")


def test_without_them_files_are_those_of_before(path):
    with h5py.File(path) as file:
        assert not {"level_of_theory", "pretrained_on", "failures"} & set(file.attrs)
        assert file.attrs["sha256"].startswith("d4e28dd472f0")


@pytest.mark.parametrize("indices", [[5, -2], [5, 5]])
def test_frames_that_cannot_be_are_refused(path, indices):
    with h5py.File(path, "r+") as file:
        file["OH-1-H/primary/frames"][...] = indices
    with pytest.raises(SchemaError, match="each once"):
        read_predictions(path)


def test_an_array_that_the_file_does_not_hold_is_not_read(path):
    with h5py.File(path, "r+") as file:
        del file["OH-1-H/primary/forces"]
        file.create_dataset(
            "OH-1-H/primary/forces", shape=(10**9, 2, 3), dtype="f4", chunks=(100, 2, 3)
        )
    with pytest.raises(SchemaError, match="the file holds 0"):
        read_predictions(path)


@pytest.mark.parametrize(("key", "value"), [("seed", -1), ("seed", 2**63), ("train_frames", -1)])
def test_numbers_of_a_header_that_cannot_be_are_refused(path, key, value):
    with h5py.File(path, "r+") as file:
        file.attrs[key] = np.uint64(value) if value > 0 else value
    with pytest.raises(SchemaError, match=key):
        read_predictions(path)


def test_every_field_of_a_header_is_written(predictions):
    assert sorted(WRITTEN) == sorted(PredictionHeader.model_fields)
    empty = {key for key in LATER if not getattr(predictions.header, key)}
    assert list(predictions.header.document()) == [key for key in WRITTEN if key not in empty]
