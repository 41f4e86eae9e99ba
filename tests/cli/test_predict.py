"""Any ASE calculator from the command line: what it gives, and what is refused."""

import json

import pytest

from mlip_compose.predictions.file import read_predictions

LENGTH = ("predict", "length", "--level", "1", "--train-frames", "6", "--allow-missing")


@pytest.fixture
def data(toy_store):
    return toy_store(("OH-1-H", "OH-2-H", "F-2-H", "OH-7-H"))


def refused(outcome, *fragments):
    assert outcome.status == 2
    assert "Traceback" not in outcome.err
    assert outcome.out == ""
    (message,) = (line for line in outcome.err.splitlines() if line.startswith("Error: "))
    for fragment in fragments:
        assert fragment in message


def test_a_calculator_predicts_a_task_and_the_score_says_what_it_mixes(command, data):
    made = command(
        *LENGTH,
        *("--calculator", "toy_calculators:Fails", "--set", "way=raise", "--set", "beyond=1.2"),
        *("--elements", "H,C,O", "--level-of-theory", "wB97X/6-31G(d)", "--name", "mine"),
        *("--dataset", data, "-j", "2", "--json"),
    )
    assert made.status == 0
    document = json.loads(made.out)
    assert document["predictions"] == "length_L1_mine_s0.h5"
    assert document["level_of_theory"] == "wB97X/6-31G(d)"
    assert document["failures"]["the potential does not know F"]["frames"] > 0
    assert document["failures"]["ArithmeticError: no convergence"]["frames"] > 0
    assert document["failed_frames"] == sum(f["frames"] for f in document["failures"].values())

    header = read_predictions(document["predictions"]).header
    assert header.settings["arguments"] == {"way": "raise", "beyond": 1.2}
    assert header.train_frames == 6
    scored = command(
        "score", document["predictions"], "--allow-missing", "--dataset", data, "--json"
    )
    score = json.loads(scored.out)
    assert score["failures"] == {
        reason: [each["frames"], each["first"]] for reason, each in document["failures"].items()
    }
    assert score["energy_offsets"] is not None
    shown = command("score", document["predictions"], "--allow-missing", "--dataset", data)
    assert shown.status == 0
    assert "zero-shot: trained on wB97X/6-31G(d), judged by arbitrary" in shown.out
    assert f"{score['failed_frames']} of" in shown.out
    assert "the potential does not know F" in shown.out


def test_the_whole_of_a_store_is_predicted_and_scored(command, data):
    made = command(
        "predict", "whole", "--calculator", "toy_calculators:Pairs", "-d", data, "-j", "1"
    )
    assert made.status == 0
    assert "a level of theory that was not stated" in made.out
    shown = command("score", "whole_L2_Pairs_s0.h5", "--dataset", data)
    assert shown.status == 0
    assert "Pairs on whole, level 2 (r* = -1)" in shown.out
    assert "Where the OOD force error is largest" in shown.out
    score = json.loads(command("score", "whole_L2_Pairs_s0.h5", "--dataset", data, "--json").out)
    metrics = {metric["name"]: metric for metric in score["metrics"]}
    for name in ("forces_mae", "energy_mae_per_atom_within"):
        assert metrics[name]["id"] is metrics[name]["gap"] is None
        assert metrics[name]["ood"]["value"] > 0.0


