"""A file that says how to ask a batch system for workers, and the workers that it gives.

The file is the same for SLURM, PBS, LSF and SGE; dask-jobqueue writes and submits the jobs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mlip_compose.documents import parse_document, read_text
from mlip_compose.errors import MissingExtraError, RequestError
from mlip_compose.studies.engine.engine import GPU

if TYPE_CHECKING:
    from distributed import Client

_CLUSTERS: Final = {
    "slurm": "SLURMCluster",
    "pbs": "PBSCluster",
    "lsf": "LSFCluster",
    "sge": "SGECluster",
}
_GPU_DIRECTIVES: Final = {
    "slurm": "--gres=gpu:1",
    "pbs": "-l ngpus=1",
    "lsf": '-gpu "num=1"',
    "sge": "-l gpu=1",
}


class JobQueue(BaseModel):
    """Jobs of a batch system, each with some workers of one thread.

    Attributes
    ----------
    system
        The batch system.
    jobs
        How many jobs to have at a time.
    workers
        Workers of a job, each a process with one core and one thread.
    memory
        Of a job, such as ``32 GB``; shared equally by its workers.
    walltime
        Of a job. A unit that it cuts short is done again by another worker, trainings from their
        last checkpoint.
    queue, account
        As the batch system calls them.
    gpu
        Whether each job has one graphics processor; it then has one worker.
    directives
        More lines for the batch system, as they would stand after ``#SBATCH`` or ``#PBS``.
    prologue
        Shell commands before a worker starts, such as ``module load`` or a ``source``.
    python
        The interpreter on the nodes; the one that runs now where none is named.
    interface
        Network interface that the nodes reach this machine by, such as ``ib0``.
    log_directory
        Where the jobs' output goes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    system: Literal["slurm", "pbs", "lsf", "sge"]
    jobs: int = Field(default=1, ge=1)
    workers: int = Field(default=1, ge=1)
    memory: str = Field(default="4 GB", pattern=r"^[0-9.]+ ?[kMGT]i?B$")
    walltime: str | None = Field(default=None, pattern=r"^[0-9:-]+$")
    queue: str | None = None
    account: str | None = None
    gpu: bool = False
    directives: tuple[str, ...] = ()
    prologue: tuple[str, ...] = ()
    python: str | None = None
    interface: str | None = None
    log_directory: str | None = None

    @model_validator(mode="after")
    def _one_worker_a_gpu(self) -> Self:
        if self.gpu and self.workers != 1:
            message = "a job with a GPU has one worker, so that a unit has the GPU to itself"
            raise ValueError(message)
        return self

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of dask-jobqueue's cluster."""
        directives = [*self.directives, *([_GPU_DIRECTIVES[self.system]] if self.gpu else [])]
        given = {
            "cores": self.workers,
            "processes": self.workers,
            "memory": self.memory,
            "queue": self.queue,
            "project" if self.system in ("lsf", "sge") else "account": self.account,
            "walltime": self.walltime,
            "job_extra_directives": directives,
            "job_script_prologue": list(self.prologue),
            "python": self.python or sys.executable,
            "interface": self.interface,
            "log_directory": self.log_directory,
            "job_name": "mlip-compose",
            "worker_extra_args": ["--resources", f"{GPU}=1"] if self.gpu else [],
        }
        return {key: value for key, value in given.items() if value is not None}


def read_job_queue(path: Path) -> JobQueue:
    """Read a YAML file of this schema.

    Raises
    ------
    UnreadableError, StudyError, UnknownNameError
        Says which key is wrong.
    """
    return parse_document(read_text(path, "cluster"), JobQueue, "cluster", str(path))


@contextmanager
def submitted(queue: JobQueue) -> Iterator[Client]:
    """Submit the jobs, give a client of their workers, and cancel them at the end.

    Raises
    ------
    MissingExtraError
        dask-jobqueue is not installed.
    RequestError
        The batch system does not take the jobs.
    """
    try:
        import dask_jobqueue
    except ImportError as error:
        raise MissingExtraError("a batch system", "dask_jobqueue", "cluster") from error
    from distributed import Client

    try:
        cluster = getattr(dask_jobqueue, _CLUSTERS[queue.system])(
            **queue.arguments(), scheduler_options={"dashboard_address": ":0"}
        )
        cluster.scale(jobs=queue.jobs)
    except (OSError, RuntimeError, ValueError) as error:
        raise RequestError(
            f"a {queue.system} that takes jobs from here",
            " ".join(str(error).split())[:300],
            "Check that its commands work in this shell.",
        ) from error
    with cluster, Client(cluster) as client:
        yield client
