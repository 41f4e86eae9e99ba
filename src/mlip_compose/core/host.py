"""The machine as one process sees it: threads, and errors that are of memory."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache, wraps
from typing import Any, Final, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Returned = TypeVar("Returned")

LINEAR_ALGEBRA: Final = "scipy.linalg"


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


SAID_BY_TORCH: Final = ("can't allocate memory", "out of memory")
"""Parts of the messages of its RuntimeErrors, of the CPU and of GPUs."""


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error is one of memory, by its class or by what torch writes."""
    if isinstance(error, MemoryError):
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and any(text in said for text in SAID_BY_TORCH)
