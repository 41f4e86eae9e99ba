"""A study on real data, as a user runs it."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from engines import SharedEngine
from small_study import write_small

from mlip_compose.__main__ import main
from mlip_compose.engine.choice import local_engine
from mlip_compose.store.reader import Store

STUDY = """
name: small
dataset: small.h5
allow_missing: true
tasks: [length, crossing]
levels: [1, 2]
potentials:
  - composition
  - additive
seeds: [0]
train_frames: 40
"""


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    (folder / "study.yaml").write_text(STUDY)
    write_small(folder / "small.h5")
    return folder


def run(monkeypatch, folder, *arguments, engine=SharedEngine):
    monkeypatch.chdir(folder)
    monkeypatch.setattr("mlip_compose.engine.choice.local_engine", engine)
    monkeypatch.setattr(sys, "argv", ["mlip-compose", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0


def content(folder):
    """Everything that a study leaves, but for times and costs."""
    found = {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in (".h5", ".npz")
    }
    found |= {
        path.relative_to(folder): path.read_bytes()
        for path in (folder / "gallery.json", *sorted((folder / "scores").iterdir()))
    }
    return found


@pytest.fixture(scope="module")
def results(workplace):
    patch = pytest.MonkeyPatch()
    try:
        assert run(patch, workplace, "run", "study.yaml", engine=local_engine) == 0
    finally:
        patch.undo()
    return workplace / "results" / "small"


def test_a_study_leaves_scores_certificates_and_a_report(results):
    document = json.loads((results / "results.json").read_text())
    assert len(document["scores"]) == 2 * 2 * 2
    assert len(document["certificates"]) == 2 * 2
    assert all(certificate["leaks"] == [] for certificate in document["certificates"])
    assert {score["reference"] for score in document["scores"]} == {"gfn2-xtb"}
    gallery = json.loads((results / "gallery.json").read_text())
    assert [(each["task"], each["level"]) for each in gallery["sets"]] == [
        ("length", 1),
        ("length", 2),
        ("crossing", 1),
        ("crossing", 2),
    ]
    page = (results / "report.html").read_text()
    assert "additive" in page
    assert 'id="molecules"' in page
    assert not (results / "work").exists() or not list((results / "work").iterdir())


def test_levels_that_train_on_the_same_frames_share_a_training(results):
    trainings = sorted(path.name for path in (results / "trainings").iterdir())
    crossing = [name for name in trainings if name.startswith("crossing")]
    length = [name for name in trainings if name.startswith("length")]
    assert len(crossing) == 2
    assert len(length) == 4
    document = json.loads((results / "results.json").read_text())
    levels = {unit["id"]: unit["levels"] for unit in document["units"]}
    assert all(levels[name] == [1, 2] for name in crossing)


def test_the_scale_row_is_what_it_says(results):
    document = json.loads((results / "results.json").read_text())
    rows = {
        (s["task"], s["level"], s["potential"]): {m["name"]: m for m in s["metrics"]}
        for s in document["scores"]
    }
    for (task, level, potential), metrics in rows.items():
        forces = metrics["forces_mae"]
        assert forces["unit"] == "meV/Å"
        assert forces["ood"]["low"] < forces["ood"]["value"] < forces["ood"]["high"]
        scale = rows[task, level, "composition"]["forces_mae"]
        # mean absolute force at 500 K: no potential that learned anything is this bad
        assert 500 < scale["id"]["value"] < 1000
        if potential == "additive":
            assert forces["id"]["value"] < 0.2 * scale["id"]["value"]
            if level == 2:
                assert forces["ood"]["value"] < 0.2 * scale["ood"]["value"]


def test_unseen_types_agree_with_the_certificate(results, workplace):
    """What reaches no further than r* has been seen; what reaches further need not have been."""
    from mlip_compose.potentials.additive.term_kinds import KIND_BY_NAME

    document = json.loads((results / "results.json").read_text())
    store = Store(workplace / "small.h5")
    for score in document["scores"]:
        if score["potential"] != "additive":
            assert score["unseen_terms"] == {}
            continue
        unseen_molecules = {m["molecule"] for m in score["molecules"] if m["part"] == "ood"}
        n_bonds = sum(len(store.molecules[name].bonds) for name in unseen_molecules)
        assert score["unseen_terms"]["bond"][1] == n_bonds > 50
        for kind, (unseen, total) in score["unseen_terms"].items():
            reach = KIND_BY_NAME[kind].radius
            assert 0 <= unseen <= total
            if reach is not None and reach <= score["coverage_radius"]:
                assert unseen == 0
    page = (results / "report.html").read_text()
    assert "met unseen types" in page or "met no unseen type" in page


def test_a_second_run_does_nothing_but_say_so(results, workplace, monkeypatch, capsys):
    before = {p: p.stat().st_mtime_ns for p in results.rglob("*") if p.is_file()}
    assert run(monkeypatch, workplace, "run", "study.yaml") == 0
    captured = capsys.readouterr()
    assert "Nothing was missing" in captured.err
    assert "additive" in captured.out
    after = {p: p.stat().st_mtime_ns for p in results.rglob("*") if p.is_file()}
    assert after == before


def test_only_what_is_missing_is_done(results, workplace, monkeypatch, capsys):
    before = content(results)
    (score,) = results.glob("scores/length_L1_additive*.json")
    (predictions,) = results.glob("predictions/crossing_L2_additive*.h5")
    score.unlink()
    predictions.unlink()
    kept = {p: p.stat().st_mtime_ns for p in results.glob("trainings/*/unit.json")}
    assert run(monkeypatch, workplace, "run", "study.yaml") == 0
    assert "Nothing was missing" not in capsys.readouterr().err
    assert content(results) == before
    assert {p: p.stat().st_mtime_ns for p in results.glob("trainings/*/unit.json")} == kept


def test_a_damaged_score_and_damaged_results_are_made_anew(results, workplace, monkeypatch):
    before = content(results)
    (score,) = results.glob("scores/length_L2_additive*.json")
    score.write_text(score.read_text()[:100])
    (results / "results.json").write_text("{")
    assert run(monkeypatch, workplace, "run", "study.yaml") == 0
    assert content(results) == before
    assert json.loads((results / "results.json").read_text())["name"] == "small"


def test_damaged_predictions_are_named_kept_and_made_anew(results, workplace, monkeypatch, caplog):
    before = content(results)
    (predictions,) = results.glob("predictions/length_L2_composition*.h5")
    (score,) = results.glob("scores/length_L2_composition*.json")
    damaged = predictions.read_bytes()[:1000]
    predictions.write_bytes(damaged)
    score.unlink()
    assert run(monkeypatch, workplace, "run", "study.yaml") == 0
    assert predictions.name in caplog.text
    assert (results / "damaged" / predictions.name).read_bytes() == damaged
    shutil.rmtree(results / "damaged")
    assert content(results) == before


def test_results_are_reproduced_bit_for_bit(results, workplace, monkeypatch, tmp_path):
    assert run(monkeypatch, workplace, "run", "study.yaml", "--out", str(tmp_path / "again")) == 0
    assert content(tmp_path / "again") == content(results)


def test_json_goes_to_stdout_alone(results, workplace, monkeypatch, capsys):
    assert run(monkeypatch, workplace, "run", "study.yaml", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["name"] == "small"


def test_train_predict_score_are_the_same_by_hand(results, workplace, monkeypatch, capsys):
    """`train`, `predict` and `score` one by one give the numbers that `run` gives in one go."""
    small = ("--dataset", "small.h5", "--allow-missing")
    arguments = (*small, "--level", "1", "--train-frames", "40", "--out", "hand", "--json")
    assert run(monkeypatch, workplace, "train", "length", "additive", *arguments) == 0
    model = Path(json.loads(capsys.readouterr().out)["model"])
    terms = ("potentials", "terms", str(model), "--kind", "bond", "--json")
    assert run(monkeypatch, workplace, *terms) == 0
    rows = json.loads(capsys.readouterr().out)
    lengths = {row["type"]: row["equilibrium"] for row in rows}
    assert lengths["C(-C-H-H-H) H(-C)"] == pytest.approx(1.10, abs=0.03)  # Angstrom
    assert {row["unit"] for row in rows if row["quantity"] == "force constant"} == {"eV/Angstrom^2"}
    predict = ("predict", "length", str(model), "--level", "1", "--out", "hand.h5")
    assert run(monkeypatch, workplace, *predict, *small) == 0
    capsys.readouterr()
    assert run(monkeypatch, workplace, "score", "hand.h5", *small, "--json") == 0
    by_hand = json.loads(capsys.readouterr().out)
    (path,) = results.glob("scores/length_L1_additive*.json")
    assert by_hand == json.loads(path.read_text())


def test_a_report_is_made_anew_from_results_alone(results, workplace, monkeypatch):
    page = results / "report.html"
    before = page.read_bytes()
    page.unlink()
    (results / "predictions").rename(workplace / "predictions-away")
    try:
        assert run(monkeypatch, workplace, "report", str(results)) == 0
    finally:
        (workplace / "predictions-away").rename(results / "predictions")
    assert page.read_bytes() == before


def test_results_of_before_there_were_galleries_are_shown_without(results, workplace, monkeypatch):
    (results / "gallery.json").rename(workplace / "gallery-away.json")
    try:
        arguments = ("report", str(results), "--out", "old.html")
        assert run(monkeypatch, workplace, *arguments) == 0
    finally:
        (workplace / "gallery-away.json").rename(results / "gallery.json")
    assert 'id="molecules"' not in (workplace / "old.html").read_text()


def test_two_runs_at_once_do_not_share_a_directory(results, workplace, monkeypatch, capsys):
    from mlip_compose.studies.directory import ResultsDirectory

    with ResultsDirectory(results).locked():
        assert run(monkeypatch, workplace, "run", "study.yaml") == 2
    assert "no other run" in capsys.readouterr().err
