"""A study over two levels with ceilings, on a few molecules of a frozen set."""

import json
import shutil

import numpy as np
import pytest
from engines import ONE
from small_study import LENGTHS, small_study, write_small

from mlip_compose import Store, read_predictions, read_results, run_study, write_report
from mlip_compose.core.records import PRIMARY
from mlip_compose.evaluation.ceiling import CeilingScore
from mlip_compose.report.page import render_report
from mlip_compose.studies.directory import ResultsDirectory


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """The first frames of a few molecules."""
    path = tmp_path_factory.mktemp("data") / "small.h5"
    write_small(path)
    return path


@pytest.fixture(scope="module")
def study(dataset):
    return small_study(dataset)


def run(study, folder):
    return run_study(study, folder, engine=ONE, write_page=write_report)


@pytest.fixture(scope="module")
def outcome(study, tmp_path_factory):
    return run(study, tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def folder(outcome):
    return outcome.report.parent


def test_every_score_has_a_ceiling_beside_it(outcome, folder):
    results = outcome.results
    assert outcome.failures == ()
    keys = {(score.task, score.level, score.potential, score.seed) for score in results.scores}
    beside = [(c.task, c.level, c.potential, c.seed) for c in results.ceilings]
    assert set(beside) == keys
    assert len(beside) == len(keys) == 4
    assert {unit.ceiling for unit in results.units} == {True, False}
    stored = [
        CeilingScore.model_validate_json(path.read_text())
        for path in sorted((folder / "ceilings").iterdir())
    ]
    assert len(stored) == 4
    assert all(ceiling in results.ceilings for ceiling in stored)


def test_the_budget_is_the_same(outcome):
    for ceiling in outcome.results.ceilings:
        assert ceiling.train_frames == 40
        assert 0 < ceiling.ood_train_frames < 40
        assert ceiling.ood_molecules == 4
    assert {unit.train_frames for unit in outcome.results.units} == {40}


def test_the_very_same_frames_are_compared(outcome, folder):
    """Both errors are made anew from the two prediction files, on the second half alone."""
    store = Store(outcome.results.study["dataset"])
    (first,) = folder.glob("predictions/length_L2_additive_s0_[!c]*.h5")
    (second,) = folder.glob("predictions/length_L2_additive_s0_ceiling_*.h5")
    errors = []
    for path in (first, second):
        predictions = read_predictions(path)
        absolute = []
        for name in ("OH-7-H", "OH-8-H", "F-7-H", "F-8-H"):
            there = predictions.frames[name, PRIMARY]
            rows = there.indices >= LENGTHS[PRIMARY] // 2
            assert there.indices[rows].tolist() == list(range(6, 12))
            reference = store.frames(name, PRIMARY, there.indices[rows]).forces
            absolute.append(np.abs(there.forces[rows] - reference).ravel())
        errors.append(1000 * np.concatenate(absolute).mean())
    (ceiling,) = (c for c in outcome.results.ceilings if (c.level, c.potential) == (2, "additive"))
    metric = ceiling.metric("forces_mae")
    assert metric.ood.value == pytest.approx(errors[0], rel=1e-4)
    assert metric.ceiling.value == pytest.approx(errors[1], rel=1e-4)
    assert metric.gap.value == pytest.approx(errors[0] / errors[1], rel=1e-4)
    assert metric.gap.low <= metric.gap.value <= metric.gap.high
    assert (metric.frames, metric.molecules) == (24, 4)


def test_no_tested_frame_was_trained_on(folder):
    for path in folder.glob("trainings/*_ceiling_*/unit.json"):
        trained = json.loads(path.read_text())["identity"]["train"]
        for name in ("OH-7-H", "OH-8-H", "F-7-H", "F-8-H"):
            assert max(trained[name]) < LENGTHS[PRIMARY] // 2 - 1


def test_predictions_of_a_ceiling_say_what_they_are_of(folder):
    for path in (folder / "predictions").iterdir():
        predictions = read_predictions(path)
        assert predictions.header.potential.endswith(", ceiling") == ("_ceiling_" in path.name)


def test_zero_forces_are_as_good_with_the_molecules_in_training(outcome):
    for ceiling in outcome.results.ceilings:
        if ceiling.potential == "composition":
            gap = ceiling.metric("forces_mae").gap
            assert (gap.value, gap.low, gap.high) == (1.0, 1.0, 1.0)


def test_a_study_of_levels_has_horizons_and_receptive_fields(outcome):
    results = outcome.results
    found = {(h.potential, h.metric): h for h in results.horizons}
    assert {potential for potential, _ in found} == {"composition", "additive"}
    for horizon in found.values():
        assert [point.level for point in horizon.points] == [1, 2]
        radii = {score.level: score.coverage_radius for score in results.scores}
        assert {p.level: p.coverage_radius for p in horizon.points} == radii
    fields = {unit.potential: unit.receptive_field for unit in results.units}
    assert (fields["composition"].bonds, fields["additive"].bonds) == (0, 3)


def test_a_second_run_does_nothing(study, folder, outcome):
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}
    again = run(study, folder)
    assert again.done == 0
    assert again.results == outcome.results
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()} == before


