"""Units are functions that a new process can import: here those of the standard library."""

import math
import os
import time
from contextlib import nullcontext
from functools import partial
from types import SimpleNamespace
from typing import Any

import dask
import psutil
import pytest
from distributed import Client
from engines import ONE, TWO
from units import die_at_nine, leave_pid_and_sleep, process_id

from mlip_compose import __version__
from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import Failure
from mlip_compose.engine.choice import local_engine, scheduler_engine
from mlip_compose.engine.engine import DaskEngine, Workers
from mlip_compose.engine.local import ONE_THREAD


def worker_processes():
    """Return the ids of the worker processes that this process has started, with all engines."""
    children = psutil.Process().children(recursive=True)
    return {child.pid for child in children if "spawn_main" in " ".join(child.cmdline())}


def test_every_unit_is_done_once():
    assert dict(TWO.run(math.factorial, [1, 2, 3])) == {1: 1, 2: 2, 3: 6}


def test_equal_units_are_units():
    assert [outcome for _, outcome in ONE.run(math.factorial, [3, 3])] == [6, 6]


def test_no_more_units_are_with_the_cluster_than_it_has_threads():
    """So that the memory of the client does not grow with their number."""
    with local_engine(2) as engine:  # whose client is the current one: it is the newest
        held = [len(Client.current().futures) for _ in engine.run(math.factorial, range(30))]
    assert 1 <= max(held) <= 3  # of two threads, and the one whose outcome was yielded


def test_nothing_to_do_starts_nothing():
    before = worker_processes()
    with local_engine(1) as engine:
        assert list(engine.run(math.factorial, [])) == []
        assert worker_processes() == before


def test_units_that_want_a_gpu_run_where_none_is_declared():
    assert dict(ONE.run(math.factorial, [4], wants_gpu=lambda item: True)) == {4: 24}


def test_no_more_processes_are_started_than_there_are_units():
    before = worker_processes()
    with local_engine(4) as engine:
        ((_, process),) = engine.run(process_id, [1])
        assert worker_processes() - before == {process}
        list(engine.run(process_id, [1, 2]))
        assert len(worker_processes() - before) == 2


def test_workers_have_one_thread_and_the_parent_keeps_its_own(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    with local_engine(1) as engine:
        assert dict(engine.run(os.getenv, list(ONE_THREAD))) == dict.fromkeys(ONE_THREAD, "1")
    assert os.environ["OMP_NUM_THREADS"] == "5"


def test_workers_keep_memory_between_steps(monkeypatch):
    name = "MALLOC_TRIM_THRESHOLD_"
    monkeypatch.delenv(name, raising=False)
    with local_engine(1) as engine:
        assert dict(engine.run(os.getenv, [name])) == {name: None}


def test_a_worker_that_dies_is_a_failure_and_the_others_go_on():
    outcomes = dict(ONE.run(die_at_nine, [9, 1, 2]))
    assert isinstance(outcomes[9], Failure)
    assert outcomes[9].retryable
    assert "run again" in outcomes[9].reason
    assert (outcomes[1], outcomes[2]) == (1, 2)


def test_a_worker_that_dask_gives_up_is_started_anew():
    """Dask gives up a worker that is away at one moment, 15 s after it has died."""
    soon = dask.config.set({"distributed.deploy.lost-worker-timeout": "0s"})
    with soon, local_engine(1) as engine:
        outcomes = dict(engine.run(die_at_nine, [9, 1, 2]))
    assert isinstance(outcomes[9], Failure)
    assert (outcomes[1], outcomes[2]) == (1, 2)


def test_too_little_memory_is_a_failure_and_the_others_go_on():
    outcomes = dict(ONE.run(bytearray, [2**60, 2]))
    assert isinstance(outcomes[2**60], Failure)
    assert outcomes[2**60].retryable
    assert "not enough memory" in outcomes[2**60].reason
    assert outcomes[2] == bytearray(2)


def test_a_bug_raises_and_the_engine_can_be_used_again():
    with pytest.raises(ValueError, match="factorial"):
        list(ONE.run(math.factorial, [-1]))
    assert dict(ONE.run(math.factorial, [2])) == {2: 2}


def test_progress_is_told_while_units_are_under_way():
    ticks = []
    list(ONE.run(time.sleep, [1.2], lambda: ticks.append(1)))
    assert len(ticks) > 1


def test_an_engine_that_is_left_ends_what_was_under_way(tmp_path):
    units = [tmp_path / "pid"]
    with pytest.raises(KeyboardInterrupt), local_engine(1) as engine:
        list(engine.run(leave_pid_and_sleep, units, lambda: _interrupt(tmp_path)))
    assert not _alive(int((tmp_path / "pid").read_text()))


def _interrupt(folder):
    if (folder / "pid").is_file() and (folder / "pid").read_text():
        raise KeyboardInterrupt


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_a_worker_prints_goes_to_stderr(capfd):
    with local_engine(1) as engine:
        assert dict(engine.run(print, ["one"])) == {"one": None}
        assert dict(engine.run(partial(os.write, 1), [b"two\n"])) == {b"two\n": 4}
    captured = capfd.readouterr()
    assert captured.out == ""
    assert {"one", "two"} <= set(captured.err.split())


@pytest.mark.parametrize(
    ("scheduler", "address"),
    [(SimpleNamespace(address="tcp://10.0.0.1:8786"), "tcp://10.0.0.1:8786"), (None, "an unknown")],
)
def test_a_scheduler_that_is_lost_is_named(scheduler, address):
    def nthreads():
        raise OSError("Timed out\ntrying to connect")

    client: Any = SimpleNamespace(scheduler=scheduler, status="closed", nthreads=nthreads)
    engine = DaskEngine(lambda units: nullcontext(Workers(client)))
    with pytest.raises(RequestError, match=rf"{address}.*\(Timed out trying to connect\)"):
        list(engine.run(math.factorial, [3]))


@pytest.mark.parametrize(
    "answer",
    [
        {"version": "0.1", "sees the directory of results": True},
        {"version": __version__, "sees the directory of results": False},
        ModuleNotFoundError("No module named 'mlip_compose'"),
    ],
)
def test_workers_of_another_version_or_another_disk_are_refused(tmp_path, monkeypatch, answer):
    """A token in the directory of results is what they are to see; it does not stay."""

    class Away:
        def __init__(self, address, timeout):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def wait_for_workers(self, count):
            assert count == 1

        def run(self, probe, token, on_error):
            assert probe(token) == {"version": __version__, "sees the directory of results": True}
            return {"tcp://node7:1": answer}

    monkeypatch.setattr("distributed.Client", Away)
    engine = scheduler_engine("tcp://10.0.0.1:8786", tmp_path / "results")
    with pytest.raises(RequestError, match=r"tcp://node7:1: .*share"), engine:
        list(engine.run(math.factorial, [3]))
    assert list((tmp_path / "results").iterdir()) == []
