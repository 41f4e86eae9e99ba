"""One fenced process a session: hostile files are read in it, within limits."""

import pytest
from hostile.fenced_process import FencedProcess


@pytest.fixture(scope="session")
def fenced_process():
    """Return a process for hostile files."""
    process = FencedProcess()
    yield process
    process.close()
