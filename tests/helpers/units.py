"""Units of work for tests of engines; workers import this module."""

import os
import signal
import time

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
