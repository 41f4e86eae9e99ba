"""What a person is told while a batch system has not started a job."""

import logging

import pytest

from mlip_compose.engine import batch_jobs


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
