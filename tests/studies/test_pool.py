"""Units are functions that a new process can import: here those of the standard library."""

import math
import os
from functools import partial

import pytest

from mlip_compose.records import Failure
from mlip_compose.studies.pool import ONE_THREAD, run_units


def test_every_unit_is_done_once():
    assert dict(run_units(math.factorial, [1, 2, 3], 2)) == {1: 1, 2: 2, 3: 6}


def test_workers_have_one_thread_and_the_parent_keeps_its_own(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert dict(run_units(os.getenv, list(ONE_THREAD), 1)) == dict.fromkeys(ONE_THREAD, "1")
    assert os.environ["OMP_NUM_THREADS"] == "5"


def test_a_worker_that_dies_is_a_failure_that_may_be_tried_again():
    ((_, outcome),) = run_units(os._exit, [9], 1)
    assert isinstance(outcome, Failure)
    assert outcome.retryable
    assert "run again" in outcome.reason


def test_a_bug_raises():
    with pytest.raises(ValueError, match="factorial"):
        list(run_units(math.factorial, [-1], 1))


def test_progress_is_told_while_units_are_under_way():
    ticks = []
    list(run_units(math.factorial, [1], 1, lambda: ticks.append(1)))
    assert ticks


def test_what_a_worker_prints_goes_to_stderr(capfd):
    units = ["one", b"two\n"]
    assert [outcome for _, outcome in run_units(print, units[:1], 1)] == [None]
    assert [outcome for _, outcome in run_units(partial(os.write, 1), units[1:], 1)] == [4]
    captured = capfd.readouterr()
    assert captured.out == ""
    assert {"one", "two"} <= set(captured.err.split())
