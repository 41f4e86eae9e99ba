"""One pen a session: hostile files are read in a process of its own, within limits."""

import pytest
from pen import Pen


@pytest.fixture(scope="session")
def pen():
    """Return a pen for hostile files."""
    made = Pen()
    yield made
    made.close()
