"""Units of work for tests of engines; workers import this module."""

import os
import signal
import time
from pathlib import Path

from mlip_compose.core.scratch import user_path

HELD = 0.4  # s


def die_at_nine(number):
    if number == 9:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def leave_pid_and_sleep(path):
    path.write_text(str(os.getpid()))
    time.sleep(600)


def nothing(item):
    return None


def process_id(item):
    return os.getpid()


def hold_gpu(name):
    """Return the GPU that this process sees, and from when to when it was held."""
    start = time.time()
    time.sleep(HELD)
    return os.environ.get("CUDA_VISIBLE_DEVICES"), start, time.time()


def listing(folder):
    """Return the names in a folder, whose path is relative to the working directory of workers."""
    return sorted(path.name for path in user_path(folder).iterdir())


def leave_files(number):
    """Leave a folder with a file, and return the names in the working directory."""
    Path(f"left-{number}").mkdir()
    Path(f"left-{number}", "file").touch()
    return sorted(path.name for path in Path().iterdir())


def write_and_raise(number):
    Path("file").touch()
    return 1 / number
