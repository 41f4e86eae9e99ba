"""Units in this process."""

import os
import time

import pytest
from threadpoolctl import threadpool_info

from mlip_compose.engine.in_process import InProcess


def double(number):
    print("a library says something")
    return 2 * number


def test_units_are_done_in_their_order(capsys):
    assert list(InProcess().run(double, [3, 1, 2])) == [(3, 6), (1, 2), (2, 4)]
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("a library says something") == 3


def test_each_has_one_thread_and_leaves_the_rest_as_it_was(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)

    def threads(_):
        return os.environ["OMP_NUM_THREADS"], {pool["num_threads"] for pool in threadpool_info()}

    ((_, outcome),) = InProcess().run(threads, [0])
    assert outcome == ("1", {1})
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


def test_ticks_come_while_a_unit_is_under_way():
    ticks = []
    list(InProcess().run(time.sleep, [1.2], lambda: ticks.append(1)))
    assert len(ticks) >= 2


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory")])
def test_a_unit_without_memory_fails_and_the_others_go_on(error):
    def hungry(number):
        if number == 0:
            raise error
        return number

    (_, failure), (_, result) = InProcess().run(hungry, [0, 1])
    assert (failure.stage, failure.retryable) == ("worker", True)
    assert "not enough memory" in failure.reason
    assert result == 1


def test_what_a_unit_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        list(InProcess().run(lambda number: 1 / number, [0]))
