"""A pen for hostile files: a process of its own with limits, watched for what it must not do.

The supervisor (:class:`Pen`) sends cases, the worker (this file run as a script) does them and says
what came of each. What ends or stops the worker (a crash of a library, a loop in C) is a verdict
too, and the next case gets a new worker. An audit hook of the interpreter sees every file that
Python code opens for writing, makes, moves or removes, every process that is started, every class
that is unpickled and every connection; what compiled code writes is seen by comparing the case's
surroundings before and after.
"""

import contextlib
import hashlib
import importlib
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

SECONDS = 10.0
"""Of the processor, for one case."""
SILENCE = 120.0
"""Seconds after which a worker that says nothing is taken to hang: it waits, or loops in C."""
MEMORY = 1 << 30
"""Bytes of address space for one case, beyond what the worker has when it is ready."""

BENIGN = ("accepted", "refused")


class Arena(NamedTuple):
    """The place of one case: ``inside`` has the input, ``out`` is the working directory.

    ``outside`` is a file that a hostile file may lead to; only ``out`` may be written.
    """

    root: Path
    inside: Path
    out: Path
    outside: Path


@dataclass(frozen=True)
class Reader:
    """Something that reads files.

    Attributes
    ----------
    make
        ``make(rng, arena)`` writes a hostile input and returns what ``read`` is given.
    read
        Reads it; RequestError refuses, a return accepts, anything else is a bug. A reader checks
        itself that what it accepted is valid, and raises AssertionError if not.
    may
        Kinds of event that are no offence: ``pickle``, ``connect``.
    """

    make: object
    read: object
    may: tuple = ()


class Verdict(NamedTuple):
    """What came of a case: ``kind`` is one of ``BENIGN`` or an offence."""

    seed: int
    kind: str
    text: str


# --- the supervisor


@dataclass
class Pen:
    """Runs cases of readers, which test modules have in a mapping ``READERS``."""

    _worker: object = None
    _heard: bytes = b""

    def run(self, module, reader, seeds):
        """Return the verdicts on the cases of these seeds."""
        verdicts = []
        waiting = list(seeds)
        while waiting:
            self._start()
            self._say({"module": str(module), "reader": reader, "seeds": waiting})
            for seed in list(waiting):
                answer = self._hear()
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
        self._heard = b""
        self._worker = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONFAULTHANDLER": "1"},
        )

    def _say(self, request):
        with contextlib.suppress(BrokenPipeError):
            self._worker.stdin.write(json.dumps(request).encode() + b"\n")
            self._worker.stdin.flush()

    def _hear(self):
        """Return the next line of the worker; None where it ended or was silent for too long."""
        limit = time.monotonic() + SILENCE
        while b"\n" not in self._heard:
            ready, _, _ = select.select([self._worker.stdout], [], [], limit - time.monotonic())
            block = os.read(self._worker.stdout.fileno(), 1 << 16) if ready else b""
            if not block:
                return None
            self._heard += block
        line, _, self._heard = self._heard.partition(b"\n")
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


FEW, MANY = 10, 340
"""Cases of a reader in the usual tests, and in the slow ones."""


def few():
    """Return the seeds of the usual tests."""
    return range(FEW)


def many():
    """Return the seeds of the slow tests, others than those of the usual ones."""
    return range(1_000_000, 1_000_000 + MANY)


def offences(verdicts):
    """Return the verdicts that are no accepted and no refused case, as text."""
    return [
        f"seed {each.seed}: {each.kind}: {each.text}"
        for each in verdicts
        if each.kind not in BENIGN
    ]


# --- the worker


class Hang(BaseException):
    """Raised in a case that takes too long; nothing but the worker may catch it."""


class Watch:
    """Sees what a case does; the hook cannot be taken away, so it has a switch."""

    def __init__(self):
        self.seen = None
        self.allowed = ()
        self.may = ()
        sys.addaudithook(self.hook)

    def hook(self, event, arguments):
        if self.seen is None:
            return
        writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        if event == "open":
            path, _, flags = arguments
            if flags & writes:
                self._write(event, path)
        elif event in ("os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.chmod", "os.utime"):
            self._write(event, arguments[0])
        elif event in ("os.rename", "os.link", "os.symlink"):
            self._write(event, arguments[0] if event == "os.rename" else arguments[1])
            self._write(event, arguments[1])
        elif event in (
            "os.system",
            "os.exec",
            "os.fork",
            "os.forkpty",
            "os.posix_spawn",
            "subprocess.Popen",
        ):
            self.seen.append(f"executed: {event} {arguments!r:.200}")
        elif event == "pickle.find_class" and "pickle" not in self.may:
            self.seen.append(f"unpickled: {arguments!r:.200}")
        elif event == "socket.connect" and "connect" not in self.may:
            self.seen.append(f"connected: {arguments!r:.200}")

    def _write(self, event, path):
        if isinstance(path, int) or path is None:
            return
        whole = os.path.realpath(os.fsdecode(path))
        if whole == os.devnull or any(whole.startswith(place) for place in self.allowed):
            return
        if "__pycache__" in whole or whole.startswith("/proc/"):
            return
        self.seen.append(f"wrote: {event} {whole}")


