import os
import signal

import pytest

from mlip_compose.records import Failure
from mlip_compose.studies.pool import ONE_THREAD, run_units


def square(number):
    return number * number


def threads(number):
    return {key: os.environ.get(key) for key in ONE_THREAD}


def die(number):
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def mistake(number):
    raise ZeroDivisionError


def test_every_unit_is_done_once():
    assert dict(run_units(square, [1, 2, 3], 2)) == {1: 1, 2: 4, 3: 9}


def test_workers_have_one_thread_and_the_parent_keeps_its_own(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    ((_, found),) = run_units(threads, [0], 1)
    assert set(found.values()) == {"1"}
    assert os.environ["OMP_NUM_THREADS"] == "5"


def test_a_worker_that_is_killed_is_a_failure_that_may_be_tried_again():
    outcomes = dict(run_units(die, [1], 1))
    assert isinstance(outcomes[1], Failure)
    assert outcomes[1].retryable
    assert "run again" in outcomes[1].reason


def test_a_bug_raises():
    with pytest.raises(ZeroDivisionError):
        list(run_units(mistake, [0], 1))
