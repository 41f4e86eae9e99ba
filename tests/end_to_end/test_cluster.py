"""A study on a Dask scheduler with two workers, through the deaths of all of them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlip_compose.__main__ import main

STUDY = """
name: faults
dataset: mini-v1
tasks: [length]
levels: [1, 2, 3]
potentials: [additive, composition]
seeds: [0, 1]
train_frames: 100
"""
DEADLINE = 240  # s
COMMAND = Path(sys.executable).parent / "mlip-compose"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """A scheduler and two workers, each a process group of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.processes = []

    def start(self):
        scheduler = self._start("scheduler", f"--port={self.port}")
        workers = [self._start("worker", self.address, "--nthreads=1") for _ in range(2)]
        return scheduler, workers

    def _start(self, what, *arguments):
        places = ["--host=127.0.0.1", "--dashboard-address=127.0.0.1:0"]
        with (self.folder / f"{what}.log").open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", what, *arguments, *places],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def stop(self):
        for process in self.processes:
            kill(process)


def kill(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


@pytest.fixture
def cluster(tmp_path):
    folder = tmp_path / "cluster"
    folder.mkdir()
    cluster = Cluster(folder)
    yield cluster
    cluster.stop()


@pytest.fixture
def study(tmp_path):
    path = tmp_path / "faults.yaml"
    path.write_text(STUDY)
    return path


def begin(study, out, *options):
    return subprocess.Popen(
        [COMMAND, "run", study, "--out", out, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finished(out):
    """Return what cannot be the same twice of each training that is there."""
    return {path.parent.name: path.stat().st_mtime_ns for path in out.glob("trainings/*/unit.json")}


def wait_for(out, count):
    deadline = time.monotonic() + DEADLINE
    while len(finished(out)) < count:
        assert time.monotonic() < deadline, f"{len(finished(out))} of {count} trainings"
        time.sleep(0.05)


def ended(process):
    output, _ = process.communicate(timeout=DEADLINE)
    assert "Traceback" not in output, output
    return process.returncode, output


def scores(out):
    return {path.name: json.loads(path.read_text()) for path in out.glob("scores/*.json")}


@pytest.mark.slow
def test_worker_scheduler_and_client_may_die(cluster, study, tmp_path):
    out, undisturbed = tmp_path / "out", tmp_path / "undisturbed"
    scheduler, workers = cluster.start()
    client = begin(study, out, "--scheduler", cluster.address)
    wait_for(out, 1)
    kill(workers[0])
    wait_for(out, 3)
    kill(scheduler)
    status, output = ended(client)
    assert status == 2, output
    assert "run the same command again" in output
    before = finished(out)
    assert 3 <= len(before) < 12

    cluster.stop()
    cluster.start()
    client = begin(study, out, "--scheduler", cluster.address)
    wait_for(out, len(before) + 2)
    kill(client)
    client.stdout.close()
    between = finished(out)

    status, output = ended(begin(study, out, "--scheduler", cluster.address))
    assert status == 0, output
    after = finished(out)
    assert {name: after[name] for name in before} == before
    assert {name: after[name] for name in between} == between

    status, output = ended(begin(study, undisturbed))
    assert status == 0, output
    assert scores(out) == scores(undisturbed)
    assert not list(out.glob("work/*"))


def test_no_scheduler_is_one_message(study, tmp_path, monkeypatch, capsys):
    address = f"tcp://127.0.0.1:{free_port()}"
    arguments = ("run", study, "--out", tmp_path / "out", "--scheduler", address)
    monkeypatch.setattr(sys, "argv", ["mlip-compose", *map(str, arguments)])
    monkeypatch.setattr("mlip_compose.engine.choice.TIMEOUT", 1)  # s
    with pytest.raises(SystemExit, match=r"^2$"):
        main()
    message = capsys.readouterr().err
    assert "Traceback" not in message
    assert f"a Dask scheduler at {address}" in message


def test_two_places_are_refused(study, tmp_path):
    status, output = ended(begin(study, tmp_path / "out", "--scheduler", "tcp://x:1", "-j", "2"))
    assert status == 2
    assert "--processes and --scheduler" in output
