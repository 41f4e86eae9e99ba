"""The file that says how to ask a batch system for workers, and the jobs that follow from it."""

import os
import sys

import dask_jobqueue
import pytest
import yaml

from mlip_compose.core.errors import RequestError, StudyError, UnknownNameError
from mlip_compose.engine.batch_jobs import unfinished_jobs
from mlip_compose.engine.job_queue import JobQueue, read_job_queue

SYSTEMS = {
    "slurm": ("SLURMCluster", "#SBATCH"),
    "pbs": ("PBSCluster", "#PBS"),
    "lsf": ("LSFCluster", "#BSUB"),
    "sge": ("SGECluster", "#$"),
}
FULL = {
    "jobs": 3,
    "workers": 1,
    "memory": "8 GB",
    "walltime": "04:00",
    "queue": "normal",
    "account": "chem",
    "gpu": True,
    "prologue": ["module load gcc"],
    "directives": ["--exclusive"],
}


@pytest.fixture
def write(tmp_path):
    def run(**keys):
        path = tmp_path / "cluster.yaml"
        path.write_text(yaml.safe_dump(keys))
        return path

    return run


@pytest.mark.parametrize("system", SYSTEMS)
def test_one_file_serves_every_batch_system(write, system):
    queue = read_job_queue(write(system=system, **FULL))
    cluster, mark = SYSTEMS[system]
    job_type = getattr(dask_jobqueue, cluster).job_cls
    script = job_type("tcp://127.0.0.1:1", name="0", **queue.arguments()).job_script()
    directives = [line for line in script.splitlines() if line.startswith(mark)]
    for wanted in ("normal", "chem", "04:00", "--exclusive", "gpu"):
        assert any(wanted in line for line in directives), (wanted, script)
    assert "module load gcc" in script
    assert f"{sys.executable} -m distributed.cli.dask_worker" in script
    assert "--nthreads 1" in script
    assert "--resources GPU=1" in script
    assert sum("select=" in line for line in directives) == (system == "pbs")  # it takes one alone


def test_a_site_may_have_its_own_way_to_ask_for_a_gpu(write):
    keys = FULL | {"gpu_directive": "--gpus=a100:1"}
    arguments = read_job_queue(write(system="slurm", **keys)).arguments()
    assert arguments["job_extra_directives"] == ["--gpus=a100:1", "--exclusive"]


LISTINGS = {
    "slurm": ("squeue", "12\n345\n"),
    "pbs": ("qselect", "12.server.site\n345.server.site\n"),
    "lsf": ("bjobs", "12\n345\n"),
    "sge": (
        "qstat",
        "job-ID  prior   name       user         state submit/start at     queue      slots\n"
        "-----------------------------------------------------------------------------------\n"
        "     12 0.55500 mlip-compo user         r     11/26/2026 22:10:39 all.q@node     1\n"
        "    345 0.00000 mlip-compo user         qw    11/26/2026 22:11:02                1\n",
    ),
}


@pytest.fixture
def says(tmp_path, monkeypatch):
    """Return a function that puts a command before the others, which says something and ends."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    def install(command, stdout="", stderr="", status=0):
        path = tmp_path / command
        path.write_text(f"#!/bin/sh\nprintf '%s' '{stdout}'\necho '{stderr}' >&2\nexit {status}\n")
        path.chmod(0o755)

    return install


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_jobs_that_are_not_over_are_known_of_every_batch_system(says, system):
    command, answer = LISTINGS[system]
    says(command, answer)
    assert unfinished_jobs(system) == {"12", "345"}
    says(command)
    assert unfinished_jobs(system) == set()
    says(command, stderr="cannot reach the server", status=1)
    assert unfinished_jobs(system) is None


def test_a_command_that_is_not_there_says_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert unfinished_jobs("slurm") is None


def test_lsf_says_by_an_error_that_there_are_none(says):
    says("bjobs", stderr="No unfinished job found", status=255)
    assert unfinished_jobs("lsf") == set()


def test_without_a_gpu_none_is_asked_for(write):
    arguments = read_job_queue(write(system="slurm", workers=4)).arguments()
    assert (arguments["cores"], arguments["processes"]) == (4, 4)
    assert "gpu" not in str(arguments).lower()


def test_a_gpu_is_for_one_worker(write):
    with pytest.raises(StudyError, match="one worker"):
        read_job_queue(write(system="slurm", workers=2, gpu=True))


@pytest.mark.parametrize(
    ("keys", "error", "message"),
    [
        ({"system": "cobalt"}, StudyError, "system"),
        ({"system": "slurm", "memory": "much"}, StudyError, "memory"),
        ({"system": "slurm", "jobs": 0}, StudyError, "jobs"),
        ({"system": "slurm", "partition": "x"}, UnknownNameError, "partition"),
        ({}, StudyError, "system"),
    ],
)
def test_wrong_files_are_refused(write, keys, error, message):
    with pytest.raises(error, match=message):
        read_job_queue(write(**keys))


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(RequestError, match=r"none\.yaml"):
        read_job_queue(tmp_path / "none.yaml")


def test_defaults_are_one_job_of_one_worker():
    assert (JobQueue(system="slurm").jobs, JobQueue(system="slurm").workers) == (1, 1)
