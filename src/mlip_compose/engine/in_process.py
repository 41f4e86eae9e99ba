"""Units of work in this very process, one after the other."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from threading import Event, Thread
from typing import TypeVar

from mlip_compose.core.host import is_out_of_memory
from mlip_compose.core.records import Failure
from mlip_compose.core.scratch import do_unit, tell_of
from mlip_compose.engine.engine import TICK, lack_of_memory
from mlip_compose.engine.local import ONE_THREAD
from mlip_compose.engine.locks import scratch_directory

Item = TypeVar("Item")
Result = TypeVar("Result")


class InProcess:
    """The engine without workers: it does units in this process, one after the other.

    Each has one thread, as in a worker process. Sums are then in the same order, and results the
    same to the last bit.

    Parameters
    ----------
    keep_scratch
        Whether scratch directories of units that fail are kept.
    """

    def __init__(self, keep_scratch: bool = False) -> None:
        self._keep = keep_scratch

    def run(
        self,
        work: Callable[[Item], Result],
        items: Sequence[Item],
        tick: Callable[[], None] = lambda: None,
        wants_gpu: Callable[[Item], bool] = lambda item: False,  # has what its job was given
    ) -> Iterator[tuple[Item, Result | Failure]]:
        """Do one unit after the other; see :meth:`mlip_compose.engine.engine.DaskEngine.run`.

        The output of libraries goes to stderr. ``wants_gpu`` is not asked.
        """
        with scratch_directory() as scratch:
            for item in items:
                outcome: Result | Failure
                with _as_a_worker(), _ticking(tick):
                    try:
                        outcome = do_unit(work, item, self._keep, scratch).told()
                    except Exception as error:
                        tell_of(error)
                        if not is_out_of_memory(error):
                            raise
                        outcome = lack_of_memory(item, error)
                yield item, outcome


@contextmanager
def _as_a_worker() -> Iterator[None]:
    """Hold libraries to one thread, those that a unit loads too; keep stdout for results."""
    from threadpoolctl import threadpool_limits

    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        with threadpool_limits(limits=1), redirect_stdout(sys.stderr):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _ticking(tick: Callable[[], None]) -> Iterator[None]:
    """Call ``tick`` now and then while a unit is under way, and once at its end."""
    ended = Event()

    def ticker() -> None:
        while not ended.wait(TICK):
            tick()

    thread = Thread(target=ticker, name="ticker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        tick()
