"""A process with limits that reads hostile files, watched for what it must not do.

The supervisor (:class:`FencedProcess`) sends cases, the worker (``hostile.worker``) does them and
says what came of each. What ends or stops the worker, such as a crash of a library or a loop in C,
is a verdict too, and the next case gets a new worker.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

SILENCE = 120.0
"""Seconds after which a worker that says nothing is taken to hang: it waits, or loops in C."""
BENIGN = ("accepted", "refused")


class Verdict(NamedTuple):
    """What came of a case: ``kind`` is one of ``BENIGN`` or an offence."""

    seed: int
    kind: str
    text: str


def offences(verdicts):
    """Return the verdicts that are no accepted and no refused case, as text."""
    return [
        f"seed {verdict.seed}: {verdict.kind}: {verdict.text}"
        for verdict in verdicts
        if verdict.kind not in BENIGN
    ]


class FencedProcess:
    """Runs cases of readers, which modules of ``hostile`` have in a mapping ``READERS``."""

    def __init__(self):
        self._worker = None
        self._received = b""

    def run(self, module, reader, seeds):
        """Return the verdicts on the cases of these seeds."""
        verdicts = []
        waiting = list(seeds)
        while waiting:
            self._start()
            self._send({"module": module, "reader": reader, "seeds": waiting})
            for seed in list(waiting):
                answer = self._receive()
                if answer is None:
                    verdicts.append(Verdict(seed, *self._end()))
                    waiting.remove(seed)
                    break
                verdicts.append(Verdict(*answer))
                waiting.remove(seed)
        return verdicts

    def close(self):
        """End the worker."""
        if self._worker is not None:
            self._worker.kill()
            self._worker.wait()
            self._worker.stdin.close()
            self._worker.stdout.close()
            self._worker = None

    def _start(self):
        if self._worker is not None:
            return
        self._received = b""
        paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        self._worker = subprocess.Popen(
            [sys.executable, "-m", "hostile.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ
            | {
                "OMP_NUM_THREADS": "1",
                "PYTHONFAULTHANDLER": "1",
                "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            },
        )

    def _send(self, request):
        with contextlib.suppress(BrokenPipeError):
            self._worker.stdin.write(json.dumps(request).encode() + b"\n")
            self._worker.stdin.flush()

    def _receive(self):
        """Return the next line of the worker; None where it ended or was silent for too long."""
        limit = time.monotonic() + SILENCE
        while b"\n" not in self._received:
            ready, _, _ = select.select([self._worker.stdout], [], [], limit - time.monotonic())
            block = os.read(self._worker.stdout.fileno(), 1 << 16) if ready else b""
            if not block:
                return None
            self._received += block
        line, _, self._received = self._received.partition(b"\n")
        return json.loads(line)

    def _end(self):
        status = self._worker.poll()
        if status is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = self._worker.wait(1.0)
        self.close()
        if status is None:
            return "hang", "silent for too long, and killed"
        name = signal.Signals(-status).name if status < 0 else f"status {status}"
        return ("hang" if name == "SIGKILL" else "crash"), name
