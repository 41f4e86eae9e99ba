"""Submissions: a card and a file of predictions."""

import json

import pytest
import yaml
from engines import ONE
from small_study import NAMES, small_study, write_small

from mlip_compose.core.errors import (
    ChecksumError,
    RequestError,
    SchemaError,
    StudyError,
    UnknownNameError,
    UnreadableError,
)
from mlip_compose.potentials.entry import Entry
from mlip_compose.predictions.exchange.submission import (
    read_submission,
    submissions_in,
    write_submission,
)
from mlip_compose.predictions.file import Predictions
from mlip_compose.predictions.joined import read_joined
from mlip_compose.studies.check_submission import check_submission, first_difference
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.run import run_study
from mlip_compose.studies.study import with_predictions

FILLED = {"summary": "the same with another name", "authors": ["somebody"], "training": "a fit"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the path of a small store, and predictions on its splits by a potential named mine."""
    folder = tmp_path_factory.mktemp("made")
    write_small(folder / "small.h5", NAMES)
    mine = Entry(potential="additive", label="mine")
    study = small_study(folder / "small.h5", potentials=(mine,), ceiling=False)
    directory = ResultsDirectory(folder / "results")
    assert not run_study(study, directory, engine=ONE).failures
    paths = sorted((folder / "results" / "predictions").glob("*.h5"))
    parts = [part for path in paths for part in read_joined(path).values()]
    assert len(parts) == 2
    return folder / "small.h5", parts


@pytest.fixture
def study(made):
    return small_study(made[0], ceiling=False)


@pytest.fixture
def submission(made, tmp_path):
    """Return the card of a complete submission."""
    write_submission(tmp_path / "all" / "mine", made[1])
    return fill(tmp_path / "all" / "mine" / "card.yaml")


def fill(path, **changes):
    """Write into a card what a person would."""
    document = yaml.safe_load(path.read_text()) | FILLED | changes
    path.write_text(yaml.safe_dump(document))
    return path


def test_a_new_card_has_to_be_filled_in(made, tmp_path):
    card = write_submission(tmp_path / "mine", made[1])
    assert card.name == "mine"
    with pytest.raises(SchemaError, match="TO DO in summary, authors, training"):
        read_submission(tmp_path / "mine" / "card.yaml")
    fill(tmp_path / "mine" / "card.yaml", cost={"device": "a", "cpu_s": 3.5}, parameters=7)
    submission = read_submission(tmp_path / "mine" / "card.yaml")
    assert submission.path == tmp_path / "mine" / "predictions.h5"
    assert submission.card.cost_document() == {"parameters": 7, "device": "a", "cpu_s": 3.5}
    assert set(submission.card.facts()["submission"]) == {*FILLED, "predictions", "sha256"}


def test_what_a_card_says_is_kept_when_predictions_are_joined_again(made, submission):
    before = read_submission(submission).card
    card = write_submission(submission.parent, made[1][:1])
    assert (card.training, card.authors) == ("a fit", ("somebody",))
    assert card.sha256 != before.sha256
    assert read_submission(submission).card == card


def test_predictions_that_no_card_names_are_not_replaced(made, submission):
    submission.unlink()
    with pytest.raises(RequestError, match="found one"):
        write_submission(submission.parent, made[1])


def test_a_card_of_another_potential_is_not_taken(made, submission):
    fill(submission, name="yours")
    with pytest.raises(RequestError, match="predictions of yours"):
        write_submission(submission.parent, made[1])


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"sha256": "0" * 64}, ChecksumError, "000000000000"),
        ({"predictions": "other.h5"}, UnreadableError, r"no file .*other.h5"),
        ({"predictions": "../other.h5"}, SchemaError, "predictions is right"),
        ({"format": "mlip-compose/model-card/1"}, SchemaError, "format is right"),
        ({"author": "me"}, UnknownNameError, "Did you mean 'authors'"),
        ({"cost": {"cpu_s": -1}}, SchemaError, r"cost.cpu_s is right"),
        ({"cost": {"wall_s": float("inf")}}, SchemaError, r"cost.wall_s is right"),
        ({"authors": []}, SchemaError, "authors is right"),
    ],
)
def test_a_wrong_card_is_refused(submission, study, changes, error, message):
    fill(submission, **changes)
    with pytest.raises(error, match=message):
        list(check_submission(submission, study, None))


def test_cards_are_found_in_folders(submission, tmp_path):
    folder = tmp_path / "all"
    assert list(submissions_in([folder])) == list(submissions_in([folder / "mine"])) == [submission]
    assert list(submissions_in([tmp_path / "x.h5"])) == [tmp_path / "x.h5"]
    with pytest.raises(RequestError, match="found none"):
        list(submissions_in([tmp_path]))


def test_a_study_takes_it_and_shows_what_its_card_says(submission, study, tmp_path):
    fill(submission, parameters=12, cost={"cpu_s": 2.5}, licence="MIT")
    taken = with_predictions(study, (submission,))
    directory = ResultsDirectory(tmp_path / "results")
    outcome = run_study(taken, directory, engine=ONE)
    units = [unit for unit in outcome.results.units if unit.potential == "mine"]
    assert [(unit.levels, unit.cost) for unit in units] == [
        ((level,), {"parameters": 12, "cpu_s": 2.5}) for level in (1, 2)
    ]
    assert units[0].facts["submission"]["licence"] == "MIT"
    assert run_study(taken, directory, engine=ONE).done == 0

    splits = list(check_submission(submission, study, directory))
    assert [split.published for split in splits] == [True, True]
    scores = [score for score in outcome.results.scores if score.potential == "mine"]
    assert [split.score for split in splits] == scores
    additive = [score for score in outcome.results.scores if score.potential == "additive"]
    assert [s.metrics for s in scores] == [s.metrics for s in additive]


def test_a_published_score_that_is_not_its_own_is_found(submission, study, tmp_path):
    directory = ResultsDirectory(tmp_path / "results")
    (first, _) = check_submission(submission, study, directory)
    assert not first.published
    run_study(with_predictions(study, (submission,)), directory, engine=ONE)
    path = directory.score(first.row.target.id)
    document = json.loads(path.read_text())
    document["metrics"][0]["ood"]["value"] *= 0.99
    path.write_text(json.dumps(document))
    with pytest.raises(ChecksumError, match=r"metrics.0.ood.value \("):
        list(check_submission(submission, study, directory))
    path.write_text("{")
    with pytest.raises(SchemaError, match="a score in"):
        list(check_submission(submission, study, directory))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"train_frames": 30}, StudyError, "one with 40"),
        ({"levels": (1,)}, StudyError, "length, level 2, seed 0"),
        ({"potentials": ({"potential": "additive", "label": "mine"},)}, StudyError, "a potential"),
        ({"dataset": "mini-v1"}, ChecksumError, "those of mini-v1"),
    ],
)
def test_what_a_study_does_not_take_is_refused(submission, made, changes, error, message):
    other = small_study(made[0], **({"ceiling": False} | changes))
    with pytest.raises(error, match=message):
        list(check_submission(submission, other, None))


def test_predictions_of_other_frames_under_the_right_checksum_are_refused(made, study, tmp_path):
    predictions = made[1][0]
    sums = {**predictions.molecule_sums, "OH-1-H": "0" * 64}
    forged = Predictions(predictions.header, predictions.frames.values(), sums)
    write_submission(tmp_path / "mine", [forged])
    card = fill(tmp_path / "mine" / "card.yaml")
    with pytest.raises(ChecksumError, match="other frames of OH-1-H"):
        list(check_submission(card, study, None))


def test_a_card_and_predictions_of_two_names_are_refused(made, study, tmp_path):
    predictions = made[1][0]
    header = predictions.header.model_copy(update={"potential": "yours"})
    renamed = Predictions(header, predictions.frames.values(), predictions.molecule_sums)
    write_submission(tmp_path / "mine", [renamed])
    card = fill(tmp_path / "mine" / "card.yaml", name="mine")
    with pytest.raises(StudyError, match=r"predictions of 'mine'.*those of 'yours'"):
        list(check_submission(card, study, None))


@pytest.mark.parametrize(
    ("kept", "made_now", "place"),
    [
        ({"a": [1.0, {"b": 2.0}]}, {"a": [1.0, {"b": 2.0 * (1 + 1e-9)}]}, ""),
        ({"a": [1.0, {"b": 2.0}]}, {"a": [1.0, {"b": 2.1}]}, "a.1.b (2 and 2.1)"),
        ({"a": 1}, {"a": 1, "c": 2}, "(keys c)"),
        ({"a": [1]}, {"a": []}, "a (1 values and 0)"),
        ({"a": "x"}, {"a": None}, "a ('x' and None)"),
        ({"a": 0.0}, {"a": 1e-9}, ""),
    ],
)
def test_the_first_difference_is_named(kept, made_now, place):
    assert first_difference(kept, made_now) == place
