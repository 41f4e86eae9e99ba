"""Files of predictions as rows of a study."""

import json
import shutil
from dataclasses import replace

import h5py
import numpy as np
import pytest
from engines import ONE

from mlip_compose.core.errors import (
    ChecksumError,
    RequestError,
    SchemaError,
    StudyError,
    UnreadableError,
)
from mlip_compose.predictions.exchange.importing import PredictionImport, import_predictions
from mlip_compose.predictions.file import Predictions, read_predictions, write_predictions
from mlip_compose.report.page import write_report
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.run import run_study
from mlip_compose.studies.study import Study, load_study


@pytest.fixture
def row(exported, predict, tmp_path):
    """Return a file of imported predictions."""
    store, _ = exported
    imported = import_predictions(
        [predict()], PredictionImport("theirs", dataset=str(store.path), allow_missing=True)
    )
    write_predictions(tmp_path / "theirs.h5", imported.predictions)
    return tmp_path / "theirs.h5"


@pytest.fixture
def run(exported, tmp_path):
    """Return a function that runs a study of the toy store with files of predictions."""
    store, _ = exported
    directory = ResultsDirectory(tmp_path / "results")

    def study(*paths, **changes):
        fields = {
            "name": "toys",
            "dataset": str(store.path),
            "tasks": ("length",),
            "levels": (1,),
            "potentials": ("composition",),
            "train_frames": 8,
            "allow_missing": True,
            "predictions": paths,
        }
        checked = Study.model_validate(fields | changes)
        checked.check()
        return run_study(checked, directory, engine=ONE, write_page=write_report)

    return study


def rewrite(path, **changes):
    """Write predictions anew with another header."""
    predictions = read_predictions(path)
    header = predictions.header.model_copy(update=changes)
    frames, sums = predictions.frames.values(), predictions.molecule_sums
    write_predictions(path, Predictions(header, frames, sums))
    return path


def test_it_is_scored_and_shown_as_the_others(run, row):
    outcome = run(row)
    units = {unit.potential: unit for unit in outcome.results.units}
    assert set(units) == {"composition", "theirs"}
    assert units["theirs"].status == "done"
    assert units["theirs"].role == "learned"
    assert units["theirs"].train_frames == 8
    assert units["theirs"].cost == {}
    assert [score.potential for score in outcome.results.scores] == ["composition", "theirs"]
    assert "theirs" in outcome.report.read_text("utf-8")
    assert run(row).done == 0


def test_a_file_that_changes_is_scored_anew_and_one_that_returns_is_shown(run, row, tmp_path):
    first = run(row).results
    kept = shutil.copy(row, tmp_path / "kept")
    predictions = read_predictions(row)
    frames = [
        replace(group, forces=np.zeros_like(group.forces)) for group in predictions.frames.values()
    ]
    changed = Predictions(predictions.header, frames, predictions.molecule_sums)
    write_predictions(row, changed)
    outcome = run(row)
    assert outcome.done == 1
    assert outcome.results.scores[1] != first.scores[1]
    shutil.copy(kept, row)
    outcome = run(row)
    assert outcome.done == 0
    assert outcome.results.scores == first.scores
    assert json.loads((tmp_path / "results" / "results.json").read_text())["scores"][1][
        "metrics"
    ] == [metric.model_dump() for metric in first.scores[1].metrics]


def test_without_training_frames_and_minima_it_is_shown_with_less(run, exported, predict, tmp_path):
    store, _ = exported
    imported = import_predictions(
        [predict(parts=("id", "ood"))],
        PredictionImport("theirs", dataset=str(store.path), allow_missing=True),
    )
    write_predictions(tmp_path / "few.h5", imported.predictions)
    outcome = run(tmp_path / "few.h5")
    assert outcome.results.scores[1].metric("forces_mae").ood is not None
    assert "theirs" in outcome.report.read_text("utf-8")


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"dataset_sha256": "f" * 64}, ChecksumError, "ffffffffffff"),
        ({"level": 2}, StudyError, "length, level 2, seed 0"),
        ({"task": "transfer"}, StudyError, "transfer, level 1, seed 0"),
        ({"seed": 4}, StudyError, "length, level 1, seed 4"),
        ({"train_frames": 7}, StudyError, "8 training frames"),
        ({"potential": "composition"}, StudyError, "a potential of the study"),
        ({"potential": "composition, ceiling"}, StudyError, "a potential of the study"),
    ],
)
def test_what_does_not_belong_to_the_study_is_refused(run, row, tmp_path, changes, error, message):
    with pytest.raises(error, match=message):
        run(rewrite(row, **changes))
    assert not (tmp_path / "results").exists()


def test_two_files_of_one_name_are_refused(run, row, tmp_path):
    shutil.copy(row, tmp_path / "again.h5")
    with pytest.raises(StudyError, match=r"theirs.h5 and .*again.h5"):
        run(row, tmp_path / "again.h5")
    with pytest.raises(StudyError, match="twice"):
        run(row, row)


def test_absent_and_unusable_files_are_named_before_anything_runs(run, row, predict, tmp_path):
    with pytest.raises(StudyError, match=r"no .*a.h5, no .*b.h5"):
        run(tmp_path / "a.h5", row, tmp_path / "b.h5")
    with pytest.raises(RequestError, match="predictions import"):
        run(predict() / "id.xyz")
    whole = row.read_bytes()
    with h5py.File(row, "r+") as file:
        file.attrs["seed"] = "none"
    with pytest.raises(SchemaError, match="the header of predictions"):
        run(row)
    row.write_bytes(whole[:-200])
    with pytest.raises(UnreadableError):
        run(row)
    assert not (tmp_path / "results").exists()


def test_paths_are_relative_to_the_study_file(tmp_path):
    (tmp_path / "mine").mkdir()
    path = tmp_path / "mine" / "study.yaml"
    text = "name: a\npotentials: [composition]\npredictions: [their.h5, /else/where.h5]\n"
    path.write_text(text)
    paths = load_study(str(path)).predictions
    assert list(map(str, paths)) == [str(tmp_path / "mine" / "their.h5"), "/else/where.h5"]
