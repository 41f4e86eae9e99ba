"""The order of work of a run: each document is read once, and a damaged file is no new run."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import h5py
import pytest
from small_study import small_study, write_small

from mlip_compose.core.errors import ChecksumError, StudyError, UnreadableError
from mlip_compose.core.records import Failure
from mlip_compose.engine.in_process import InProcess
from mlip_compose.predictions.file import read_predictions, write_predictions
from mlip_compose.studies import certificates, training
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.progress import Listener
from mlip_compose.studies.run import END_OF_PAGE, run_study
from mlip_compose.studies.study import with_predictions


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "small.h5"
    write_small(path)
    return small_study(path)


@pytest.fixture(scope="module")
def pristine(study, tmp_path_factory):
    """Return the directory of a run of the study."""
    root = tmp_path_factory.mktemp("results") / "small"
    run_study(study, root)
    return root


@pytest.fixture
def results(pristine, tmp_path):
    """Return a copy of the results."""
    return ResultsDirectory(shutil.copytree(pristine, tmp_path / "results"))


def listened(study, directory):
    """Run a study; return the outcome, and the stages with their numbers of units."""
    stages = []
    listener = Listener(stage=lambda name, units: stages.append((name, units)))
    outcome = run_study(study, directory, listener=listener)
    return outcome, [stage for stage in stages if stage[1]]


def content(root):
    """Return the files of results but for the record of their making, and for times."""
    left_out = ("results.json", "unit.json", ".lock")
    return {
        path.relative_to(root): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name not in left_out and "damaged" not in path.parts
    }


COUNTED = """
import json, sys
from collections import Counter
from pathlib import Path
from pathlib import Path
import h5py
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.remaining import training_states
from mlip_compose.studies.run import run_study
from mlip_compose.studies.study import load_study

opened = Counter()
open_hdf5 = h5py.File


def count(path, *args, **kwargs):
    opened[str(path)] += 1
    return open_hdf5(path, *args, **kwargs)


h5py.File = count  # which no audit hook hears of
sys.addaudithook(lambda event, args: event == "open" and opened.update([str(args[0])]))
study, results = load_study("study.yaml"), ResultsDirectory(Path("results"))
if sys.argv[1] == "plan":
    list(training_states(study, results))
else:
    assert run_study(study, results).done == 0
