"""What a run would do."""

import pytest
from engines import ONE
from small_study import small_study, write_small

from mlip_compose.core.errors import StudyError
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.remaining import training_states
from mlip_compose.studies.run import run_study


@pytest.fixture
def study(tmp_path):
    write_small(tmp_path / "small.h5")
    return small_study(tmp_path / "small.h5", potentials=("composition", "additive"))


@pytest.fixture
def directory(tmp_path):
    return ResultsDirectory(tmp_path / "results")


def states(study, directory):
    return {entry.training.id: entry.state for entry in training_states(study, directory)}


def test_all_is_missing_and_nothing_is_written(study, directory):
    entries = list(training_states(study, directory))
    assert {entry.state for entry in entries} == {"missing"}
    assert [entry.training.entry.shown for entry in entries[:1]] == ["additive"]
    assert any(entry.training.ceiling for entry in entries)
    assert not directory.root.exists()


def test_what_was_run_is_done_and_what_was_lost_is_begun(study, directory):
    run_study(study, directory, engine=ONE)
    before = states(study, directory)
    assert set(before.values()) == {"done"}
    lost = next(iter(directory.root.glob("predictions/length_L1_additive_s0_*.h5")))
    lost.unlink()
    changed = {key for key, state in states(study, directory).items() if state != before[key]}
    assert {states(study, directory)[key] for key in changed} == {"begun"}
    assert changed == {lost.stem.replace("_L1", "")}


def test_a_checkpoint_says_how_far_it_came(study, directory):
    first = next(iter(training_states(study, directory))).training
    folder = directory.work(first.id)
    folder.mkdir(parents=True)
    (folder / "progress.json").write_text('{"fraction": 0.25, "message": "step 1 of 4"}')
    entry = next(iter(training_states(study, directory)))
    assert (entry.state, entry.fraction) == ("begun", 0.25)


def test_predictions_that_do_not_belong_are_named(study, directory, tmp_path):
    wrong = study.model_copy(update={"predictions": (tmp_path / "no.h5",)})
    with pytest.raises(StudyError, match=r"no .*no.h5"):
        list(training_states(wrong, directory))
