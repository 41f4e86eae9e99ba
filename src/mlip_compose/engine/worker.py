"""What a worker process on this machine does first; Dask calls it by its name."""

import os
import signal


def dask_setup(worker: object) -> None:
    """Send what libraries print to stderr, and leave Ctrl-C to the process that started this one.

    Stdout is for results alone. A terminal sends Ctrl-C to all processes of a command.
    """
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