print(json.dumps(opened))
"""
OPENED = {
    "run": ("*.json", "*/*.json", "trainings/*/unit.json", "predictions/*_s0_[!c]*.h5"),
    "plan": ("trainings/*/unit.json",),
}
"""The files that are opened when all is there; predictions of ceilings are in no gallery."""


@pytest.mark.parametrize("way", OPENED)
def test_when_all_is_there_each_file_is_opened_once(study, results, tmp_path, way):
    (tmp_path / "study.yaml").write_text(study.model_dump_json())  # JSON is YAML
    command = [sys.executable, "-c", COUNTED, way]
    output = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    opened = Counter({tmp_path / path: count for path, count in json.loads(output.stdout).items()})
    expected = [path for pattern in OPENED[way] for path in results.root.glob(pattern)]
    assert len(expected) >= 8
    assert {path: opened[path] for path in expected} == dict.fromkeys(expected, 1)
    documents = {path for path in opened if path.suffix in (".json", ".h5", ".html")}
    others = {path for path in documents if results.root in path.parents} - set(expected)
    assert {path.name for path in others} <= {"archived.json"}
    # once more to hold energies against forces, where the header does not say that this was done
    assert opened[Path(study.dataset)] == {"run": 2, "plan": 1}[way]


def test_a_run_that_finds_all_there_certifies_nothing(study, results, monkeypatch):
    def refuse(*_):
        raise AssertionError("a certificate was made")

    monkeypatch.setattr(certificates, "certify_target", refuse)
    before = content(results.root)
    assert listened(study, results)[1] == []
    assert content(results.root) == before


def test_damaged_predictions_are_made_anew_where_they_are_met(study, results):
    before = content(results.root)
    (predictions,) = results.root.glob("predictions/length_L1_additive_s0_[!c]*.h5")
    (score,) = results.root.glob("scores/length_L1_additive_s0_*.json")
    predictions.write_bytes(predictions.read_bytes()[:-100])
    score.unlink()
    outcome, stages = listened(study, results)
    assert stages == [
        ("certify", 2),
        ("score", 1),
        ("train and predict", 1),
        ("score", 1),
        ("compare", 2),
    ]
    assert outcome.done == 2
    assert outcome.failures == ()
    assert content(results.root) == before
    assert [path.name for path in results.damaged.iterdir()] == [predictions.name]


def test_predictions_that_only_the_gallery_needs_are_made_anew_too(study, results):
    before = content(results.root)
    (predictions,) = results.root.glob("predictions/length_L2_additive_s0_[!c]*.h5")
    predictions.write_bytes(b"")
    outcome, stages = listened(study, results)
    assert stages == [("train and predict", 1), ("compare", 2)]
    assert outcome.done == 1
    assert content(results.root) == before


def test_both_potentials_of_a_ceiling_are_made_anew(study, results):
    before = content(results.root)
    for path in results.root.glob("predictions/length_L1_additive_s0_*.h5"):
        path.write_bytes(b"no predictions")
    (score,) = results.root.glob("ceilings/length_L1_additive*.json")
    score.unlink()
    outcome, _ = listened(study, results)
    assert outcome.done == 3
    assert content(results.root) == before
    assert len(list(results.damaged.iterdir())) == 2


def test_a_damaged_training_is_trained_again_and_its_score_stays(study, results):
    before = content(results.root)
    (unit, *_) = sorted(results.root.glob("trainings/length_additive_s0_[!c]*/unit.json"))
    score_times = {path: path.stat().st_mtime_ns for path in results.root.glob("scores/*")}
    unit.write_text("{")
    outcome, stages = listened(study, results)
    assert outcome.done == 1
    assert stages[0] == ("certify", 2)
    assert content(results.root) == before
    assert {path: path.stat().st_mtime_ns for path in score_times} == score_times


def test_certificates_of_another_study_in_the_directory_are_not_taken(study, results):
    before = content(results.root)
    other = study.model_copy(update={"train_frames": 20, "ceiling": False})
    for key in ("length_L1_s0", "length_L2_s0"):
        path = results.root / "certificates" / f"{key}.json"
        document = json.loads(path.read_text())
        document["frames"]["train"] = other.train_frames
        path.write_text(json.dumps(document, indent=1) + "\n")
    _, stages = listened(study, results)
    assert stages == [("certify", 2)]
    assert content(results.root) == before


def test_certificates_of_several_seeds_are_kept(study, tmp_path):
    seeds = study.model_copy(
        update={"seeds": (0, 1), "ceiling": False, "potentials": study.potentials[:1]}
    )
    run_study(seeds, tmp_path / "seeds")
    assert listened(seeds, tmp_path / "seeds")[1] == []
    path = tmp_path / "seeds" / "certificates" / "length_L1_s1.json"
    kept = path.read_bytes()
    document = json.loads(kept)
    document["coverage_radius"] += 1
    path.write_text(json.dumps(document))
    assert listened(seeds, tmp_path / "seeds")[1] == [("certify", 1)]
    assert path.read_bytes() == kept


@pytest.fixture
def theirs(pristine, tmp_path):
    """Return a file with predictions of the study, as of somebody else."""
    (path,) = pristine.glob("predictions/length_L1_additive_s0_[!c]*.h5")
    predictions = read_predictions(path)
    predictions.header = predictions.header.model_copy(update={"potential": "theirs"})
    write_predictions(tmp_path / "theirs.h5", predictions)
    return tmp_path / "theirs.h5"


def test_predictions_of_others_that_cannot_be_used_cost_no_training(study, theirs, tmp_path):
    with h5py.File(theirs, "r+") as file:
        file["OH-7-H/primary/energy"][0] += 1.0
    with pytest.raises(ChecksumError, match="theirs"):
        run_study(with_predictions(study, (theirs,)), tmp_path / "new")
    assert not (tmp_path / "new" / "trainings").exists()
    assert not (tmp_path / "new" / "results.json").exists()


def test_predictions_of_others_that_change_during_a_run_are_refused(study, theirs, tmp_path):
    class Changing(InProcess):
        def run(self, work, items, *arguments):
            if any(getattr(item, "given", None) for item in items):
                theirs.write_bytes(theirs.read_bytes() + b" ")
            return super().run(work, items, *arguments)

    with pytest.raises(ChecksumError, match="as it was when this run began"):
        run_study(with_predictions(study, (theirs,)), tmp_path / "new", engine=Changing())


def test_a_row_of_others_is_scored_before_anything_is_trained(study, theirs, tmp_path):
    alone = study.model_copy(update={"ceiling": False, "levels": (1,)})
    outcome, stages = listened(with_predictions(alone, (theirs,)), tmp_path / "new")
    assert [name for name, _ in stages] == [
        "certify",
        "score predictions of others",
        "train and predict",
        "score",
        "compare",
    ]
    assert [score.potential for score in outcome.results.scores] == [
        "composition",
        "additive",
        "theirs",
    ]


def test_without_a_page_one_that_is_out_of_date_is_removed(study, results):
    results.report.write_text("<html></html>")
    assert run_study(study, results).done == 0
    assert results.report.is_file()
    next(results.root.glob("scores/*")).unlink()
    run_study(study, results)
    assert not results.report.exists()


def test_a_page_without_its_end_and_what_is_in_the_way_are_set_aside(study, results):
    page = '<html data-a="1">'
    results.report.write_text(page)
    shutil.rmtree(results.root / "ceilings")
    (results.root / "ceilings").write_text("a file")
    (results.root / "scores" / "folder").mkdir()
    (results.root / "trainings" / "file").write_text("a file")
    results.gallery.unlink()
    results.gallery.mkdir()

    def write(_, path):
        path.write_bytes(END_OF_PAGE)

    run_study(study, results, write_page=write)
    assert results.report.read_bytes() == END_OF_PAGE
    kept = {path.name for path in results.damaged.iterdir()}
    assert kept == {"ceilings", "folder", "file", "gallery.json"}
    results.report.write_text(page)
    assert run_study(study, results, write_page=lambda *_: None).done == 0
    assert (results.damaged / "report.html").read_text() == page


def test_a_page_that_cannot_be_opened_is_refused(study, results):
    results.report.unlink(missing_ok=True)
    results.report.symlink_to(results.report)
    with pytest.raises(UnreadableError, match=r"the page .*symbolic links"):
        run_study(study, results, write_page=lambda *_: None)


def test_a_certificate_that_was_lost_is_made_again(study, results):
    (certificate,) = results.root.glob("certificates/length_L1*.json")
    before = certificate.read_bytes()
    certificate.write_bytes(b"\xff")
    outcome, stages = listened(study, results)
    assert stages[0] == ("certify", 1)
    assert outcome.failures == ()
    assert certificate.read_bytes() == before


def test_a_training_without_its_record_is_set_aside_and_done_again(study, results):
    record = min(results.root.glob("trainings/length_composition_s0_*/unit.json"))
    record.unlink()
    _, stages = listened(study, results)
    assert ("train and predict", 1) in stages
    assert record.is_file()
    assert [path.name for path in results.damaged.iterdir()] == [record.parent.name]


def test_a_training_that_another_worker_ends_meanwhile_is_not_done_twice(
    study, results, pristine, monkeypatch
):
    record = min(pristine.glob("trainings/length_composition_s0_*/unit.json"))
    folder = results.training(record.parent.name)
    shutil.rmtree(folder)

    @contextmanager
    def held(directory, wait):
        shutil.copytree(record.parent, folder)
        yield

    monkeypatch.setattr(training, "held", held)
    monkeypatch.setattr(training, "_train", lambda *_: pytest.fail("trained twice"))
    assert run_study(study, results, engine=InProcess()).failures == ()


def test_workers_that_fail_are_failures_of_the_study(study, results):
    """Of two scores one fails and one is lost, and of two comparisons one fails."""
    for path in results.root.glob("scores/length_L1*"):
        path.unlink()

    class Failing(InProcess):
        def run(self, work, items, *arguments):
            for number, (item, outcome) in enumerate(super().run(work, items, *arguments)):
                if number == 0:
                    yield item, Failure("worker", str(item), "it died", retryable=True)
                elif "score" in type(item).__module__:
                    results.score(str(item)).unlink()
                    yield item, outcome
                else:
                    yield item, outcome

    heard = []
    listener = Listener(unit=lambda name, reason: heard.append((name, reason)))
    outcome = run_study(study, results, engine=Failing(), listener=listener)
    first, second, *rest = outcome.failures
    assert first.startswith("score of length_L1_")
    assert first.endswith(": it died")
    assert second.endswith(": its file is gone")
    assert rest == ["comparison of length_L2: it died"]
    assert [reason for _, reason in heard if reason] == ["it died", "its file is gone", "it died"]


def test_a_study_that_cannot_be_is_refused(study, tmp_path):
    with pytest.raises(StudyError, match="levels that are named once"):
        run_study(study.model_copy(update={"levels": (1, 1)}), tmp_path / "new")


def test_processes_do_the_same(study, pristine, tmp_path):
    alone = study.model_copy(update={"ceiling": False, "levels": (1,)})
    run_study(alone, tmp_path / "new", processes=2)
    for path in (tmp_path / "new" / "scores").iterdir():
        assert path.read_bytes() == (pristine / "scores" / path.name).read_bytes()
