"""The worker of a fenced process: it does one case after the other, each within limits.

An audit hook of the interpreter sees every file that Python code opens for writing, makes, moves or
removes, every process that is started, every class that is unpickled and every connection; what
compiled code writes is seen by comparing the case's surroundings before and after.
"""

import hashlib
import importlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
import zlib
from pathlib import Path

import numpy as np

from hostile.canary import CANARY
from hostile.reader import Arena
from mlip_compose.core.errors import RequestError

SECONDS = 10.0
"""Of the processor, for one case."""
MEMORY = 1 << 30
"""Bytes of address space for one case, beyond what the worker has when it is ready."""
LONGEST_MESSAGE = 20_000
LIBRARIES = "libraries"
"""Folder in which Matplotlib and torch may keep what they find out where they are imported."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = ("os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.chmod", "os.utime")
STARTS = ("os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "subprocess.Popen")


class Hang(BaseException):
    """Raised in a case that takes too long; nothing but the worker may catch it."""


class Auditor:
    """Sees what a case does; the hook cannot be taken away, so it has a switch."""

    def __init__(self):
        self.events = None
        self.allowed = ()
        sys.addaudithook(self.hook)

    def hook(self, event, arguments):
        if self.events is None:
            return
        if event == "open":
            path, _, flags = arguments
            if flags & WRITING:
                self._write(event, path)
        elif event in CHANGES:
            self._write(event, arguments[0])
        elif event in ("os.rename", "os.link", "os.symlink"):
            self._write(event, arguments[0] if event == "os.rename" else arguments[1])
            self._write(event, arguments[1])
        elif event in STARTS:
            self.events.append(f"executed: {event} {arguments!r:.200}")
        elif event == "pickle.find_class":
            self.events.append(f"unpickled: {arguments!r:.200}")
        elif event == "socket.connect":
            self.events.append(f"connected: {arguments!r:.200}")

    def _write(self, event, path):
        if isinstance(path, int) or path is None:
            return
        whole = os.path.realpath(os.fsdecode(path))
        if whole == os.devnull or any(whole.startswith(place) for place in self.allowed):
            return
        if "__pycache__" in whole or whole.startswith("/proc/"):
            return
        self.events.append(f"wrote: {event} {whole}")


def snapshot(arena):
    """Return what is in the surroundings of a case, its output directory left out."""
    contents = {}
    for path in sorted(arena.root.rglob("*")):
        if path == arena.out or arena.out in path.parents:
            continue
        if path.is_symlink():
            contents[path] = str(path.readlink())
        elif path.is_file():
            contents[path] = hashlib.sha1(path.read_bytes()).hexdigest()
        else:
            contents[path] = ""
    return contents


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


def _last_lines(number):
    return "".join(traceback.format_exc().splitlines(keepends=True)[-number:])


def _read(reader, hostile):
    """Read within limits and return the verdict."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            limit_memory(MEMORY)
            try:
                reader.read(hostile)
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
                limit_memory(None)
    except RequestError as error:
        if len(str(error)) > LONGEST_MESSAGE:
            return "endless message", f"{len(str(error))} characters"
        return "refused", type(error).__name__
    except Hang:
        return "hang", _last_lines(8)
    except BaseException as error:  # the very thing that is looked for
        return "traceback", f"{type(error).__name__}\n{_last_lines(9)[-1500:]}"
    return "accepted", ""


def one_case(auditor, reader, name, seed, root):
    """Do one case and return its verdict."""
    arena = new_arena(root)
    rng = np.random.default_rng([zlib.crc32(name.encode()), seed])
    try:
        hostile = reader.make(rng, arena)
    except Exception:  # a mistake in the test itself
        return "unmade", _last_lines(5)
    before = snapshot(arena)
    os.chdir(arena.out)
    auditor.allowed = (str(arena.out), str(root.with_name(LIBRARIES)))
    auditor.events = []
    try:
        verdict = _read(reader, hostile)
    finally:
        events, auditor.events = auditor.events, None
        os.chdir("/")
    if events:
        return "offence", "; ".join(dict.fromkeys(events))
    changed = {path for path, _ in snapshot(arena).items() ^ before.items()}
    if changed:
        return "offence", f"changed: {', '.join(map(str, sorted(changed)))}"
    if any(root.rglob(CANARY)):
        return "offence", "executed: the canary is there"
    return verdict


def work():
    """Do what the supervisor says, until it says no more."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    if not os.environ.get("FENCED_STDERR"):
        os.dup2(null, 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    auditor = Auditor()

    def hang(number, frame):
        signal.setitimer(signal.ITIMER_PROF, 5.0)  # again, where something caught it
        raise Hang

    signal.signal(signal.SIGPROF, hang)
    with tempfile.TemporaryDirectory(prefix="hostile-") as scratch:
        os.environ["XDG_CACHE_HOME"] = f"{scratch}/cache"
        os.environ["HOME"] = scratch
        os.environ["MPLCONFIGDIR"] = f"{scratch}/{LIBRARIES}/matplotlib"
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = f"{scratch}/{LIBRARIES}/torch"
        # It asks the system for its fonts where it is imported, as packages of torch do.
        importlib.import_module("matplotlib.font_manager")
        for line in sys.stdin:
            request = json.loads(line)
            name = request["reader"]
            reader = importlib.import_module(f"hostile.{request['module']}").READERS[name]
            for seed in request["seeds"]:
                verdict = one_case(auditor, reader, name, seed, Path(scratch, "arena"))
                out.write(json.dumps([seed, *verdict]).encode() + b"\n")


if __name__ == "__main__":
    work()
