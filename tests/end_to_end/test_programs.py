"""Programs of the field, as ASE starts them: files of fixed names, two processes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from mlip_compose import Store
from mlip_compose.store.catalogue import open_dataset

COMMAND = Path(sys.executable).parent / "mlip-compose"
HELPERS = Path(__file__).parent.parent / "helpers"
FRAMES = ("data", "relabel", "mini-v1", "-m", "OH-2-H,H-3-H", "--frames", "12", "--json")
REFERENCES = {
    "mopac": ("-r", "ase.calculators.mopac:MOPAC", "--set", "method=PM7"),
    "xtb": ("-r", "program_calculators:Xtb"),
}


@pytest.fixture(params=REFERENCES)
def reference(request):
    """Options of a reference whose program is installed."""
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} not installed: `make system-packages` installs it")
    return REFERENCES[request.param]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a function that runs the command in an empty directory, and reads its JSON."""
    monkeypatch.setenv("PYTHONPATH", str(HELPERS), prepend=":")

    def start(*arguments):
        done = subprocess.run(
            [COMMAND, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return start


def test_labels_of_two_processes_are_those_of_one(reference, run, tmp_path):
    for processes in ("1", "2"):
        out = tmp_path / processes / "labels.h5"
        outcome = run(*FRAMES, *reference, "-j", processes, "-o", out)
        assert outcome["failures"] == []
        assert outcome["frames"] == 24
    first, second = ((tmp_path / name / "labels.h5").read_bytes() for name in "12")
    assert first == second
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2"]


def test_xtb_gives_the_labels_of_the_embedded_reference(run, tmp_path):
    if shutil.which("xtb") is None:
        pytest.skip("xtb not installed: `make system-packages` installs it")
    run(*FRAMES, *REFERENCES["xtb"], "-j", "2", "-o", tmp_path / "new.h5")
    store, source = Store(tmp_path / "new.h5"), open_dataset("mini-v1")
    chosen = store.header.sampling["relabelled_from"]["frames"]
    for name in ("OH-2-H", "H-3-H"):
        frames = store.frames(name, "primary")
        labels = source.frames(name, "primary", np.array(chosen[name]["primary"]))
        np.testing.assert_allclose(frames.energy, labels.energy, atol=1e-3)
        np.testing.assert_allclose(frames.forces, labels.forces, atol=1e-3)


def test_molecules_that_two_processes_build_are_those_of_one(run, tmp_path):
    if shutil.which("xtb") is None:
        pytest.skip("xtb not installed: `make system-packages` installs it")
    recipe = {
        "name": "short",
        "molecules": ["H-2-H", "OH-1-H"],
        "reference": "program_calculators:Xtb",
        "sampling": {"equilibration_steps": 5, "stride_steps": 2, "primary": 3, "secondary": 2},
    }
    (tmp_path / "short.yaml").write_text(yaml.safe_dump(recipe))
    for processes in ("1", "2"):
        out = tmp_path / processes / "built.h5"
        assert run("data", "build", "short.yaml", "-j", processes, "-o", out, "--json")["frames"]
    first, second = ((tmp_path / name / "built.h5").read_bytes() for name in "12")
    assert first == second
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2", "short.yaml"]
