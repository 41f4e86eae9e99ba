"""What a worker process on this machine does first; Dask calls it by its name."""

import os


def dask_setup(worker: object) -> None:
    """Send what libraries print in this process to stderr: stdout is for results alone."""
    os.dup2(2, 1)
