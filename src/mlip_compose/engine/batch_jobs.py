"""Jobs of a batch system, each with some workers; a job that ends while there is work is replaced.

dask-jobqueue writes, submits and cancels a job, and submits each once. A job may be cancelled, run
out of its time or fail to start a worker: this module asks the batch system for that.
"""

from __future__ import annotations

import asyncio
import getpass
import logging
import re
import subprocess
import time
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlip_compose.core.errors import MissingExtraError, RequestError
from mlip_compose.engine.engine import Workers
from mlip_compose.engine.job_queue import JobQueue

if TYPE_CHECKING:
    from distributed import SpecCluster

_CLUSTERS: Final = {
    "slurm": "SLURMCluster",
    "pbs": "PBSCluster",
    "lsf": "LSFCluster",
    "sge": "SGECluster",
}
_LISTINGS: Final = {
    "slurm": ("squeue", "--noheader", "--format=%A", "--user"),
    "pbs": ("qselect", "-u"),
    "lsf": ("bjobs", "-noheader", "-o", "jobid", "-u"),
    "sge": ("qstat", "-u"),
}
"""Commands that list the unfinished jobs of a user, each in a line that starts with its number."""

_MOST_FRUITLESS: Final = 3
"""After so many jobs in a row that ended without a worker, no further job is submitted."""

_FIRST_PAUSE: Final = 1.0  # s
_LONGEST_PAUSE: Final = 60.0  # s
_AFTER_SUBMISSION: Final = 5.0  # s, until a job is sure to be in the listing
_PATIENCE: Final = 30.0  # s, for the answer of the batch system
_TICK: Final = 0.2  # s
_FIRST_MESSAGE: Final = 30.0  # s without a worker, and twice as long for each further message

_log = logging.getLogger(__name__)


@contextmanager
def workers_of_jobs(queue: JobQueue, units: int) -> Iterator[Workers]:
    """Submit jobs, give their workers, and cancel the jobs at the end.

    The context is entered when the first worker runs.

    Parameters
    ----------
    queue
        The jobs to ask for.
    units
        Number of units at first.

    Raises
    ------
    MissingExtraError
        dask-jobqueue is not installed.
    RequestError
        The batch system does not take the jobs, or they end before they have a worker.
    """
    try:
        import dask_jobqueue
    except ImportError as error:
        raise MissingExtraError("a batch system", "dask_jobqueue", "cluster") from error
    import dask
    from distributed import Client, Scheduler, SpecCluster

    settings = f"jobqueue.{queue.system}"
    options = {
        "interface": queue.interface or dask.config.get(f"{settings}.interface", None),
        "dashboard": False,
        "dashboard_address": ":0",
        **dask.config.get(f"{settings}.scheduler-options", {}),
    }
    job_type = getattr(dask_jobqueue, _CLUSTERS[queue.system]).job_cls
    with (
        SpecCluster(scheduler={"cls": Scheduler, "options": options}) as cluster,
        Client(cluster) as client,
    ):
        jobs = BatchJobs(queue, cluster, job_type)
        try:
            wait_for_worker(jobs, units)
            yield Workers(client, jobs.provide)
        finally:
            jobs.cancel()


def wait_for_worker(jobs: BatchJobs, units: int) -> None:
    """Submit jobs until one of them has a worker; log now and then which jobs this waits for.

    Raises
    ------
    RequestError
        The batch system does not take them, or they end before they have a worker.
    """
    began, next_message = time.monotonic(), _FIRST_MESSAGE
    jobs.provide(units)
    while not jobs.have_worker():
        time.sleep(_TICK)
        jobs.provide(units)
        waited = time.monotonic() - began
        if waited >= next_message:
            _log.warning(
                "no worker yet after %.0f s: %s; what is done is kept if you end this",
                waited,
                jobs.status(),
            )
            next_message *= 2


@dataclass
class _Job:
    """A submitted job, as dask-jobqueue has it, and whether it ever had a worker."""

    submitted: Any
    served: bool = False

    @property
    def number(self) -> str:
        """Number of the job in the batch system; empty before it answered."""
        return str(self.submitted.job_id or "")


