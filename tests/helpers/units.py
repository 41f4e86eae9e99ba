"""Units of work for tests of engines; workers import this module."""

import os
import signal
import time


def die_at_nine(number):
    if number == 9:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def leave_pid_and_sleep(path):
    path.write_text(str(os.getpid()))
    time.sleep(600)


def nothing(item):
    return None


def hold_gpu(seconds):
    """Return the GPU that this process sees, and from when to when it was held."""
    start = time.time()
    time.sleep(seconds)
    return os.environ.get("CUDA_VISIBLE_DEVICES"), start, time.time()
