"""Results without raw predictions: what an archive has, and how a run goes on from one."""

import json
import shutil

import pytest
from small_study import small_study, write_small

from mlip_compose.core.errors import RequestError, SchemaError, UnwritableError
from mlip_compose.engine.in_process import InProcess
from mlip_compose.report.page import render_report, write_report
from mlip_compose.studies.archive import ARCHIVED, archive
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.results import read_results
from mlip_compose.studies.run import run_study

POTENTIALS = ("composition", {"potential": "additive", "label": "mine"})


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "small.h5"
    write_small(path)
    return small_study(path, potentials=POTENTIALS)


@pytest.fixture(scope="module")
def results(study, tmp_path_factory):
    directory = ResultsDirectory(tmp_path_factory.mktemp("results"))
    run(study, directory)
    return directory


def run(study, directory):
    return run_study(study, directory, engine=InProcess(), write_page=write_report)


@pytest.fixture
def archived(results, tmp_path):
    archive(results, tmp_path / "archive", 0.0)
    return ResultsDirectory(tmp_path / "archive")


def document(results):
    return results.model_dump(mode="json", exclude={"provenance", "units"})


def test_it_has_neither_predictions_nor_models_and_shows_the_same_page(results, archived):
    assert not (archived.root / "predictions").exists()
    assert not list(archived.root.glob("trainings/*/model"))
    assert read_results(archived) == read_results(results)
    assert render_report(read_results(archived)) == results.report.read_text("utf-8")
    names = {path.stem for path in results.root.glob("predictions/*.h5")}
    record = json.loads((archived.root / ARCHIVED).read_text())
    assert set(record["predictions"]) == names
    assert len(names) == 8


def test_models_are_kept_up_to_a_size(results, tmp_path):
    files = archive(results, tmp_path / "archive", 1.0)
    assert len([path for path in files if "/model/" in str(path)]) >= 8
    sizes = {path.stat().st_size for path in results.root.glob("trainings/*/model/*")}
    files = archive(results, tmp_path / "small", (max(sizes) - 1) / 1e6)
    assert 0 < len([path for path in files if "/model/" in str(path)]) < 8


def test_a_run_finds_nothing_missing_in_it(study, archived):
    before = {path: path.read_bytes() for path in archived.root.rglob("*.json")}
    assert run(study, archived).done == 0
    assert {path: path.read_bytes() for path in archived.root.rglob("*.json")} == before


def test_a_score_that_is_missing_is_made_by_training_again(study, results, archived):
    (score,) = archived.root.glob("scores/length_L1_mine*.json")
    kept = score.read_bytes()
    score.unlink()
    outcome = run(study, archived)
    assert score.read_bytes() == kept
    assert document(outcome.results) == document(read_results(results))


def test_models_that_are_kept_spare_the_training(study, results, tmp_path):
    archive(results, tmp_path / "archive", 1.0)
    directory = ResultsDirectory(tmp_path / "archive")
    units = {path: path.stat().st_mtime_ns for path in directory.root.glob("trainings/*/unit.json")}
    (score,) = directory.root.glob("ceilings/length_L2_mine*.json")
    score.unlink()
    run(study, directory)
    assert score.is_file()
    assert {path: path.stat().st_mtime_ns for path in units} == units


def test_without_its_record_predictions_are_made_again(study, results, archived):
    (archived.root / ARCHIVED).unlink()
    run(study, archived)
    for path in results.root.glob("predictions/*.h5"):
        assert archived.predictions(path.stem).read_bytes() == path.read_bytes()


def test_a_potential_that_comes_later_joins_the_frames_that_are_shown(study, archived):
    before = read_results(archived).gallery
    more = (*POTENTIALS, {"potential": "additive", "settings": {"couplings": True}, "label": "new"})
    wider = small_study(study.dataset, potentials=more)
    outcome = run(wider, archived)
    assert outcome.done == 8  # two levels, each two trainings, a score and one against a ceiling
    gallery = outcome.results.gallery
    for old, new in zip(before.sets, gallery.sets, strict=True):
        assert [member.name for member in new.potentials] == ["mine", "new", "composition"]
        assert [(m.molecule, m.part, m.novel) for m in new.members] == [
            (m.molecule, m.part, m.novel) for m in old.members
        ]
        for ours, theirs in zip(new.members, old.members, strict=True):
            assert [(f.frame, f.why) for f in ours.frames] == [
                (f.frame, f.why) for f in theirs.frames
            ]
            for frame, kept in zip(ours.frames, theirs.frames, strict=True):
                assert (frame.errors[0], frame.errors[2]) == kept.errors
                assert frame.errors[1] is not None
    again = run(study, archived).results.gallery  # the two alone: what is shown of them is the same
    assert [member.values for member in again.sets] == [member.values for member in before.sets]


def test_what_a_killed_process_left_is_not_in_it(results, tmp_path):
    copy = tmp_path / "results"
    shutil.copytree(results.root, copy)
    (unit, *_) = sorted((copy / "trainings").iterdir())
    shutil.copytree(unit, unit.with_name(".left.tmp"))
    archive(ResultsDirectory(copy), tmp_path / "archive", 1.0)
    assert not list((tmp_path / "archive").rglob(".left*"))


def test_an_archive_of_an_archive_is_the_same(archived, tmp_path):
    archive(archived, tmp_path / "again", 0.0)
    for path in archived.root.rglob("*.json"):
        assert (tmp_path / "again" / path.relative_to(archived.root)).read_bytes() == (
            path.read_bytes()
        )


def test_no_results_and_their_own_directory_are_refused(results, tmp_path):
    with pytest.raises(RequestError, match=r"results\.json.*found none"):
        archive(ResultsDirectory(tmp_path / "nowhere"), tmp_path / "archive", 0.0)
    with pytest.raises(RequestError, match="found none"):
        archive(ResultsDirectory(tmp_path / ("x" * 300)), tmp_path / "archive", 0.0)
    with pytest.raises(RequestError, match="another directory"):
        archive(results, results.root, 0.0)


def test_a_place_that_cannot_be_written_is_named(results, tmp_path):
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "scores").write_text("a file")
    with pytest.raises(UnwritableError, match=r"archive/scores/.*\.json; found File exists"):
        archive(results, tmp_path / "archive", 0.0)


def test_a_damaged_record_is_named(study, archived, tmp_path):
    (archived.root / ARCHIVED).write_text("{")
    with pytest.raises(SchemaError, match="archived"):
        run(study, archived)
    shutil.rmtree(archived.root / "scores")
    (archived.root / ARCHIVED).unlink()
    assert run(study, archived).failures == ()
