"""Jobs of a batch system, each with some workers; those that end while there is work are replaced.

dask-jobqueue writes, submits and cancels a job. It submits each once: that a job was cancelled, ran
out of its time or could not start a worker is found here, by asking the batch system.
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
"""Commands that list the jobs of a user that are not over, each in a line that starts with its
number."""

_MOST_FRUITLESS: Final = 3
"""So many jobs in a row that end without a worker are not replaced any more."""

_FIRST_PAUSE: Final = 1.0  # s
_LONGEST_PAUSE: Final = 60.0  # s
_AFTER_SUBMISSION: Final = 5.0  # s, until a job is sure to be in the listing
_PATIENCE: Final = 30.0  # s, for the batch system's answer
_TICK: Final = 0.2  # s
_FIRST_WORD: Final = 30.0  # s without a worker, and twice as long for each further word

_log = logging.getLogger(__name__)


@contextmanager
def workers_of_jobs(queue: JobQueue, units: int) -> Iterator[Workers]:
    """Give the workers of jobs that are submitted, and cancelled at the end.

    A first worker is there when the context is entered.

    Parameters
    ----------
    queue
        What to ask for.
    units
        How many there are to do at first.

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
    """Submit jobs until one of them has a worker; say now and then for which ones this waits.

    Raises
    ------
    RequestError
        The batch system does not take them, or they end before they have a worker.
    """
    began, word = time.monotonic(), _FIRST_WORD
    jobs.provide(units)
    while not jobs.have_worker():
        time.sleep(_TICK)
        jobs.provide(units)
        waited = time.monotonic() - began
        if waited >= word:
            _log.warning(
                "no worker yet after %.0f s: %s; what is done is kept if you end this",
                waited,
                jobs.words(),
            )
            word *= 2


@dataclass
class _Job:
    """A job that was submitted, as dask-jobqueue has it, and whether it ever had a worker."""

    submitted: Any
    served: bool = False

    @property
    def number(self) -> str:
        """The batch system's; empty before it answered."""
        return str(self.submitted.job_id or "")


class BatchJobs:
    """The jobs of a run that are not over, as far as is known.

    Parameters
    ----------
    queue
        What to ask for.
    cluster
        Of the scheduler; it has no workers of its own.
    job_type
        dask-jobqueue's for this batch system.
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
        """Whether any of the jobs has one at present."""
        return any(name in self._jobs for name in self._heard())

    def words(self) -> str:
        """Return which jobs are not over, for messages."""
        numbers = [job.number for job in self._jobs.values() if job.number]
        shown = ", ".join(numbers[:5]) + (", ..." if len(numbers) > 5 else "")
        if not numbers:
            return f"{self._queue.system} has taken no job yet"
        return (
            f"{self._queue.system} has not started {'job' if len(numbers) == 1 else 'jobs'} {shown}"
        )

    def provide(self, units: int) -> None:
        """Submit what is lacking to ``units`` units that are still to be done, up to the limit.

        Raises
        ------
        RequestError
            No job is left, and new ones are not taken or end before they have a worker.
        """
        self._forget_ended()
        gives_up = len(self._fruitless) >= _MOST_FRUITLESS
        if gives_up and not self._jobs:
            raise self._no_worker()
        lacking = min(self._queue.jobs, ceil(units / self._queue.workers)) - len(self._jobs)
        if lacking > 0 and not gives_up and time.monotonic() >= self._next_submission:
            self._submit(lacking)

    def cancel(self) -> None:
        """Cancel the jobs that are not over."""
        self._cluster.sync(_together, [job.submitted.close() for job in self._jobs.values()])
        self._jobs.clear()

    def _heard(self) -> set[str]:
        """Return the names of the jobs that have a worker; that of job 3 is ``3``, or ``3-0``."""
        workers = list(self._cluster.scheduler_info["workers"].values())
        return {str(worker["name"]).partition("-")[0] for worker in workers}

    def _forget_ended(self) -> None:
        heard = self._heard()
        for name, job in self._jobs.items():
            if name in heard and not job.served:
                job.served = True
                self._fruitless.clear()
        silent = self._jobs.keys() - heard
        if silent - self._silent:
            self._ask_in(_FIRST_PAUSE)
        self._silent = silent
        if not silent or time.monotonic() < self._next_question:
            return
        self._ask_in(min(2 * self._pause, _LONGEST_PAUSE))
        listed = _listed(self._queue.system)
        if listed is None:
            return
        for name in silent:
            if self._jobs[name].number not in listed:
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
        _, marked, said = str(error).partition("stderr:\n")
        return RequestError(
            f"a {self._queue.system} that takes jobs from here",
            " ".join((said if marked and said.strip() else str(error)).split())[:300],
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
    """Await all; return what each gave, or raised."""
    return await asyncio.gather(*awaitables, return_exceptions=True)


def _listed(system: str) -> set[str] | None:
    """Return the numbers of this user's jobs that are not over; None where there is no answer."""
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
    """Return the file in which a job left something; errors come before the rest by their name."""
    named = re.compile(rf"(?<!\d){number}(?!\d)")
    found = sorted(path for path in folder.glob(f"*{number}*") if named.search(path.name))
    return next((path for path in found if path.is_file() and path.stat().st_size), None)


def _end_of(path: Path) -> str:
    lines = [line.strip() for line in path.read_text("utf-8", "replace").splitlines()]
    return next((line for line in reversed(lines) if line), "nothing")[:200]
