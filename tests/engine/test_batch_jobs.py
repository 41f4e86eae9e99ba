"""Jobs of a batch system that is not there: what it takes, and what a person is told of it."""

import logging
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from mlip_compose.core.errors import MissingExtraError, RequestError
from mlip_compose.engine import batch_jobs
from mlip_compose.engine.job_queue import JobQueue


class Clock:
    """Time that goes on by sleeping alone."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class Jobs(batch_jobs.BatchJobs):
    """Jobs that have a worker at a time."""

    def __init__(self, clock, worker_at):
        self.clock, self.worker_at, self.provided = clock, worker_at, 0

    def provide(self, units):
        assert units == 7
        self.provided += 1

    def have_worker(self):
        return self.clock.now >= self.worker_at

    def status(self):
        return "slurm has not started job 12"


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(batch_jobs, "time", clock)
    return clock


def test_a_long_queue_is_told_of_now_and_then(clock, caplog):
    jobs = Jobs(clock, 100.0 + 300.0)
    with caplog.at_level(logging.WARNING):
        batch_jobs.wait_for_worker(jobs, 7)
    words = [record.getMessage() for record in caplog.records]
    assert [word.split(":")[0] for word in words] == [
        f"no worker yet after {seconds} s" for seconds in (30, 60, 120, 240)
    ]
    assert all("slurm has not started job 12" in word for word in words)
    assert jobs.provided > 1000


def test_a_short_one_is_not(clock, caplog):
    jobs = Jobs(clock, 100.0 + 29.0)
    with caplog.at_level(logging.WARNING):
        batch_jobs.wait_for_worker(jobs, 7)
    assert not caplog.records


def test_a_worker_that_is_there_is_not_waited_for(clock):
    jobs = Jobs(clock, 0.0)
    batch_jobs.wait_for_worker(jobs, 7)
    assert (jobs.provided, clock.now) == (1, 100.0)


class Batch:
    """A batch system with an answer for each submission, and a cluster without workers."""

    submit_command = "sbatch"

    def __init__(self, *answers):
        self.answers = list(answers)
        self.scheduler = SimpleNamespace(contact_address="tcp://10.0.0.1:8786")
        self.scheduler_info = {"workers": {}}

    def __call__(self, address, name, **arguments):
        assert address == "tcp://10.0.0.1:8786"
        answer = self.answers.pop(0)
        if isinstance(answer, ValueError):
            raise answer
        return SimpleNamespace(job_id=answer, start=lambda: answer, close=lambda: None)

    def sync(self, together, answers):
        return answers


@pytest.fixture
def jobs_of(clock):
    """Return a function that makes the jobs of a queue, of two jobs, on a batch system."""
    queue = JobQueue(system="slurm", jobs=2)

    def make(*answers):
        batch: Any = Batch(*answers)
        return batch_jobs.BatchJobs(queue, batch, batch)

    return make


def test_jobs_that_wait_are_told_by_their_numbers(jobs_of):
    jobs = jobs_of("12", None)
    assert jobs.status() == "slurm has taken no job yet"
    jobs.provide(1)
    assert jobs.status() == "slurm has not started job 12"
    jobs = jobs_of("12", "13")
    jobs.provide(9)
    assert jobs.status() == "slurm has not started jobs 12, 13"


def test_jobs_that_the_system_does_not_list_are_over_and_others_take_their_place(
    jobs_of, clock, monkeypatch
):
    listings = [None, {"13"}]
    monkeypatch.setattr(batch_jobs, "unfinished_jobs", lambda system: listings.pop(0))
    jobs = jobs_of("12", "13", "14")
    jobs.provide(9)
    clock.sleep(1000.0)
    jobs.provide(9)  # a system that does not answer says nothing of the jobs
    assert jobs.status() == "slurm has not started jobs 12, 13"
    clock.sleep(1000.0)
    jobs.provide(9)
    assert jobs.status() == "slurm has not started jobs 13, 14"
    assert listings == []


def test_a_job_more_that_is_refused_is_asked_for_again_later(jobs_of, clock, monkeypatch):
    monkeypatch.setattr(batch_jobs, "unfinished_jobs", lambda system: {"12"})
    jobs = jobs_of("12", RuntimeError("QOSMaxSubmitJobPerUserLimit"), "13")
    jobs.provide(9)
    jobs.provide(9)
    assert jobs.status() == "slurm has not started job 12"
    clock.sleep(1000.0)
    jobs.provide(9)
    assert jobs.status() == "slurm has not started jobs 12, 13"


@pytest.mark.parametrize(
    "error", [ValueError("no interface ib9"), RuntimeError("stderr:\nno such account\n")]
)
def test_a_system_that_takes_no_job_is_refused(jobs_of, error):
    reason = str(error).removeprefix("stderr:").strip()
    with pytest.raises(RequestError, match=f"found {reason}.*`sbatch` works in this shell"):
        jobs_of(error).provide(1)


def test_without_dask_jobqueue_its_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask_jobqueue", None)
    with (
        pytest.raises(MissingExtraError, match=r"mlip-compose\[cluster\]"),
        batch_jobs.workers_of_jobs(JobQueue(system="slurm"), 1),
    ):
        pass
