"""A MACE model that mace-torch trained comes in through its card, as it is and fine-tuned."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(sys.executable).parent
TOOL = Path(__file__).parents[2] / "tools" / "pretrain_mace.py"


def run(folder, *command):
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, capture_output=True, text=True, timeout=1500
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    pytest.importorskip("graph_pes")
    folder = tmp_path_factory.mktemp("pretrained")
    task = ["--dataset", "mini-v1", "--task", "length", "--level", 1, "--frames", 60]
    size = ["--epochs", 6, "--channels", 4]
    run(folder, sys.executable, TOOL, *task, *size, "-o", folder / "model")
    return folder / "model" / "pretrained.yaml"


def train(folder, card, tuned, *settings):
    task = ["length", f"{card}{tuned}", "--level", 2, "--dataset", "mini-v1"]
    budget = ["--train-frames", 60, "--set", "trust=true"]
    out = run(folder, SCRIPTS / "mlip-compose", "train", *task, *budget, *settings, "--json",
              "-o", folder / f"out{tuned.strip(':')}")  # fmt: skip
    return json.loads(out)


def force_error(folder, answer):
    """Return the mean absolute error on ID test frames, meV/Angstrom."""
    (predictions,) = answer["predictions"]
    scored = json.loads(run(folder, SCRIPTS / "mlip-compose", "score", predictions, "--json"))
    return next(m["id"]["value"] for m in scored["metrics"] if m["name"] == "forces_mae")


@pytest.mark.slow
def test_zero_shot_and_fine_tuned(card, tmp_path):
    as_it_is = train(tmp_path, card, "")
    assert as_it_is["status"] == "done"
    assert as_it_is["level_of_theory"] == "that of mini-v1"
    settings = [
        f"--set={s}" for s in ("steps=100", "batch_size=8", "learning_rate=0.01", "ema_decay=0.9")
    ]
    tuned = train(tmp_path, card, ":fine-tuned", *settings)
    assert tuned["status"] == "done"
    assert tuned["cost"]["parameters"] == as_it_is["cost"]["parameters"] > 0
    assert force_error(tmp_path, tuned) < 0.85 * force_error(tmp_path, as_it_is)
    folders = [tmp_path / answer["model"] / "model" for answer in (as_it_is, tuned)]
    assert [(folder / "model.npz").exists() for folder in folders] == [False, True]
    assert all((folder / "model.json").exists() for folder in folders)
