"""A directory of results is one run's at a time; a dead process holds none."""

import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from faults import Command, content, run
from mlip_compose.core.errors import RequestError, UnwritableError
from mlip_compose.engine import locks
from mlip_compose.engine.locks import CLAIM, held, scratch_directory

RUN = ("run", "study.yaml", "--out", "results", "-j", "1")


def until_held(command, folder):
    while not list(folder.glob("results/trainings/*")) and not list(folder.glob("results/work/*")):
        assert command.process.poll() is None


def test_the_second_of_two_runs_is_refused_and_the_first_goes_on(undisturbed, place):
    first = Command(place, *RUN)
    until_held(first, place)
    first.send(signal.SIGSTOP, group=True)
    status, _, err = run(place, *RUN)
    first.send(signal.SIGCONT, group=True)
    assert status == 2
    assert "no other run in results" in err.splitlines()[-1]
    status, _, err = first.ended()
    assert status == 0, err
    assert content(place / "results") == content(undisturbed / "results")


@pytest.mark.slow
def test_a_killed_run_holds_nothing(undisturbed, place):
    first = Command(place, *RUN)
    until_held(first, place)
    first.send(signal.SIGKILL)
    status, _, err = run(place, *RUN)  # at once, while its workers may still be there
    assert status == 0, err
    first.ended()
    assert content(place / "results") == content(undisturbed / "results")


@pytest.fixture
def no_flock(monkeypatch):
    """Let flock do what it does on Lustre mounted without it."""

    def refuse(file, how):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)


@pytest.mark.usefixtures("no_flock")
def test_without_flock_a_file_says_who_holds_a_directory(tmp_path):
    with held(tmp_path):
        claim = json.loads((tmp_path / CLAIM).read_text())
        assert claim == {"host": socket.gethostname(), "process": os.getpid()}
        refused = pytest.raises(RequestError, match=rf"process {os.getpid()} on .*remove .*{CLAIM}")
        with refused, held(tmp_path):
            pass
    assert not (tmp_path / CLAIM).exists()


@pytest.mark.usefixtures("no_flock")
def test_the_claim_of_a_dead_process_counts_for_nothing(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    claim = {"host": socket.gethostname(), "process": dead.pid}
    (tmp_path / CLAIM).write_text(json.dumps(claim))
    with held(tmp_path):
        assert json.loads((tmp_path / CLAIM).read_text())["process"] == os.getpid()


@pytest.mark.usefixtures("no_flock")
@pytest.mark.parametrize("claim", ['{"host": "node7", "process": 12}', "", '{"host": 3}'])
def test_a_claim_of_elsewhere_is_respected(tmp_path, claim):
    (tmp_path / CLAIM).write_text(claim)
    with pytest.raises(RequestError, match=f"If it has ended, remove .*{CLAIM}"), held(tmp_path):
        pass
    assert (tmp_path / CLAIM).read_text() == claim


@pytest.mark.usefixtures("no_flock")
def test_a_claim_of_another_users_process_is_respected_and_waited_for(tmp_path, monkeypatch):
    def is_anothers(process, number):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    def wait(seconds):
        pauses.append(seconds)
        if len(pauses) == 2:
            (tmp_path / CLAIM).unlink()

    pauses = []
    monkeypatch.setattr(os, "kill", is_anothers)
    monkeypatch.setattr("mlip_compose.engine.locks.time.sleep", wait)
    (tmp_path / CLAIM).write_text(json.dumps({"host": socket.gethostname(), "process": 1}))
    with pytest.raises(RequestError, match="the claim of process 1 on"), held(tmp_path):
        pass
    with held(tmp_path, wait=True):
        assert json.loads((tmp_path / CLAIM).read_text())["process"] == os.getpid()
    assert pauses == [locks.PAUSE] * 2


@pytest.mark.usefixtures("no_flock")
def test_a_claim_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "CLAIM", "x" * 300)
    with pytest.raises(UnwritableError, match="File name too long"), held(tmp_path):
        pass


def test_no_place_for_a_scratch_directory_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    with pytest.raises(RequestError, match="directory for temporary files"), scratch_directory():
        pass
