"""Bad input: exit status 2, one message with what was expected and found, no traceback."""

from pathlib import Path

import h5py
import pytest
from small_study import NAMES, write_small

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
