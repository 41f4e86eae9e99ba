"""Pretrain a small MACE with mace-torch's own program; leave what a published model comes as.

    python tools/pretrain_mace.py --task length --level 1 --frames 400 --epochs 40 -o DIR

Exports the training frames of a task (``mlip-compose data export``), runs ``mace_run_train`` on
them, and writes to DIR the weights ``pretrained.model``, a pickle of the whole model as MACE-OFF is
published, and a model card ``pretrained.yaml``. Then, on tasks that the frames were not taken from:

    mlip-compose train length DIR/pretrained.yaml --set trust=true
    mlip-compose train length DIR/pretrained.yaml:fine-tuned --set trust=true
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

NAME = "pretrained"
SCRIPTS = Path(sys.executable).parent


def main() -> None:
    """Export, pretrain, write the card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="core-v1")
    parser.add_argument("--task", default="length")
    parser.add_argument("--level", type=int, default=1)
    parser.add_argument("--frames", type=int, default=400)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--out", type=Path, required=True)
    given = parser.parse_args()
    given.out.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        export = ["data", "export", given.dataset, "-o", data, "--task", given.task]
        export += ["--level", given.level, "--train-frames", given.frames, "--seed", given.seed]
        run(SCRIPTS / "mlip-compose", *export)
        pretrain(data, Path(folder), given)
        shutil.copy(Path(folder) / f"{NAME}.model", given.out)
        elements = symbols(data / "train.xyz")
    card = card_of(given, elements)
    (given.out / f"{NAME}.yaml").write_text(yaml.safe_dump(card, sort_keys=False))
    print(given.out / f"{NAME}.yaml")


def pretrain(data, folder, given):
    """Run mace_run_train for a small model; it leaves NAME.model in the folder."""
    run(
        SCRIPTS / "mace_run_train",
        f"--name={NAME}",
        f"--train_file={data / 'train.xyz'}",
        f"--valid_file={data / 'validation.xyz'}",
        "--E0s=average",
        f"--hidden_irreps={given.channels}x0e + {given.channels}x1o",
        "--r_max=4.0",
        "--max_ell=2",
        "--correlation=2",
        "--num_radial_basis=6",
        "--radial_MLP=[32, 32]",
        "--MLP_irreps=16x0e",
        "--batch_size=8",
        "--valid_batch_size=32",
        "--lr=0.01",
        "--energy_weight=1",
        "--forces_weight=100",
        "--ema",
        "--ema_decay=0.99",
        f"--max_num_epochs={given.epochs}",
        f"--eval_interval={max(1, given.epochs // 5)}",
        f"--seed={given.seed}",
        "--device=cpu",
        "--default_dtype=float32",
        cwd=folder,
    )


def run(*command, cwd=None):
    """Run a program; where it fails, end with the last of what it said."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={"OMP_NUM_THREADS": "1"} | os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise SystemExit(done.stdout[-3000:])


def symbols(path):
    """Return the symbols of the elements of an extended XYZ file, sorted."""
    words = (line.split() for line in path.read_text().splitlines())
    return sorted({w[0] for w in words if len(w) == 7 and w[0].isalpha()})


def card_of(given, elements):
    """Return the model card as a mapping."""
    weights = given.out / f"{NAME}.model"
    return {
        "format": "mlip-compose/model-card/1",
        "name": NAME,
        "summary": f"small MACE pretrained on {given.frames} frames of {given.task}",
        "backend": "mace",
        "constructor": "mace.calculators:MACECalculator",
        "elements": elements,
        "charge": "neutral only",
        "spin": "singlet only",
        "level_of_theory": f"that of {given.dataset}",
        "training_sets": [
            {"name": f"{given.dataset} {given.task}, level {given.level}", "size": given.frames}
        ],
        "parameters": None,
        "licence": None,
        "citation": None,
        "weights": {
            "file": weights.name,
            "cache": str(given.out.resolve()),
            "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        },
        "executes_code": True,
        "package": "mace",
        "environment": "foundation",
        "fine_tuning": True,
    }


if __name__ == "__main__":
    main()
