"""A wheel, installed outside the checkout, runs the same commands with the same data."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    target = folder / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", target, wheel], check=True, capture_output=True)
    return target


def call(installed, folder, *arguments):
    environment = os.environ | {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "mlip_compose", *arguments]
    outcome = subprocess.run(
        command, cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return json.loads(outcome.stdout)


def test_a_wheel_has_the_same_data(installed, tmp_path):
    from mlip_compose import open_dataset

    info = call(installed, tmp_path, "data", "info", "mini-v1", "--json")
    assert Path(info["path"]).is_relative_to(installed)
    assert info["sha256"] == open_dataset("mini-v1").checksum


def test_a_wheel_has_the_model_cards(installed, tmp_path):
    shown = call(installed, tmp_path, "potentials", "show", "so3lr", "--json")
    assert shown["card"]["environment"] == "environments/so3lr.txt"


def test_a_wheel_runs_a_study(installed, tmp_path):
    study = "name: w\ndataset: mini-v1\ntasks: [length]\nlevels: [1]\ntrain_frames: 40\n"
    (tmp_path / "study.yaml").write_text(f"{study}potentials: [composition]\n")
    results = call(installed, tmp_path, "run", "study.yaml", "-j", "1", "--json")
    (score,) = results["scores"]
    assert score["potential"] == "composition"
    assert (tmp_path / "results" / "w" / "report.html").is_file()


def test_a_wheel_has_its_types_and_its_licence(installed):
    assert (installed / "mlip_compose" / "py.typed").is_file()
    assert list(installed.glob("mlip_compose-*.dist-info/licenses/LICENSE"))


def test_a_wheel_has_the_scripts_of_the_page_with_their_licences(installed):
    folder = Path("mlip_compose") / "report" / "vendor"
    there = {file.name for file in (ROOT / "src" / folder).iterdir()}
    assert {file.name for file in (installed / folder).iterdir()} == there