class BatchJobs:
    """The unfinished jobs of a run, as far as the last listing of the batch system says.

    Parameters
    ----------
    queue
        The jobs to ask for.
    cluster
        The cluster of the scheduler; it has no workers of its own.
    job_type
        Class of dask-jobqueue for a job of this batch system.
    """

    def __init__(self, queue: JobQueue, cluster: SpecCluster, job_type: Any) -> None:
        self._queue = queue
        self._cluster = cluster
        self._job_type = job_type
        self._jobs: dict[str, _Job] = {}
        self._names = count()
        self._silent: set[str] = set()
        self._fruitless: list[_Job] = []
        self._next_question = self._next_submission = time.monotonic()
        self._pause = _FIRST_PAUSE

    def have_worker(self) -> bool:
        """Whether any of the jobs has a worker at present."""
        return any(name in self._jobs for name in self._names_with_worker())

    def status(self) -> str:
        """Return which jobs have not started, as a message."""
        numbers = [job.number for job in self._jobs.values() if job.number]
        names = ", ".join(numbers[:5]) + (", ..." if len(numbers) > 5 else "")
        if not numbers:
            return f"{self._queue.system} has taken no job yet"
        return (
            f"{self._queue.system} has not started {'job' if len(numbers) == 1 else 'jobs'} {names}"
        )

    def provide(self, units: int) -> None:
        """Submit as many jobs as ``units`` units need beyond those that there are, up to the limit.

        Raises
        ------
        RequestError
            There is no job, and the batch system takes none, or jobs end before they have a worker.
        """
        self._forget_ended()
        gives_up = len(self._fruitless) >= _MOST_FRUITLESS
        if gives_up and not self._jobs:
            raise self._no_worker()
        lacking = min(self._queue.jobs, ceil(units / self._queue.workers)) - len(self._jobs)
        if lacking > 0 and not gives_up and time.monotonic() >= self._next_submission:
            self._submit(lacking)

    def cancel(self) -> None:
        """Cancel the unfinished jobs."""
        self._cluster.sync(_together, [job.submitted.close() for job in self._jobs.values()])
        self._jobs.clear()

    def _names_with_worker(self) -> set[str]:
        """Return the names of the jobs with a worker; a worker of job 3 is ``3``, or ``3-0``."""
        workers = list(self._cluster.scheduler_info["workers"].values())
        return {str(worker["name"]).partition("-")[0] for worker in workers}

    def _forget_ended(self) -> None:
        serving = self._names_with_worker()
        for name, job in self._jobs.items():
            if name in serving and not job.served:
                job.served = True
                self._fruitless.clear()
        silent = self._jobs.keys() - serving
        if silent - self._silent:
            self._ask_in(_FIRST_PAUSE)
        self._silent = silent
        if not silent or time.monotonic() < self._next_question:
            return
        self._ask_in(min(2 * self._pause, _LONGEST_PAUSE))
        unfinished = unfinished_jobs(self._queue.system)
        if unfinished is None:
            return
        for name in silent:
            if self._jobs[name].number not in unfinished:
                job = self._jobs.pop(name)
                if not job.served:
                    self._fruitless.append(job)

    def _ask_in(self, pause: float) -> None:
        self._pause = pause
        self._next_question = time.monotonic() + pause

    def _submit(self, lacking: int) -> None:
        arguments = self._queue.arguments()
        scheduler: Any = self._cluster.scheduler
        address = scheduler.contact_address or scheduler.address
        names = [str(number) for number in islice(self._names, lacking)]
        try:
            new = {name: _Job(self._job_type(address, name=name, **arguments)) for name in names}
        except (OSError, ValueError) as error:
            raise self._not_taken(error) from error
        self._jobs |= new
        starts = [job.submitted.start() for job in new.values()]
        answers = self._cluster.sync(_together, starts)
        self._silent |= new.keys()
        self._ask_in(_AFTER_SUBMISSION)
        errors = {
            name: answer
            for name, answer in zip(names, answers, strict=True)
            if isinstance(answer, Exception)
        }
        for name in errors:
            del self._jobs[name]
        for refusal in errors.values():
            if not self._jobs or not isinstance(refusal, OSError | RuntimeError | ValueError):
                raise self._not_taken(refusal) from refusal
            self._next_submission = time.monotonic() + _LONGEST_PAUSE

    def _not_taken(self, error: Exception) -> RequestError:
        _, _, stderr = str(error).partition("stderr:\n")  # as dask-jobqueue quotes a command
        return RequestError(
            f"a {self._queue.system} that takes jobs from this machine",
            " ".join((stderr if stderr.strip() else str(error)).split())[:300],
            f"Check that `{self._job_type.submit_command}` works in this shell, and the keys of "
            "the cluster file.",
        )

    def _no_worker(self) -> RequestError:
        last = self._fruitless[-1].number
        folder = Path(self._queue.log_directory or ".").resolve()
        output = _output_of(last, folder)
        return RequestError(
            f"jobs of {self._queue.system} that start a worker",
            f"{len(self._fruitless)} in a row that ended before they had one, the last {last}"
            + (f"; its output ends with: {_end_of(output)}" if output else ""),
            f"Look at {output or f'the output of the job in {folder}'}; `python`, `prologue`, "
            "`interface` and `walltime` of the cluster file say how a worker starts.",
        )


async def _together(awaitables: Sequence[Awaitable[Any]]) -> list[Any]:
    """Await all; return the result of each, or the error that it raised."""
    return await asyncio.gather(*awaitables, return_exceptions=True)


def unfinished_jobs(system: str) -> set[str] | None:
    """Return the numbers of the unfinished jobs of this user; None where there is no answer."""
    try:
        answer = subprocess.run(
            [*_LISTINGS[system], getpass.getuser()],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if answer.returncode != 0 and "No unfinished job" not in answer.stderr:  # as LSF says it
        return None
    return set(re.findall(r"^\s*(\d+)", answer.stdout, re.MULTILINE))


def _output_of(number: str, folder: Path) -> Path | None:
    """Return a file with output of a job; by their names, errors come before the rest."""
    pattern = re.compile(rf"(?<!\d){number}(?!\d)")
    files = sorted(path for path in folder.glob(f"*{number}*") if pattern.search(path.name))
    return next((path for path in files if path.is_file() and path.stat().st_size), None)


def _end_of(path: Path) -> str:
    lines = [line.strip() for line in path.read_text("utf-8", "replace").splitlines()]
    return next((line for line in reversed(lines) if line), "nothing")[:200]
