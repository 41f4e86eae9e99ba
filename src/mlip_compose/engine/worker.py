"""The first steps of a worker process on this machine; Dask calls them by name."""

import os
import signal


def dask_setup(worker: object) -> None:
    """Send the output of libraries to stderr, and leave Ctrl-C to the parent process.

    Stdout is for results alone. A terminal sends Ctrl-C to all processes of a command.
    """
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
