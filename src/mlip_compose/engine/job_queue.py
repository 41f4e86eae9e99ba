"""The file that asks a batch system for workers: the same for SLURM, PBS, LSF and SGE."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import Field, model_validator

from mlip_compose.core.documents import Strict, parse_document, read_text
from mlip_compose.engine.engine import GPU

_GPU_DIRECTIVES: Final = {
    "slurm": "--gres=gpu:1",
    "pbs": "-l select=1:ncpus=1:ngpus=1:mem={memory_mb}mb",  # PBS takes one line of resources
    "lsf": '-gpu "num=1"',
    "sge": "-l gpu=1",
}


class JobQueue(Strict):
    """Jobs of a batch system, each with some workers of one thread.

    Attributes
    ----------
    system
        The batch system.
    jobs
        Largest number of jobs at a time; no more are submitted than there are units. A job that
        ends before the work does is replaced.
    workers
        Number of workers of a job, each a process with one core and one thread.
    memory
        Memory of a job, such as ``32 GB``; its workers share it equally.
    walltime
        Time limit of a job, as the batch system writes it, such as ``12:00:00``. Another worker
        does a unit that it cuts short again, a training from its last checkpoint.
    queue, account
        Queue (partition) and account, as the batch system calls them.
    gpu
        Whether each job has one graphics processor; it then has one worker.
    gpu_directive
        The line that asks for it, where the site does not take the usual line.
    directives
        More lines for the batch system, without ``#SBATCH`` or ``#PBS``.
    prologue
        Shell commands before a worker starts, such as ``module load``.
    python
        The interpreter on the nodes; by default the one that runs now.
    interface
        Network interface by which the nodes reach this machine, such as ``ib0``.
    log_directory
        Directory of the output of the jobs.
    """

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
        arguments = {
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
            arguments["job_directives_skip"] = ["select="]
        return {key: value for key, value in arguments.items() if value is not None}

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
        The file cannot be read, or a key is wrong; the message names it.
    """
    return parse_document(read_text(path, "cluster"), JobQueue, "cluster", str(path))
