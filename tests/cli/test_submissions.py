"""``predictions join`` and ``check``, and ``run --predictions``, as commands."""

import json
from pathlib import Path

import pytest
import yaml
from small_study import write_small

STUDY = """\
name: board
dataset: small.h5
allow_missing: true
tasks: [length, transfer]
levels: [1]
train_frames: 40
potentials:
"""


@pytest.fixture
def joined(command):
    """Return a folder of submissions with one in it, whose card is not filled in."""
    write_small(Path("small.h5"))
    Path("board.yaml").write_text(f"{STUDY}  - composition\n")
    Path("mine.yaml").write_text(f"{STUDY}  - {{potential: additive, label: my own}}\n")
    assert command("run", "mine.yaml", "-o", "mine", "-j", "1").status == 0
    outcome = command("predictions", "join", *Path("mine/predictions").iterdir(), "-o", "all/mine")
    assert outcome.status == 0
    assert "2 splits of my own" in outcome.err
    assert "Fill in all/mine/card.yaml: TO DO stands where a text is missing" in outcome.err
    return Path("all")


def test_from_predictions_to_a_row_of_the_leaderboard(command, joined):
    outcome = command("predictions", "check", joined, "--study", "board.yaml")
    assert outcome.status == 2
    assert "found TO DO in summary, authors, training" in outcome.err
    card = joined / "mine" / "card.yaml"
    filled = {"summary": "a force field", "authors": ["me"], "training": "least squares"}
    card.write_text(yaml.safe_dump(yaml.safe_load(card.read_text()) | filled))
    again = command("predictions", "join", *Path("mine/predictions").iterdir(), "-o", card.parent)
    assert "TO DO" not in again.err

    outcome = command("predictions", "check", joined, "--study", "board.yaml", "--json")
    splits = json.loads(outcome.out)
    assert [(split["task"], split["published"]) for split in splits] == [
        ("length", False),
        ("transfer", False),
    ]
    outcome = command(
        "run", "board.yaml", "--predictions", joined, "-o", "board", "-j", "1", "--json"
    )
    results = json.loads(outcome.out)
    assert {score["potential"] for score in results["scores"]} == {"composition", "my own"}
    shown = "mlip-compose run board.yaml --out board --predictions all"
    assert results["provenance"]["command"] == shown

    shown = command("predictions", "check", joined, "-s", "board.yaml", "-r", "board").out
    assert "my own: board can take it; force MAE, meV/Å" in shown
    assert shown.count("as published") == 2
    score = ("score", joined / "mine" / "predictions.h5", "--dataset", "small.h5")
    shown = command(*score, "--task", "transfer", "--allow-missing").out
    assert "my own on transfer, level 1" in shown


def test_wrong_requests_get_one_message_and_status_two(command, joined):
    file = joined / "mine" / "predictions.h5"
    for arguments, message in (
        (("predictions", "check", "nowhere", "-s", "board.yaml"), "no nowhere"),
        (("predictions", "check", file), "those of mini-v1"),
        (("predictions", "check", joined, "-s", "bord"), "bord"),
        (("predictions", "join", file, file, "-o", "x"), "length_L1_s0 twice"),
        (("predictions", "join", "board.yaml", "-o", "x"), "board.yaml"),
        (("score", file), "found 2. Name it with --task and --level"),
        (("run", "board.yaml", "-p", "mine"), "submissions in mine"),
    ):
        outcome = command(*arguments)
        assert outcome.status == 2, arguments
        assert message in outcome.err
        assert "Traceback" not in outcome.err
    assert not Path("x").exists()


def test_a_refused_submission_leaves_no_half_of_the_tables(command, joined):
    good = joined / "mine" / "predictions.h5"
    outcome = command("predictions", "check", good, joined / "mine", "-s", "board.yaml")
    assert outcome.status == 2
    assert "found TO DO in summary, authors, training" in outcome.err
    assert outcome.out == ""


def test_the_plan_of_a_study_says_what_is_there(command, joined):
    document = json.loads(command("run", "mine.yaml", "-o", "mine", "--plan", "--json").out)
    assert document["counts"] == {"done": 2}
    assert [t["potential"] for t in document["trainings"]] == ["my own", "my own"]
    shown = command("run", "board.yaml", "--plan").out
    assert "board: 2 trainings, 2 missing" in shown
    assert not Path("results").exists()
    outcome = command("run", "board.yaml", "--plan", "--shard", "1/2")
    assert outcome.status == 2
    assert "--shard and --plan" in outcome.err
