"""What docs/potentials/calculators.md shows can be done as it stands there."""

import os
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import yaml

from mlip_compose.potentials.calculator import CalculatorSettings
from mlip_compose.potentials.entry import Entry
from mlip_compose.predictions.file import read_predictions

PAGE = (Path(__file__).parents[2] / "docs/potentials/calculators.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def arguments(command):
    (line,) = (
        line
        for block in blocks("bash")
        for line in block.replace("\\\n", " ").splitlines()
        if line.startswith(f"mlip-compose {command}")
    )
    return shlex.split(line)[1:]


@pytest.fixture
def run(monkeypatch, tmp_path):
    import sys

    from mlip_compose.__main__ import main

    monkeypatch.chdir(tmp_path)

    def call(*given):
        monkeypatch.setattr(sys, "argv", ["mlip-compose", *given])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0

    return call


@pytest.fixture
def data(tmp_path, toy_header):
    """A few real geometries: of made-up ones no calculator makes anything."""
    from mlip_compose.store.catalogue import open_dataset
    from mlip_compose.store.writer import write_store

    source = open_dataset("mini-v1")
    names = ("OH-1-H", "OH-2-H", "OH-7-H")
    contents = [
        (
            source.molecules[name],
            [
                source.frames(name, "primary", np.arange(3)),
                source.frames(name, "secondary", np.arange(2)),
                source.minimum(name),
            ],
        )
        for name in names
    ]
    write_store(tmp_path / "few.h5", toy_header, contents)
    return str(tmp_path / "few.h5")


def test_the_first_command_predicts_a_task(run, data):
    given = arguments("predict length")
    assert run(*given, "-d", data, "--allow-missing", "-l", "1", "--train-frames", "2") == 0
    predictions = read_predictions(Path("length_L1_GFN1_s0.h5"))
    assert predictions.header.settings["arguments"] == {"method": "GFN1-xTB"}
    assert predictions.header.failures == {}


def test_the_study_entry_is_one():
    ((_, entry),) = (
        yaml.safe_load(block)["potentials"] for block in blocks("yaml") if "calculator" in block
    )
    settings = Entry.model_validate(entry).resolved()
    assert isinstance(settings, CalculatorSettings)
    assert settings.function == "tblite.ase:TBLite"
    assert settings.level_of_theory == "GFN1-xTB"


def test_the_module_of_ones_own_serves_ani_2x(run, data, tmp_path, monkeypatch):
    folder = Path(os.environ.get("TORCHANI_DATA_DIR", "nowhere"))
    if not list(folder.glob("StateDicts/ani2x*")):
        pytest.skip("TORCHANI_DATA_DIR has no weights of ANI-2x")
    monkeypatch.setenv("TORCHANI_NO_WARN_EXTENSIONS", "1")
    monkeypatch.syspath_prepend(tmp_path)
    (code,) = blocks("python")
    (tmp_path / "published.py").write_text(code)
    given = arguments("predict whole")
    given[given.index("--dataset") + 1] = data
    assert run(*given, "--set", "model_index=0") == 0
    predictions = read_predictions(Path("whole_L2_ANI-2x_s0.h5"))
    assert predictions.header.level_of_theory == "wB97X/6-31G(d)"
    assert predictions.header.failures == {}
