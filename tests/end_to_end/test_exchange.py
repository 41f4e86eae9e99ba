"""Exported training files go into other programs as they are, and predictions come back."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mlip_compose import open_dataset
from mlip_compose.predictions.exchange.export import TaskFrames, export_data

SCRIPTS = Path(sys.executable).parent
PAGE = Path(__file__).parents[2] / "docs" / "exchange.md"
N_TRAIN = 24


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported") / "xyz"
    outcome = export_data(open_dataset("mini-v1"), folder, task=TaskFrames("length", 1, N_TRAIN, 0))
    return outcome.path


def run(folder, program, *arguments):
    command = [str(SCRIPTS / program), *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)
    messages = done.stdout + done.stderr
    assert done.returncode == 0, messages[-3000:]
    return messages


@pytest.mark.slow
def test_mace_run_train_takes_them(exported, tmp_path):
    messages = run(
        tmp_path,
        "mace_run_train",
        "--name=tiny",
        f"--train_file={exported / 'train.xyz'}",
        f"--valid_file={exported / 'validation.xyz'}",
        "--E0s=average",
        "--hidden_irreps=4x0e",
        "--r_max=3.0",
        "--num_interactions=1",
        "--max_ell=1",
        "--correlation=1",
        "--num_radial_basis=4",
        "--batch_size=8",
        "--max_num_epochs=2",
        "--device=cpu",
        "--default_dtype=float32",
    )
    assert f"Total Training set [energy: {N_TRAIN}," in messages
    assert f"forces: {N_TRAIN}," in messages
    assert "Epoch 1" in messages
    assert (tmp_path / "tiny.model").is_file()


@pytest.mark.slow
def test_graph_pes_train_takes_them(exported, tmp_path):
    def part(name):
        labels = {"REF_energy": "energy", "REF_forces": "forces"}
        return {"path": str(exported / f"{name}.xyz"), "cutoff": 3.0, "property_map": labels}

    config = {
        "model": {"+SchNet": {"cutoff": 3.0, "channels": 4, "expansion_features": 4, "layers": 1}},
        "data": {"train": part("train"), "valid": part("validation")},
        "loss": ["+PerAtomEnergyLoss()", "+ForceRMSE()"],
        "fitting": {
            "optimizer": {"name": "Adam", "lr": 0.001},
            "trainer_kwargs": {"max_epochs": 2, "accelerator": "cpu"},
            "loader_kwargs": {"num_workers": 0, "persistent_workers": False, "batch_size": 8},
        },
        "general": {"progress": "logged", "root_dir": "out", "run_id": "tiny"},
        "wandb": None,
    }
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(config))
    messages = run(tmp_path, "graph-pes-train", "tiny.yaml")
    assert "forces_rmse" in messages
    assert (tmp_path / "out" / "tiny" / "model.pt").is_file()


@pytest.mark.slow
def test_the_commands_of_the_page_end_in_a_score_and_a_row(tmp_path):
    blocks = re.findall(r"^```bash\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 5
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert "MACE-own on length, level 1" in done.stdout
    results = json.loads((tmp_path / "results" / "results.json").read_text("utf-8"))
    (row,) = (score for score in results["scores"] if score["potential"] == "MACE-own")
    assert (row["train_frames"], row["failed_frames"]) == (120, 0)
    values = {metric["name"]: metric["ood"] for metric in row["metrics"]}
    for name in ("forces_mae", "energy_mae_per_atom_offset", "reaction_mae_offset"):
        assert values[name] is not None
    assert "MACE-own" in (tmp_path / "results" / "report.html").read_text("utf-8")
