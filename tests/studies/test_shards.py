"""Shares of a study, done one by one and merged, against the study in one go."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from small_study import NAMES, small_study, write_small

from mlip_compose.__main__ import main
from mlip_compose.core.errors import RequestError, SchemaError, UnreadableError, UnwritableError
from mlip_compose.engine.in_process import InProcess
from mlip_compose.report.page import write_report
from mlip_compose.store.reader import Store
from mlip_compose.studies import merging, shards
from mlip_compose.studies.directory import ResultsDirectory
from mlip_compose.studies.merging import merge_shards, read_shards
from mlip_compose.studies.plan import plan
from mlip_compose.studies.progress import SILENT
from mlip_compose.studies.run import run_opened, run_study
from mlip_compose.studies.shards import Shard, read_shard, run_shard

COUNT = 3


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "small.h5"
    write_small(path)
    return small_study(path)


def share(study, number, root):
    return run_shard(study, Shard(number, COUNT), ResultsDirectory(root), InProcess())


@pytest.fixture(scope="module")
def shared(study, tmp_path_factory):
    """Return the directories of the three shards of the study."""
    folder = tmp_path_factory.mktemp("shards")
    roots = [folder / f"shard-{number}" for number in range(1, COUNT + 1)]
    outcomes = [share(study, number, root) for number, root in enumerate(roots, 1)]
    assert sum(len(outcome.record.units) for outcome in outcomes) == 8
    assert all(outcome.done and not outcome.failures for outcome in outcomes)
    return roots


@pytest.fixture
def roots(shared, tmp_path):
    """Return copies of them, to be damaged."""
    copies = [tmp_path / root.name for root in shared]
    for root, copy in zip(shared, copies, strict=True):
        shutil.copytree(root, copy)
    return copies


def merged(roots, root):
    directory = ResultsDirectory(root)
    opened = merge_shards(read_shards(roots), directory)
    return run_opened(opened, directory, InProcess(), SILENT, "merge", write_report)


def document(results):
    fields = results.model_dump(mode="json")
    del fields["provenance"]
    for unit in fields["units"]:
        del unit["cost"]
    return fields


def test_merged_shards_are_the_study_in_one_go(study, shared, tmp_path):
    outcome = merged(reversed_(shared), tmp_path / "merged")
    alone = run_study(
        study, ResultsDirectory(tmp_path / "alone"), engine=InProcess(), write_page=write_report
    )
    assert document(outcome.results) == document(alone.results)
    assert outcome.report.is_file()
    assert outcome.done == 4  # ceilings, which need two shards
    for folder in ("predictions", "scores", "ceilings", "certificates"):
        ours, theirs = (
            {path.name: path.read_bytes() for path in (tmp_path / which / folder).iterdir()}
            for which in ("merged", "alone")
        )
        assert ours == theirs
    assert merged(shared, tmp_path / "merged").done == 0


def reversed_(roots):
    return list(reversed(roots))


def test_a_shard_is_done_once(study, roots):
    before = {path: path.stat().st_mtime_ns for path in roots[0].rglob("*") if path.is_file()}
    assert share(study, 1, roots[0]).done == 0
    after = {path: path.stat().st_mtime_ns for path in roots[0].rglob("*") if path.is_file()}
    assert {p for p in after if after[p] != before.get(p)} <= {roots[0] / shards.SHARD}


@pytest.mark.parametrize("count", [1, 2, 3, 5, 11])
def test_shares_are_the_whole_and_share_nothing(study, count):
    trainings = plan(study, Store(study.dataset))
    dealt = [t.id for number in range(1, count + 1) for t in Shard(number, count).share(trainings)]
    assert sorted(dealt) == sorted(training.id for training in trainings)
    sizes = [len(Shard(number, count).share(trainings)) for number in range(1, count + 1)]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize(
    "text", ["", "3", "3/2", "0/2", "-1/2", "1/0", "a/b", "1/2/3", "1/9999999"]
)
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(RequestError, match="a shard such as 3/16"):
        Shard.parse(text)


def test_a_shard_that_is_missing_is_named(roots, tmp_path):
    with pytest.raises(RequestError, match=r"all 3 shards; found no 2/3"):
        merge_shards(read_shards([roots[0], roots[2]]), ResultsDirectory(tmp_path / "merged"))
    assert not (tmp_path / "merged").exists()


def test_a_shard_that_is_given_twice_is_named(roots, tmp_path):
    with pytest.raises(RequestError, match=r"shard 1/3 in .*shard-1 and .*shard-1"):
        merge_shards(read_shards([roots[0], *roots]), ResultsDirectory(tmp_path / "merged"))


def test_a_unit_that_is_not_finished_is_named(study, roots, tmp_path):
    unit = read_shard(roots[1]).units[0]
    shutil.rmtree(roots[1] / "trainings" / unit)
    with pytest.raises(RequestError, match=rf"1 that are missing: {unit} of shard 2/3"):
        merge_shards(read_shards(roots), ResultsDirectory(tmp_path / "merged"))
    assert not (tmp_path / "merged").exists()
    assert share(study, 2, roots[1]).done == 1
    assert merged(roots, tmp_path / "merged").failures == ()


def test_predictions_that_are_missing_are_a_unit_that_is(roots, tmp_path):
    (path, *_) = sorted((roots[0] / "predictions").iterdir())
    path.unlink()
    with pytest.raises(RequestError, match="1 that are missing"):
        merge_shards(read_shards(roots), ResultsDirectory(tmp_path / "merged"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"program": "0.0.1"}, r"one program version; found 0.1.0 and 0.0.1"),
        ({"dataset_sha256": "f" * 64}, r"one data set \(sha256\); found"),
        ({"count": 4}, r"one number of shards; found 3 and 4"),
        ({"study": {"name": "other"}}, r"one study; found others in"),
    ],
)
def test_shards_that_do_not_belong_together_are_refused(roots, tmp_path, change, message):
    path = roots[2] / shards.SHARD
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(RequestError, match=message):
        merge_shards(read_shards(roots), ResultsDirectory(tmp_path / "merged"))
    with pytest.raises(RequestError, match=message):
        read_shards(roots)


def test_shards_of_another_version_are_not_merged(roots, tmp_path, monkeypatch):
    monkeypatch.setattr(merging, "__version__", "9.9")
    with pytest.raises(RequestError, match=r"shards of mlip-compose 9\.9.*those of 0\.1\.0"):
        merge_shards(read_shards(roots), ResultsDirectory(tmp_path / "merged"))


def test_shards_of_a_store_that_was_replaced_are_not_merged(study, roots, tmp_path):
    kept = tmp_path / "kept.h5"
    shutil.copy(study.dataset, kept)
    try:
        write_small(Path(study.dataset), NAMES[:-1])
        with pytest.raises(RequestError, match="the data set of the shards"):
            merge_shards(read_shards(roots), ResultsDirectory(tmp_path / "merged"))
        with pytest.raises(RequestError, match=r"found one of a data set with sha256"):
            share(study, 1, roots[0])
    finally:
        shutil.copy(kept, study.dataset)


def test_a_directory_of_another_shard_is_not_gone_on_with(study, roots):
    with pytest.raises(RequestError, match="found one of shard 1/3"):
        share(study, 2, roots[0])
    for change, message in (
        ({"program": "0.1"}, "found one of mlip-compose 0.1"),
        ({"study": {"name": "other"}}, "found one of another study"),
    ):
        path = roots[1] / shards.SHARD
        before = path.read_text()
        path.write_text(json.dumps(json.loads(before) | change))
        with pytest.raises(RequestError, match=message):
            share(study, 2, roots[1])
        path.write_text(before)


def test_directories_that_hold_no_shard_or_a_damaged_one_are_named(roots, tmp_path):
    with pytest.raises(UnreadableError, match="nowhere"):
        read_shards([*roots[:2], tmp_path / "nowhere"])
    (roots[2] / shards.SHARD).write_text("{")
    with pytest.raises(SchemaError, match="shard-3"):
        read_shards(roots)


def test_what_a_killed_process_left_is_not_taken(roots, tmp_path):
    (unit, *_) = sorted((roots[0] / "trainings").iterdir())
    shutil.copytree(unit, unit.with_name(".left.tmp"))
    (roots[0] / "scores" / ".left.json.tmp").write_text("{")
    merge_shards(read_shards(roots), ResultsDirectory(tmp_path / "merged"))
    assert not list((tmp_path / "merged").rglob(".left*"))


def test_a_study_that_is_none_in_all_shards_is_named(roots):
    for root in roots:
        path = root / shards.SHARD
        path.write_text(json.dumps(json.loads(path.read_text()) | {"study": {"name": 1}}))
    with pytest.raises(SchemaError, match="the study of a shard"):
        read_shards(roots)


def test_across_file_systems_files_are_copied(roots, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    merge_shards(read_shards(roots), ResultsDirectory(tmp_path / "merged"))
    for root in roots:
        for path in (root / "predictions").iterdir():
            copy = tmp_path / "merged" / "predictions" / path.name
            assert copy.read_bytes() == path.read_bytes()
            assert copy.stat().st_ino != path.stat().st_ino
    assert not list((tmp_path / "merged").rglob("*.tmp"))


def test_a_disk_that_fills_up_is_named(roots, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(shutil, "copyfile", refuse)
    with pytest.raises(UnwritableError, match="No space left"):
        merge_shards(read_shards(roots), ResultsDirectory(tmp_path / "merged"))


def test_a_training_that_failed_is_a_result(roots, tmp_path):
    (path, *_) = sorted(roots[0].glob("trainings/length_additive_s0_[!c]*/unit.json"))
    record = json.loads(path.read_text())
    record["facts"] |= {"status": "failed", "reason": "it would not fit"}
    path.write_text(json.dumps(record))
    outcome = merged(roots, tmp_path / "merged")
    assert [failure.endswith("it would not fit") for failure in outcome.failures] == [True]


def run(monkeypatch, folder, *arguments):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["mlip-compose", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0


def test_shards_and_merge_from_the_command_line(study, tmp_path, monkeypatch, capsys):
    (tmp_path / "study.yaml").write_text(
        f"name: small\ndataset: {study.dataset}\ntasks: [length]\nlevels: [1]\n"
        "potentials: [composition, additive]\ntrain_frames: 40\nallow_missing: true\n"
    )
    assert run(monkeypatch, tmp_path, "run", "study.yaml", "--shard", "1/2", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["directory"], told["number"], told["done"]) == ("results/small-1-of-2", 1, 2)
    assert run(monkeypatch, tmp_path, "merge", "results/small-1-of-2") == 2
    assert "no 2/2" in capsys.readouterr().err
    assert run(monkeypatch, tmp_path, "run", "study.yaml", "--shard", "2/2") == 0
    assert "mlip-compose merge" in capsys.readouterr().err
    given = ("merge", "results/small-1-of-2", "results/small-2-of-2", "-j", "1")
    assert run(monkeypatch, tmp_path, *given) == 0
    assert "additive" in capsys.readouterr().out
    assert (tmp_path / "results" / "small" / "report.html").is_file()
    assert run(monkeypatch, tmp_path, "run", "study.yaml", "--shard", "1/2", "-j", "2") == 2
    assert "--processes and --shard" in capsys.readouterr().err
