"""Independent units of work on the processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Final, TypeVar

from mlip_compose.records import Failure

Item = TypeVar("Item")
Result = TypeVar("Result")

ONE_THREAD: Final[Mapping[str, str]] = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""Threads help neither tblite nor small models; processes do. One thread also fixes sums' order."""


TICK: Final = 0.5  # s


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_units(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    processes: int,
    tick: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Item, Result | Failure]]:
    """Do independent units in fresh single-threaded processes; yield each as it ends.

    A process that dies (killed, out of memory) gives a Failure for the units that it took along; an
    exception in a unit is a bug and raises here.

    Parameters
    ----------
    work
        A function of a module (it is sent to the processes by name).
    items
        What to do, longest first where lengths are known.
    processes
        How many at a time.
    tick
        Called every ``TICK`` seconds or so while units are under way, to show progress.
    """
    before = {key: os.environ.get(key) for key in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    context = multiprocessing.get_context("spawn")
    try:
        workers = max(1, min(processes, len(items)))
        with ProcessPoolExecutor(workers, context, _speak_on_stderr) as pool:
            pending: dict[Future[Result], Item] = {pool.submit(work, item): item for item in items}
            try:
                while pending:
                    done, _ = wait(pending, TICK, return_when=FIRST_COMPLETED)
                    tick()
                    for future in done:
                        item = pending.pop(future)
                        outcome = _result(future, item)
                        yield item, outcome
            except BaseException:
                running = list((pool._processes or {}).values())  # shutdown forgets them
                pool.shutdown(wait=False, cancel_futures=True)
                for process in running:
                    process.terminate()
                raise
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


def _speak_on_stderr() -> None:
    """Send what libraries print in this process to stderr: stdout is for results alone."""
    os.dup2(2, 1)


def _result(future: Future[Result], item: object) -> Result | Failure:
    try:
        return future.result()
    except BrokenProcessPool:
        reason = "a worker process died (killed, or out of memory); run again to do what is missing"
        return Failure("worker", str(item), reason, retryable=True)
