"""A build and a study on jobs of a SLURM that runs on this machine, and what may happen to jobs."""

import json
import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
import slurm as slurm_here
import yaml
from units import hold_gpu

from mlip_compose import RequestError, Store
from mlip_compose.engine.choice import cluster_engine
from mlip_compose.store.catalogue import dataset_path
from mlip_compose.store.writer import write_store

COMMAND = Path(sys.executable).parent / "mlip-compose"
DEADLINE = 120  # s
RECIPE = {
    "name": "short",
    "molecules": ["OH-1-H", "F-1-H", "SH-1-H", "H-2-H"],
    "sampling": {"equilibration_steps": 5, "stride_steps": 2, "primary": 3, "secondary": 2},
}
STUDY = {
    "name": "short",
    "tasks": ["length"],
    "levels": [1],
    "potentials": ["composition", "additive"],
    "train_frames": 60,
    "allow_missing": True,
}


@pytest.fixture(scope="module")
def slurm():
    if lacking := slurm_here.lacking():
        pytest.skip(f"{', '.join(lacking)} not installed: `make system-packages` installs them")
    with slurm_here.Slurm() as running:
        yield running
    assert not running.processes()


@pytest.fixture
def begin(slurm, tmp_path):
    """Return a function that starts the program in an empty folder, on jobs or here."""
    here = tmp_path / "here"
    here.mkdir()
    begun = []

    def start(*arguments, jobs=None):
        place = ["-j", "1"]
        if jobs is not None:
            place = ["--cluster", write_cluster(tmp_path, **jobs)]
        process = subprocess.Popen(
            [COMMAND, *arguments, *place, "--json"],
            cwd=here,
            env=slurm.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def write_cluster(folder, **keys):
    path = folder / "slurm.yaml"
    usual = {"system": "slurm", "memory": "2 GB", "interface": "lo", "walltime": "00:10:00"}
    path.write_text(yaml.safe_dump({**usual, "log_directory": str(folder / "logs"), **keys}))
    return path


def write(path, document):
    path.write_text(yaml.safe_dump(document))
    return path


def some_molecules(path):
    """Write a few molecules of ``mini-v1``, so that a study takes seconds."""
    whole = Store(dataset_path("mini-v1"))
    names = ["OH-1-H", "OH-2-H", "F-1-H", "F-2-H", "OH-7-H", "F-8-H"]
    frames = {name: [*whole.trajectories(name), whole.minimum(name)] for name in names}
    write_store(path, whole.header, [(whole.molecules[n], frames[n]) for n in names])
    return path


def result(process):
    stdout, stderr = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, stderr
    return json.loads(stdout)


def until(condition):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def scores(out):
    return {path.name: json.loads(path.read_text()) for path in out.glob("scores/*.json")}


def test_a_build_goes_on_when_its_job_is_cancelled(begin, slurm, tmp_path):
    recipe = write(tmp_path / "short.yaml", RECIPE)
    out, here = tmp_path / "out.h5", tmp_path / "undisturbed.h5"
    undisturbed = begin("data", "build", recipe, "--out", here)
    build = begin("data", "build", recipe, "--out", out, jobs={"jobs": 1})
    until(lambda: list(tmp_path.glob("out.h5.parts/*/*.h5")))
    (job,) = slurm.jobs("RUNNING")
    slurm.call("scancel", job)
    assert result(build)["sha256"] == result(undisturbed)["sha256"]
    assert not slurm.jobs("PENDING", "RUNNING")


def test_a_study_has_the_results_of_one_that_was_run_here(begin, tmp_path):
    dataset = some_molecules(tmp_path / "some.h5")
    study = write(tmp_path / "short.yaml", STUDY | {"dataset": str(dataset)})
    out, here = tmp_path / "out", tmp_path / "undisturbed"
    submitted = begin("run", study, "--out", out, jobs={"workers": 2, "memory": "6 GB"})
    undisturbed = begin("run", study, "--out", here)
    assert len(result(submitted)["units"]) == len(result(undisturbed)["units"]) == 2
    assert len(scores(out)) == 2
    assert scores(out) == scores(here)


@pytest.fixture
def engine(slurm, tmp_path, monkeypatch):
    """Return a function that makes an engine of this process, on jobs of some keys."""
    helpers = Path(slurm_here.__file__).parent
    paths = [str(helpers), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    for name, value in slurm.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    monkeypatch.chdir(tmp_path)
    return lambda **keys: cluster_engine(write_cluster(tmp_path, **keys), tmp_path)


def test_each_unit_that_wants_a_gpu_has_the_one_that_slurm_gives(engine, slurm):
    with engine(jobs=3, gpu=True) as jobs:
        done = [outcome for _, outcome in jobs.run(hold_gpu, range(6), wants_gpu=lambda _: True)]
        assert 1 <= len(slurm.jobs("PENDING", "RUNNING")) <= 3
    assert len(done) == 6
    assert {gpu for gpu, _, _ in done} <= {"0", "1"}
    for gpu in {gpu for gpu, _, _ in done}:
        times = sorted((start, end) for each, start, end in done if each == gpu)
        assert all(end <= later for (_, end), (later, _) in pairwise(times))
    assert not slurm.jobs("PENDING", "RUNNING")


def test_no_more_jobs_are_asked_for_than_there_are_units(engine, slurm):
    with engine(jobs=5) as jobs:
        for _ in jobs.run(hold_gpu, [0]):
            assert len(slurm.jobs()) == 1


def test_jobs_that_start_no_worker_end_with_their_output(engine, slurm):
    with (
        engine(jobs=3, prologue=["echo no such module >&2", "exit 3"]) as jobs,
        pytest.raises(RequestError, match=r"3 in a row.*no such module") as raised,
    ):
        list(jobs.run(hold_gpu, range(3)))
    assert "logs" in str(raised.value)
    assert not slurm.jobs()


def test_what_sbatch_says_is_told(engine):
    with (
        engine(queue="nowhere") as jobs,
        pytest.raises(RequestError, match="invalid partition specified: nowhere"),
    ):
        list(jobs.run(hold_gpu, [0]))
