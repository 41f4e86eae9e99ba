"""Predictions are joined with labels frame by frame, and atom by atom."""

import numpy as np
import pytest

from mlip_compose.core.errors import CoverageError, SchemaError
from mlip_compose.core.records import PredictedFrames
from mlip_compose.predictions.file import PredictionHeader, Predictions
from mlip_compose.predictions.scoring import predicted_frames
from mlip_compose.studies.directory import ResultsDirectory, made_from

HEADER = PredictionHeader(
    potential="p",
    role="learned",
    settings={},
    seed=0,
    dataset="toy",
    dataset_sha256="0" * 64,
    reference="arbitrary",
    task="length",
    level=1,
    train_frames=1,
    software={},
)


def predictions(n_atoms):
    shape = (3, n_atoms, 3)
    forces = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    frames = PredictedFrames("OH-1-H", "primary", np.array([4, 0, 2]), np.arange(3.0), forces)
    return Predictions(HEADER, [frames], {})


def test_frames_are_matched_by_their_index(molecule):
    found = predicted_frames(predictions(6), molecule("OH-1-H"), "primary", np.array([2, 4]))
    np.testing.assert_array_equal(found.energy, [2.0, 0.0])
    with pytest.raises(CoverageError, match="none of frames 1"):
        predicted_frames(predictions(6), molecule("OH-1-H"), "primary", np.array([1]))


def test_forces_on_another_number_of_atoms_are_refused(molecule):
    with pytest.raises(SchemaError, match="forces on the 6 atoms of OH-1-H"):
        predicted_frames(predictions(5), molecule("OH-1-H"), "primary", np.array([0]))


def test_results_that_do_not_fit_together_are_refused(tmp_path):
    with (
        pytest.raises(SchemaError, match="KeyError: 'wide'"),
        made_from(ResultsDirectory(tmp_path)),
    ):
        dict[str, int]()["wide"]