def test_only_what_is_missing_of_a_ceiling_is_done(study, folder, outcome):
    (score,) = folder.glob("ceilings/length_L1_additive*.json")
    (predictions,) = folder.glob("predictions/length_L2_composition_s0_ceiling_*.h5")
    (damaged,) = folder.glob("ceilings/length_L2_additive*.json")
    before = {p: p.read_bytes() for p in (score, predictions, damaged)}
    score.unlink()
    predictions.unlink()
    damaged.write_text(damaged.read_text()[:50])
    again = run(study, folder)
    assert again.done == 3
    assert {p: p.read_bytes() for p in before} == before
    assert again.results.ceilings == outcome.results.ceilings


def test_scores_are_those_of_the_study_without_ceilings(study, folder, outcome, tmp_path):
    alone = run(study.model_copy(update={"ceiling": False}), tmp_path)
    assert alone.results.scores == outcome.results.scores
    assert alone.results.certificates == outcome.results.certificates
    assert alone.results.ceilings == ()
    assert not (tmp_path / "ceilings").exists()


def test_the_report_shows_both_gaps_and_one_without_ceilings_does_not(outcome):
    assert "ceiling gap" in outcome.report.read_text()
    ordinary = tuple(unit for unit in outcome.results.units if not unit.ceiling)
    without = outcome.results.model_copy(update={"ceilings": (), "horizons": (), "units": ordinary})
    page = render_report(without).lower().split('id="account"')[0]
    assert "ceiling" not in page
    assert "horizon-title" not in page


def test_results_without_ceilings_and_horizons_are_read_and_shown(outcome, tmp_path):
    """Files that were written before there were any."""
    document = json.loads(ResultsDirectory(outcome.report.parent).results.read_text())
    for key in ("ceilings", "ceiling_summaries", "horizons"):
        del document[key]
    document["units"] = [unit for unit in document["units"] if not unit.pop("ceiling")]
    for unit in document["units"]:
        del unit["receptive_field"]
    old = ResultsDirectory(tmp_path)
    old.results.write_text(json.dumps(document))
    results = read_results(old)
    assert (results.ceilings, results.horizons) == ((), ())
    assert "horizon-title" not in render_report(results)


def test_a_ceiling_that_failed_leaves_the_ordinary_result(study, folder, outcome, tmp_path):
    """A failure of the ceiling is recorded, and hides neither the score nor the rest."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (unit,) = sorted(copy.glob("trainings/length_additive_s0_ceiling_*/unit.json"))[:1]
    document = json.loads(unit.read_text())
    level = document["facts"]["levels"][0]
    document["facts"] |= {"status": "failed", "reason": "it would not <fit>"}
    unit.write_text(json.dumps(document))
    (copy / "results.json").unlink()
    found = run(study, copy)
    assert found.results.scores == outcome.results.scores
    kept = {(c.level, c.potential) for c in found.results.ceilings}
    assert kept == {(1, "composition"), (2, "composition"), (1, "additive"), (2, "additive")} - {
        (level, "additive")
    }
    assert [unit.ceiling for unit in found.results.units if unit.status == "failed"] == [True]
    (failure,) = found.failures
    assert "ceiling" in failure
    assert "it would not <fit>" in failure
    assert "it would not &lt;fit&gt;" in found.report.read_text()
