"""``predictions import`` as a command, and what ``score`` says to files of others."""

import json
from pathlib import Path

import ase.io
import numpy as np
import pytest


@pytest.fixture
def predicted(command, small):
    """Return a directory of predicted files of an exported task."""
    export = ("data", "export", *small[1:], "-t", "length", "-l", "1", "--train-frames", "40")
    assert command(*export, "-o", "exported").status == 0
    Path("predicted").mkdir()
    rng = np.random.default_rng(0)
    for part in ("id", "ood"):
        images = ase.io.read(f"exported/{part}.xyz", index=":")
        for atoms in images:
            forces = atoms.arrays["REF_forces"]
            atoms.info["my_energy"] = atoms.info["REF_energy"] + rng.normal()
            atoms.arrays["my_forces"] = forces + 0.1 * rng.normal(size=forces.shape)
        ase.io.write(f"predicted/{part}.xyz", images, format="extxyz")
    return Path("predicted")


def test_import_and_score(command, small, predicted):
    outcome = command("predictions", "import", predicted, *small, "-n", "my model", "--json")
    assert outcome.status == 0
    document = json.loads(outcome.out)
    assert document["predictions"] == "length_L1_my-model_s0.h5"
    assert document["parts"] == ["id", "ood"]
    assert document["failed_frames"] == 0
    score = json.loads(command("score", document["predictions"], *small, "--json").out)
    assert (score["potential"], score["train_frames"]) == ("my model", 40)
    values = {metric["name"]: metric["ood"] for metric in score["metrics"]}
    assert values["forces_mae"]["value"] == pytest.approx(80, rel=0.05)  # meV/A of such noise
    shown = command("predictions", "import", predicted, *small, "-n", "b", "-o", "b.h5").out
    assert "b.h5" in shown


def test_score_says_to_import_first(command, small, predicted):
    np.savez("p.npz", energy=np.zeros(1))
    for path in (predicted, predicted / "id.xyz", "p.npz"):
        outcome = command("score", path)
        assert outcome.status == 2
        assert f"mlip-compose predictions import {path}" in outcome.err
        assert "Traceback" not in outcome.err


def test_wrong_requests_get_one_message_and_status_two(command, small, predicted):
    for arguments, message in (
        (("nowhere", "-n", "x"), "no nowhere"),
        (("exported", "-n", "x"), "only the labels"),
        ((predicted, "-n", "x", "--level", "2"), "--level"),
        ((predicted, "-n", "x", "--force-unit", "ev"), "eV/Angstrom"),
        ((predicted / "id.xyz", "-n", "x"), "48 missing"),
    ):
        outcome = command("predictions", "import", *arguments, *small)
        assert outcome.status == 2
        assert message in outcome.err
        assert "Traceback" not in outcome.err
    assert [path.name for path in Path.cwd().glob("*.h5")] == ["small.h5"]
