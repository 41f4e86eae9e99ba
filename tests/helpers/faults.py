"""The command as a process of its own that faults are done to, on a store of ten molecules."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

import numpy as np
import psutil

from mlip_compose.core.records import PRIMARY, SECONDARY
from mlip_compose.predictions.file import read_predictions
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.store.reader import Store
from mlip_compose.store.writer import write_store
from mlip_compose.studies.training import read_unit

DEADLINE = 240  # s
MARK = "MLIP_COMPOSE_TEST"
MOLECULES = [f"{group}-{n}-H" for group in ("F", "OH") for n in (1, 2, 3, 7, 8)]

STUDY = """
name: tiny
dataset: tiny.h5
tasks: [length]
levels: [1]
potentials: [composition, additive]
train_frames: 20
allow_missing: true
"""
RECIPE = """
name: built
molecules: [F-1-H, OH-1-H, H-2-H]
sampling: {equilibration_steps: 5, stride_steps: 2, primary: 3, secondary: 2}
"""


def write_tiny_store(path, molecules=MOLECULES, shift=0.0):
    """Write some frames of ``mini-v1``; ``shift`` is added to all energies, in eV."""
    source = open_dataset("mini-v1")

    def shifted(frames):
        frames.energy.flags.writeable = True
        frames.energy[:] += shift
        return frames

    def contents():
        for name in sorted(molecules):
            frames = [
                source.frames(name, PRIMARY, np.arange(6)),
                source.frames(name, SECONDARY, np.arange(3)),
                source.minimum(name),
            ]
            yield source.molecules[name], [shifted(each) for each in frames]

    header = source.header.model_copy(update={"name": "tiny"})
    write_store(path, header, contents())


class Command:
    """``mlip-compose`` in a session of its own, whose processes are all known by a variable."""

    started: ClassVar = []

    def __init__(self, folder, *arguments, before=(), **environment):
        self.mark = uuid4().hex
        command = [sys.executable, "-m", "mlip_compose", *map(str, arguments)]
        self.process = subprocess.Popen(
            [*map(str, before), *command],
            cwd=folder,
            env={**os.environ, "COLUMNS": "300", MARK: self.mark, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(self)

    def until_ready(self):
        """Wait until signals are caught: before that, they are Python's to answer."""
        wanted = 1 << (signal.SIGTERM - 1)
        while self.process.poll() is None:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
            (caught,) = (line for line in status.splitlines() if line.startswith("SigCgt"))
            if int(caught.split()[1], 16) & wanted:
                return
            time.sleep(0.005)

    def send(self, number, group=False):
        (os.killpg if group else os.kill)(self.process.pid, number)

    def ended(self):
        """Return status, stdout and stderr, once the command and its workers have ended."""
        try:
            out, err = self.process.communicate(timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            self.stop()
            raise
        assert "Traceback" not in err, err
        end = time.monotonic() + 10.0
        while left := self.workers():
            assert time.monotonic() < end, left
            time.sleep(0.05)
        return self.process.returncode, out, err

    def workers(self):
        """Return the processes that live and have the variable of this command."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == self.mark and process.pid != self.process.pid:
                    found.append(process)
            except (psutil.Error, OSError):  # ended meanwhile, or another user's
                continue
        return [process for process in found if process.status() != psutil.STATUS_ZOMBIE]

    def stop(self):
        """End everything of this command, for when a test has failed."""
        for process in self.workers():
            process.kill()
        self.process.kill()
        self.process.communicate()


def run(folder, *arguments, **options):
    return Command(folder, *arguments, **options).ended()


def content(folder):
    """Return what results hold, but for times, costs and what is kept aside."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and name.parts[0] not in ("damaged", "results.json", "report.html"):
            if path.name == "unit.json":
                document = json.loads(path.read_text())
                del document["facts"]["cost"]
                found[name] = document
            elif path.name != ".lock":
                found[name] = path.read_bytes()
    results = json.loads((folder / "results.json").read_text())
    del results["provenance"]
    for unit in results["units"]:
        del unit["cost"]
    return found | {"results": results}


def check_whole(folder):
    """Check that whatever is there under its own name is whole; hidden names are of no account."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if (
            path.is_dir()
            or any(part.startswith(".") for part in name.parts)
            or "work" in name.parts
        ):
            continue
        if path.suffix == ".h5" and path.parent.name == "predictions":
            read_predictions(path)
        elif path.suffix == ".h5":
            Store(path).verify()
        elif path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix == ".html":
            assert path.read_text().endswith("</html>")
    for training in folder.glob("trainings/[!.]*"):
        assert read_unit(training).model.is_dir()


def left_behind(folder):
    """Return temporary files of whatever kind."""
    return [path for path in folder.rglob("*") if path.name.endswith(".tmp")] + [
        *folder.glob("work/*"),
        *folder.glob("*.parts"),
    ]
