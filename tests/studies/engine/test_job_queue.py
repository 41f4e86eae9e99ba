"""The file that says how to ask a batch system for workers, and the jobs that follow from it."""

import sys

import dask_jobqueue
import pytest
import yaml

from mlip_compose.errors import RequestError, StudyError, UnknownNameError
from mlip_compose.studies.engine.job_queue import JobQueue, read_job_queue

SYSTEMS = {
    "slurm": (dask_jobqueue.SLURMCluster, "#SBATCH"),
    "pbs": (dask_jobqueue.PBSCluster, "#PBS"),
    "lsf": (dask_jobqueue.LSFCluster, "#BSUB"),
    "sge": (dask_jobqueue.SGECluster, "#$"),
}
LOOPBACK = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
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
    cluster_type, mark = SYSTEMS[system]
    with cluster_type(**queue.arguments(), scheduler_options=LOOPBACK) as cluster:
        script = cluster.job_script()
    directives = [line for line in script.splitlines() if line.startswith(mark)]
    for wanted in ("normal", "chem", "04:00", "--exclusive", "gpu"):
        assert any(wanted in line for line in directives), (wanted, script)
    assert "module load gcc" in script
    assert f"{sys.executable} -m distributed.cli.dask_worker" in script
    assert "--nthreads 1" in script
    assert "--resources GPU=1" in script


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
