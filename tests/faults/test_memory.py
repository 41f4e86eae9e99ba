"""A unit that needs more memory than there is fails by itself, and is tried again."""

import json
import os
import shutil

import pytest

from faults import content, run

RUN = ("run", "study.yaml", "--out", "results", "-j", "1")
STUDY = """
name: hungry
dataset: tiny.h5
tasks: [length]
levels: [1]
potentials:
  - composition
  - {potential: calculator, settings: {function: "hungry:calculator"}, label: hungry}
train_frames: 20
allow_missing: true
"""
ALLOCATES = """
import os, resource, signal
import numpy as np

def SIZE():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()

class Calculator:
    def get_potential_energy(self, atoms):
        with open("tries", "a") as file:
            file.write(f"{os.getpid()}\\n")
        if os.path.exists(FLAG):
            WAY
        return 0.0

    def get_forces(self, atoms):
        return np.zeros((len(atoms), 3))

def calculator():
    return Calculator()
"""
WAYS = {
    "limit": "resource.setrlimit(resource.RLIMIT_AS, (SIZE() + 2**30,) * 2); np.ones(2**30)",
    "killed": "os.kill(os.getpid(), signal.SIGKILL)",
}
"""An allocation past RLIMIT_AS, and what the kernel does where there is no such limit."""


@pytest.mark.parametrize("way", ["limit", pytest.param("killed", marks=pytest.mark.slow)])
def test_a_unit_without_memory_is_tried_again_by_the_next_run(place, way):
    hungry = place / "hungry"
    module = ALLOCATES.replace("FLAG", repr(str(hungry))).replace("WAY", WAYS[way])
    (place / "hungry.py").write_text(module.replace('"tries"', repr(str(place / "tries"))))
    (place / "study.yaml").write_text(STUDY)
    hungry.touch()
    environment = {"PYTHONPATH": f"{place}"}
    status, _, err = run(place, *RUN, **with_path(environment))
    assert status == 1, err
    assert "hungry" in err
    assert "memory" in err
    tries = (place / "tries").read_text().split()
    assert 1 <= len(set(tries)) <= 2
    results = json.loads((place / "results" / "results.json").read_text())
    states = {unit["potential"]: (unit["status"], unit["reason"]) for unit in results["units"]}
    assert states["composition"] == ("done", "")
    assert states["hungry"][0] == "failed"
    assert "memory" in states["hungry"][1]
    assert [score["potential"] for score in results["scores"]] == ["composition"]
    assert "hungry" in (place / "results" / "report.html").read_text()

    hungry.unlink()
    status, _, err = run(place, *RUN, **with_path(environment))
    assert status == 0, err
    if way == "limit":
        return
    resumed = content(place / "results")
    shutil.rmtree(place / "results")
    status, _, err = run(place, *RUN, **with_path(environment))
    assert status == 0, err
    assert resumed == content(place / "results")


def with_path(environment):
    """Add the path that this process has, where it has one."""
    paths = [environment["PYTHONPATH"], os.environ.get("PYTHONPATH", "")]
    return {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}