@pytest.mark.parametrize(
    ("options", "fragments"),
    [
        (("--calculator", "no_such_module:f"), ("no_such_module", "PYTHONPATH")),
        (("--calculator", "toy_calculators:CONSTANT"), ("'CONSTANT'", "a int")),
        (("--calculator", "toy_calculators:cannot_be_made"), ("no weights in weights.pt",)),
        (("--calculator", "toy_calculators:dies_when_made"), ("a worker process died",)),
        (("--calculator", "toy_calculators:Dies", "-j", "1"), ("4 of 4 molecules", "OH-7-H")),
    ],
    ids=lambda value: value[1] if value[0].startswith("--") else "",
)
def test_what_cannot_be_made_or_dies_is_refused(command, data, tmp_path, options, fragments):
    refused(command(*LENGTH, *options, "--dataset", data), *fragments)
    assert not list(tmp_path.glob("length*"))


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        (("predict", "length"), ("either MODEL", "none of them")),
        (("predict", "length", "model", "--calculator", "toy_calculators:Pairs"), ("found both",)),
        (("predict", "length", "model", "--seed", "1"), ("--seed with --calculator",)),
        (
            (*LENGTH, "--calculator", "toy_calculators:Pairs", "--set", "strength"),
            ("--set key=value",),
        ),
        ((*LENGTH, "--calculator", "toy_calculators:Pairs", "--elements", "H,Xx"), ("'Xx'",)),
        ((*LENGTH, "--calculator", "toy_calculators:Pairs", "--name", "<b>"), ("a name",)),
        (
            ("predict", "lenght", "--calculator", "toy_calculators:Pairs"),
            ("Did you mean 'length'?",),
        ),
        (
            ("predict", "whole", "--level", "1", "--calculator", "toy_calculators:Pairs"),
            ("the task 'whole': 2",),
        ),
    ],
    ids=lambda value: " ".join(value[-2:]),
)
def test_a_request_that_cannot_be_is_refused_at_once(command, data, arguments, fragments):
    options = () if "model" in arguments or len(arguments) == 2 else ("--dataset", data)
    refused(command(*arguments, *options), *fragments)


STUDY = """
name: elsewhere
dataset: {data}
tasks: [whole]
potentials:
  - {{potential: calculator, settings: {{function: "toy_calculators:Pairs",
      arguments: {{strength: 2.0}}, level_of_theory: "wB97X/6-31G(d)"}}, label: pairs}}
  - {{potential: calculator, settings: {{function: "toy_calculators:Fails"}}, label: failing}}
"""


def test_a_study_of_calculators_on_the_whole(command, data, tmp_path):
    (tmp_path / "s.yaml").write_text(STUDY.format(data=data))
    ran = command("run", "s.yaml", "-o", "results", "-j", "2")
    assert ran.status == 0
    shown = " ".join(ran.out.split())  # a note is as wide as the table
    assert "pairs: zero-shot: trained on wB97X/6-31G(d), judged by arbitrary" in shown
    results = json.loads((tmp_path / "results/results.json").read_text())
    assert [unit["level_of_theory"] for unit in results["units"]] == [
        "wB97X/6-31G(d)",
        "a level of theory that was not stated",
    ]
    assert results["scores"][1]["failures"]
    page = (tmp_path / "results/report.html").read_text()
    assert "zero-shot: trained on wB97X/6-31G(d), judged by arbitrary" in page
    assert "test frames failed" in page
    assert "Nothing was missing" in command("run", "s.yaml", "-o", "results").err


THROUGHOUT = {
    "toy_calculators:EnergyOnly": "NotImplementedError: no forces. If it computes energies alone",
    "toy_calculators:WantsCell": "ValueError: a cell for 6 atoms",
}


@pytest.mark.parametrize(("calculator", "reason"), THROUGHOUT.items())
@pytest.mark.parametrize("processes", ["1", "2"])
def test_what_fails_throughout_ends_early_without_a_file(
    command, data, tmp_path, calculator, reason, processes
):
    options = ("--calculator", calculator, "-d", data, "-j", processes)
    failed = command(*LENGTH, *options, "-o", "p.h5")
    assert failed.status == 1
    assert f"the same on every frame: {reason}" in failed.err
    assert "Traceback" not in failed.err
    assert not (tmp_path / "p.h5").exists()


def test_a_calculator_that_knows_no_molecule_ends_without_a_file(command, data, tmp_path):
    options = ("--calculator", "toy_calculators:Pairs", "--elements", "H", "-d", data)
    failed = command(*LENGTH, *options, "-o", "p.h5")
    assert failed.status == 1
    assert "the same on every frame: the potential does not know C" in failed.err
    assert not (tmp_path / "p.h5").exists()


def test_forces_of_a_calculator_of_energies_are_taken_on_request(command, data):
    outputs = {
        name: command(*LENGTH, "--calculator", f"toy_calculators:{name}", *more, "-d", data)
        for name, more in {"EnergyOnly": ("--set", "numerical_forces=true"), "Pairs": ()}.items()
    }
    assert {outcome.status for outcome in outputs.values()} == {0}
    numerical, right = (
        read_predictions(f"length_L1_{name}_s0.h5").frames for name in ("EnergyOnly", "Pairs")
    )
    for place, frames in right.items():
        assert numerical[place].energy == pytest.approx(frames.energy)
        assert numerical[place].forces == pytest.approx(frames.forces, rel=5e-3, abs=2e-2)


