"""Bad input: exit status 2, one message with what was expected and found, no traceback."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import h5py
import pytest
from small_study import NAMES, write_small

from mlip_compose.core.records import Failure
from mlip_compose.datasets.build import BuildOutcome

LONG = "x" * 5_000
"""No file system takes such a name."""


def refused(outcome, *fragments):
    assert outcome.status == 2
    assert "Traceback" not in outcome.err
    assert outcome.out == ""
    (message,) = (line for line in outcome.err.splitlines() if line.startswith("Error: "))
    assert message.startswith("Error: expected ")
    assert "found " in message
    for fragment in fragments:
        assert fragment in message


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (("tasks", "show", "lenght"), "Did you mean 'length'?"),
        (("tasks", "certify", "crosing"), "Did you mean 'crossing'?"),
        (("tasks", "certify", "length", "--level", "4"), "1, 2 or 3"),
        (("tasks", "certify", "length", "--level", "0"), "1, 2 or 3"),
        (("potentials", "show", "mace-smal"), "Did you mean 'mace-small'?"),
        (("train", "length", "aditive"), "Did you mean 'additive'?"),
        (("train", "length", "additive", "--set", "depth"), "--set key=value"),
        (("train", "length", "additive", "--set", "nothing=1"), "setting of additive"),
        (("train", "length", "composition", "--train-frames", "100000"), "frames"),
        (("molecules", "show", "C[CH2]"), "a radical"),
        (("molecules", "show", "OX-4-H"), "Did you mean 'OH'?"),
        (("molecules", "show", "OH-0-H"), "n"),
        (("data", "info", "mini-v2"), "Did you mean 'mini-v1'?"),
        (("data", "info", "deep-v1"), "Make it with `mlip-compose data build deep-v1`"),
        (("run", "leaderboard-v1-gpu"), "no file data/deep-v1.h5"),
        (("data", "build", "mini-v2"), "Did you mean 'mini-v1'?"),
        (("run", "quik"), "Did you mean 'quick'?"),
        (("report", "nowhere"), "mlip-compose run"),
        (("score", "nothing.h5"), "no file"),
        (("predict", "length", "nowhere"), "mlip-compose train"),
        (("data", "info", LONG), "frozen data set"),
        (("data", "import", LONG, "--reference", "r", "--name", "n"), "to import"),
        (("data", "export", "mini-v1", "--out", LONG), "room and permission"),
        (("predictions", "import", LONG, "--name", "n"), "to import"),
        (("score", LONG), "no file"),
        (("report", LONG), "too long"),
        (("run", LONG), "study"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, tuple) else "",
)
def test_what_is_not_there_is_refused(command, arguments, fragment):
    refused(command(*arguments), fragment)


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("name: x\npotential: [additive]\n", "Did you mean 'potentials'?"),
        ("name: x\npotentials: [aditive]\n", "Did you mean 'additive'?"),
        ("name: x\npotentials: [additive]\ntasks: [jump]\n", "task"),
        ("name: x\npotentials: [additive]\nlevels: [9]\n", "1, 2 or 3"),
        ("\x89PNG", "YAML"),
        ("{", "YAML"),
        ("hello", "mapping"),
    ],
)
def test_a_wrong_study_is_refused(command, tmp_path, text, fragment):
    (tmp_path / "study.yaml").write_text(text)
    refused(command("run", "study.yaml"), fragment)
    assert not (tmp_path / "results").exists()


DAMAGED = ("--dataset", "mine.h5", "--allow-missing")


@pytest.fixture
def store(tmp_path):
    return write_small(tmp_path / "mine.h5")


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path):
    path.write_bytes(b"")


def alter(path):
    with h5py.File(path, "r+") as file:
        energies = file["OH-1-H/primary/energy"][...]
        file["OH-1-H/primary/energy"][...] = energies + 1e-3


def age(path):
    with h5py.File(path, "r+") as file:
        file.attrs["schema"] = "mlip-compose/store/0"


def strip(path):
    with h5py.File(path, "r+") as file:
        del file["OH-1-H/primary/forces"]


def spoil(path):
    with h5py.File(path, "r+") as file:
        forces = file["OH-1-H/primary/forces"][...]
        del file["OH-1-H/primary/forces"]
        file["OH-1-H/primary/forces"] = forces[:, :, :2]


@pytest.mark.parametrize(
    ("damage", "fragment"),
    [
        (truncate, "truncated"),
        (empty, "truncated"),
        (alter, "altered"),
        (age, "mlip-compose/store/1"),
        (strip, "no forces"),
        (spoil, "shape"),
    ],
)
@pytest.mark.parametrize(
    "arguments",
    [
        ("data", "info", "mine.h5"),
        ("tasks", "certify", "length", "--molecules", "mine.h5", "--allow-missing"),
        ("train", "length", "composition", *DAMAGED, "--train-frames", "40"),
    ],
    ids=" ".join,
)
def test_a_damaged_store_is_refused(command, store, damage, fragment, arguments):
    damage(store)
    refused(command(*arguments), fragment)


def test_a_store_that_lacks_molecules_is_refused_until_told_otherwise(command, toy_store):
    path = toy_store([f"OH-{n}-H" for n in range(1, 13) if n not in (3, 9)])
    outcome = command("tasks", "certify", "length", "--molecules", path)
    refused(outcome, "2 missing: OH-3-H, OH-9-H", "--allow-missing")
    assert command("tasks", "certify", "length", "--molecules", path, "--allow-missing").status == 0


def test_a_directory_that_cannot_be_written_is_refused(command, tmp_path):
    (tmp_path / "file").write_text("precious")
    refused(command("train", "length", "composition", "--out", "file/results"), "--out")
    assert (tmp_path / "file").read_text() == "precious"


def test_an_unknown_command_is_refused(command):
    outcome = command("trian")
    assert outcome.status == 2
    assert "Traceback" not in outcome.err


def test_a_potential_is_not_tested_on_frames_it_may_have_been_trained_on(command, small):
    trained = command("train", "length", "composition", *small, "-l", "1", "--train-frames", "40")
    assert trained.status == 0
    (model,) = dataset_models()
    refused(command("predict", "length", model, *small, "--level", "2"), "other frames")
    assert command("predict", "length", model, *small, "-l", "1", "-o", "p.h5").status == 0


def dataset_models():
    return sorted(Path("results/train/trainings").iterdir())


def test_a_score_needs_the_frames_of_its_split(command, small):
    trained = ("train", "recombination", "composition", "--level", "1", "--train-frames", "40")
    assert command(*trained, *small).status == 0
    (predictions,) = Path("results/train/predictions").iterdir()
    refused(command("score", predictions, *small, "--level", "2"), "none of frames")
    assert command("score", predictions, *small).status == 0


def test_predictions_of_another_data_set_are_refused(command, small, toy_store):
    command("train", "length", "composition", *small, "--level", "1", "--train-frames", "40")
    (predictions,) = Path("results/train/predictions").iterdir()
    other = toy_store(NAMES, primary=10, secondary=5)
    scored = command("score", predictions, "--dataset", other, "--allow-missing")
    refused(scored, "predictions of mini-v1")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_refused_with_the_file_that_it_lacked_room_for(command, monkeypatch, number):
    def write():
        raise OSError(number, os.strerror(number), "scores.json")

    monkeypatch.setattr("mlip_compose.cli.app.app", write)
    refused(command(), "write scores.json", os.strerror(number))


def test_an_error_that_is_not_of_room_is_a_bug_and_raises(command, monkeypatch):
    def read():
        raise OSError(errno.EIO, "Input/output error", "scores.json")

    monkeypatch.setattr("mlip_compose.cli.app.app", read)
    with pytest.raises(OSError, match="Input/output error"):
        command()


def test_a_reader_that_has_left_is_nobody_to_tell():
    """As `mlip-compose data list --json | head -1`; the pipe has room for less than that."""
    program = [sys.executable, "-m", "mlip_compose", "data", "list", "--json"]
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(program, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, "")


def test_terms_are_those_of_a_potential_that_has_them(command, small):
    train = ("train", "length", *small, "-l", "1", "--train-frames", "40", "--json")
    models = [json.loads(command(*train, p).out)["model"] for p in ("composition", "additive")]
    no_terms = "a potential made of terms, such as additive; found composition"
    refused(command("potentials", "terms", models[0]), no_terms)
    refused(command("potentials", "terms", models[1], "--kind", "bonds"), "Did you mean 'bond'?")


def test_a_training_that_fails_says_why_each_time_and_predicts_nothing(command, small):
    train = ("train", "length", "additive", *small, "-l", "1", "--train-frames", "40")
    reason = "training of additive: normal equations that cannot be solved"
    for told in (1, 0):  # it is done once, and remembered
        failed = command(*train, "--set", "strengths=[1e-300]")
        assert failed.status == 1
        assert reason in failed.out
        assert failed.err.count(f"failed: length_additive_s0_aaeae73670: {reason}") == told
    (model,) = dataset_models()
    refused(command("predict", "length", model, *small, "-l", "1"), "a training that failed")


def test_molecules_that_fail_are_counted_and_the_status_says_so(command, monkeypatch):
    def build(recipe, path, engine, listener, unproved):
        assert not unproved
        assert recipe.molecules == ("F-1-H", "OH-1-H")
        failure = Failure("scf", "F-1-H", "no convergence")
        listener("F-1-H", 1.0, failure)
        return BuildOutcome(path, "0" * 64, 1, 3, (failure,))

    monkeypatch.setattr("mlip_compose.datasets.build.build", build)
    built = command("data", "build", "mini-v1", "-m", "F-1-H,OH-1-H", "-o", "x.h5", "--json")
    assert built.status == 1
    assert json.loads(built.out)["failures"] == ["scf of F-1-H: no convergence"]
    assert "failed: scf of F-1-H: no convergence" in built.err
    assert "1 molecules failed and are not in the data set" in built.err