def snapshot(arena):
    """Return what is in the surroundings of a case, its output directory left out."""
    found = {}
    for path in sorted(arena.root.rglob("*")):
        if path == arena.out or arena.out in path.parents:
            continue
        if path.is_symlink():
            found[path] = str(path.readlink())
        elif path.is_file():
            found[path] = hashlib.sha1(path.read_bytes()).hexdigest()
        else:
            found[path] = ""
    return found


def new_arena(root):
    """Make the place of a case, empty."""
    shutil.rmtree(root, ignore_errors=True)
    arena = Arena(root, root / "in", root / "out", root / "outside" / "decoy")
    for path in (arena.inside, arena.out, arena.outside.parent):
        path.mkdir(parents=True)
    arena.outside.write_bytes(b"precious" * 64)
    return arena


def limit_memory(more):
    """Allow so many bytes more than there are now; None ends the limit."""
    size = resource.RLIM_INFINITY
    if more is not None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        size = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))


def one_case(watch, reader, name, seed, root):
    """Do one case and return its verdict."""
    import numpy as np

    from mlip_compose.core.errors import RequestError

    arena = new_arena(root)
    rng = np.random.default_rng([zlib.crc32(name.encode()), seed])
    try:
        given = reader.make(rng, arena)
    except Exception:  # a mistake in the test itself
        return "unmade", "".join(traceback.format_exc().splitlines(keepends=True)[-5:])
    before = snapshot(arena)
    os.chdir(arena.out)
    watch.allowed = (str(arena.out), tempfile.gettempdir() + "/matplotlib")
    watch.may, watch.seen = reader.may, []
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            limit_memory(MEMORY)
            try:
                reader.read(given)
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
                limit_memory(None)
        verdict = ("accepted", "")
    except RequestError as error:
        verdict = ("refused", type(error).__name__)
        if len(str(error)) > 20_000:
            verdict = ("endless message", f"{len(str(error))} characters")
    except Hang:
        verdict = ("hang", "".join(traceback.format_exc().splitlines(keepends=True)[-8:]))
    except BaseException as error:  # the very thing that is looked for
        shown = "".join(traceback.format_exc().splitlines(keepends=True)[-9:])[-1500:]
        verdict = ("traceback", f"{type(error).__name__}\n{shown}")
    finally:
        seen, watch.seen = watch.seen, None
        os.chdir("/")
    if seen:
        return "offence", "; ".join(dict.fromkeys(seen))
    changed = {path for path, _ in snapshot(arena).items() ^ before.items()}
    if changed:
        return "offence", f"changed: {', '.join(map(str, sorted(changed)))}"
    from mutations import CANARY

    if any(root.rglob(CANARY)):
        return "offence", "executed: the canary is there"
    return verdict


def load(module):
    """Return the readers of a test module."""
    place = Path(module)
    if str(place.parent) not in sys.path:
        sys.path.insert(0, str(place.parent))  # they take originals from each other
    return importlib.import_module(place.stem).READERS


def work():
    """Do what the supervisor says, until it says no more."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    if not os.environ.get("PEN_STDERR"):
        os.dup2(null, 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    watch, loaded = Watch(), {}

    def hang(number, frame):
        signal.setitimer(signal.ITIMER_PROF, 5.0)  # again, where something caught it
        raise Hang

    signal.signal(signal.SIGPROF, hang)
    with tempfile.TemporaryDirectory(prefix="pen-") as scratch:
        os.environ["XDG_CACHE_HOME"] = f"{scratch}/cache"
        os.environ["HOME"] = scratch
        for line in sys.stdin:
            request = json.loads(line)
            module, name = request["module"], request["reader"]
            if module not in loaded:
                loaded[module] = load(module)
            for seed in request["seeds"]:
                verdict = one_case(watch, loaded[module][name], name, seed, Path(scratch, "arena"))
                out.write(json.dumps([seed, *verdict]).encode() + b"\n")


if __name__ == "__main__":
    work()
