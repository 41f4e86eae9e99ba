"""One thread for an engine: labels are then the same to the last bit, and no slower."""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager
from functools import cache
from typing import Any


@cache
def _controller(library: str) -> Any:
    """Find the thread pools of the libraries that are loaded, the engine's among them."""
    from threadpoolctl import ThreadpoolController

    importlib.import_module(library)
    return ThreadpoolController()


def one_thread(library: str) -> AbstractContextManager[Any]:
    """Limit OpenMP and BLAS to one thread within a context, 13 microseconds each time.

    With more threads the order of sums, and with it the last bit of a label, changes from call to
    call; a trajectory of such steps is another one after a picosecond.

    Parameters
    ----------
    library
        The engine's module, such as ``tblite.library``; imported here, to find its threads.
    """
    limit: AbstractContextManager[Any] = _controller(library).limit(limits=1)
    return limit
