"""The machine as one process sees it: cores, threads, memory, and the user's cache."""

from __future__ import annotations

import importlib
import os
import resource
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache, wraps
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Returned = TypeVar("Returned")

LINEAR_ALGEBRA: Final = "scipy.linalg"


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def peak_memory_mb() -> float:
    """Return the peak memory of this process so far, in MB (10^6 bytes)."""
    unit = 1 if sys.platform == "darwin" else 1024  # bytes, of ``ru_maxrss``
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def user_cache() -> Path:
    """Return the directory of what this program may download again: ``~/.cache/mlip-compose``."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "mlip-compose"


def one_thread(library: str) -> AbstractContextManager[Any]:
    """Limit OpenMP and BLAS to one thread within a context, 13 microseconds each time.

    With more threads the order of sums, and with it the last bit of a result, changes from call to
    call; a trajectory of such steps is another one after a picosecond.

    Parameters
    ----------
    library
        The module that computes, such as ``tblite.library``; imported here, to find its threads.
    """
    limit: AbstractContextManager[Any] = _controller(library).limit(limits=1)
    return limit


def single_threaded(
    function: Callable[Arguments, Returned],
) -> Callable[Arguments, Returned]:
    """Let a function of linear algebra run on one thread, for results the same to the last bit."""

    @wraps(function)
    def limited(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Returned:
        with one_thread(LINEAR_ALGEBRA):
            return function(*args, **kwargs)

    return limited


@cache
def _controller(library: str) -> Any:
    """Find the thread pools of the libraries that are loaded, this one's among them."""
    from threadpoolctl import ThreadpoolController

    importlib.import_module(library)
    return ThreadpoolController()


MESSAGES_OF_TORCH: Final = ("can't allocate memory", "out of memory")
"""Parts of the messages of RuntimeErrors of torch that are of memory, on the CPU and on GPUs."""


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error is one of memory, by its class or by the message of torch."""
    if isinstance(error, MemoryError):
        return True
    message = str(error).lower()
    return isinstance(error, RuntimeError) and any(text in message for text in MESSAGES_OF_TORCH)
