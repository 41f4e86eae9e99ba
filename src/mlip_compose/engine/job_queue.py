"""A file that says how to ask a batch system for workers: the same for SLURM, PBS, LSF and SGE."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mlip_compose.core.documents import parse_document, read_text
from mlip_compose.engine.engine import GPU

_GPU_DIRECTIVES: Final = {
    "slurm": "--gres=gpu:1",
    "pbs": "-l select=1:ncpus=1:ngpus=1:mem={memory_mb}mb",  # PBS takes one line of resources
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
        How many jobs to have at a time, at most: no more are asked for than there are units. One
        that ends before the work does is replaced.
    workers
        Workers of a job, each a process with one core and one thread.
    memory
        Of a job, such as ``32 GB``; shared equally by its workers.
    walltime
        Of a job, as the batch system writes it. A unit that it cuts short is done again by another
        worker, trainings from their last checkpoint.
    queue, account
        As the batch system calls them.
    gpu
        Whether each job has one graphics processor; it then has one worker.
    gpu_directive
        How a job asks for it, where the usual line of the batch system is not that of the site.
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
    gpu_directive: str | None = None
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
        """Return the keyword arguments of dask-jobqueue's job."""
        given = {
            "cores": self.workers,
            "processes": self.workers,
            "memory": self.memory,
            "queue": self.queue,
            "project" if self.system in ("lsf", "sge") else "account": self.account,
            "walltime": self.walltime,
            "job_extra_directives": [*self._gpu_directives(), *self.directives],
            "job_script_prologue": list(self.prologue),
            "python": self.python or sys.executable,
            "interface": self.interface,
            "log_directory": self.log_directory,
            "job_name": "mlip-compose",
            "worker_extra_args": ["--resources", f"{GPU}=1"] if self.gpu else [],
        }
        if self.gpu and self.system == "pbs":
            given["job_directives_skip"] = ["select="]
        return {key: value for key, value in given.items() if value is not None}

    def _gpu_directives(self) -> list[str]:
        from dask.utils import parse_bytes

        if not self.gpu:
            return []
        memory_mb = -(-parse_bytes(self.memory) // 1024**2)
        usual = _GPU_DIRECTIVES[self.system].format(memory_mb=memory_mb)
        return [self.gpu_directive or usual]


def read_job_queue(path: Path) -> JobQueue:
    """Read a YAML file of this schema.

    Raises
    ------
    UnreadableError, StudyError, UnknownNameError
        Says which key is wrong.
    """
    return parse_document(read_text(path, "cluster"), JobQueue, "cluster", str(path))