def test_a_study_shows_why_a_potential_fails_throughout(command, data, tmp_path):
    text = STUDY.format(data=data).replace("toy_calculators:Fails", "toy_calculators:WantsCell")
    (tmp_path / "s.yaml").write_text(text)
    ran = command("run", "s.yaml", "-o", "results", "-j", "1")
    assert ran.status == 1
    results = json.loads((tmp_path / "results/results.json").read_text())
    assert [unit["status"] for unit in results["units"]] == ["done", "failed"]
    assert "ValueError: a cell for 6 atoms" in results["units"][1]["reason"]
    assert len(list((tmp_path / "results/predictions").iterdir())) == 1
    assert "a cell for 6 atoms" in (tmp_path / "results/report.html").read_text()
    assert "ValueError: a cell" in ran.err
    assert "failed: prediction" in " ".join(ran.out.split())


def test_a_saved_calculator_that_fails_throughout_writes_no_file(command, data, tmp_path):
    settings = ("--set", "function=toy_calculators:Stale", "--dataset", data)
    model = json.loads(command("train", "whole", "calculator", *settings, "--json").out)["model"]
    facts = tmp_path / model / "model" / "model.json"
    assert facts.is_file()
    facts.write_text(facts.read_text().replace("Stale", "WantsCell"))
    command(
        "train", "whole", "calculator", "--set", "function=toy_calculators:WantsCell", "-d", data
    )
    failed = command("predict", "whole", model, "--dataset", data, "-o", "p.h5")
    assert failed.status == 1
    assert "ValueError: a cell for 6 atoms" in failed.err
    assert not (tmp_path / "p.h5").exists()


def test_what_was_trained_elsewhere_predicts_any_task(command, data, tmp_path):
    chosen = ("--set", "function=toy_calculators:Pairs", "--dataset", data)
    trained = command("train", "whole", "calculator", *chosen, "--json")
    assert trained.status == 0
    model = json.loads(trained.out)["model"]
    options = ("--level", "1", "--allow-missing", "--dataset", data)
    refused(command("predict", "length", model, *options), "400 primary frames")
    assert command("predict", "whole", model, "--dataset", data).status == 0
    fitted = command("train", "length", "composition", *options, "--train-frames", "6", "--json")
    assert "composition on length ━" in fitted.err
    model = json.loads(fitted.out)["model"]
    refused(command("predict", "whole", model, "--dataset", data), "trained elsewhere")


def test_a_study_whose_calculator_cannot_be_made_stops_before_any_work(command, data, tmp_path):
    text = STUDY.format(data=data).replace(
        "toy_calculators:Fails", "toy_calculators:cannot_be_made"
    )
    (tmp_path / "s.yaml").write_text(text)
    refused(command("run", "s.yaml", "-o", "results"), "no weights in weights.pt")
    assert not (tmp_path / "results").exists()


def test_what_trains_cannot_run_on_the_whole(command, data, tmp_path):
    (tmp_path / "s.yaml").write_text(STUDY.format(data=data) + "  - additive\n")
    refused(command("run", "s.yaml"), "trained elsewhere", "found additive")
    refused(command("train", "whole", "composition", "--dataset", data), "found composition")
    (tmp_path / "s.yaml").write_text(STUDY.format(data=data) + "ceiling: true\n")
    refused(command("run", "s.yaml"), "ceiling: true")


def test_where_no_unseen_frame_has_a_prediction_no_error_is_said_to_be_largest(command, data):
    calculator = ("--calculator", "toy_calculators:Fails", "--set", "beyond=99", "--set", "most=9")
    made = command(*LENGTH, *calculator, "--dataset", data, "-j", "1", "-o", "p.h5", "--json")
    assert made.status == 0, made.err
    shown = command("score", "p.h5", "--allow-missing", "--dataset", data)
    assert shown.status == 0, shown.err
    assert "test frames failed and are in no number" in shown.out
    assert "Where the OOD force error is largest" not in shown.out
