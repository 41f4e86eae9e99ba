"""Independent units of work on the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import count
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from mlip_compose.errors import RequestError
from mlip_compose.memory import is_out_of_memory
from mlip_compose.records import Failure

if TYPE_CHECKING:
    from distributed import Client, Future

Item = TypeVar("Item")
Result = TypeVar("Result")

TICK: Final = 0.5  # s
GPU: Final = "GPU"
"""The resource that a worker with a graphics processor declares (``--resources GPU=1``)."""


class Engine:
    """Does units of work on a cluster that is made, or joined, when there is something to do.

    A context manager; leaving it ends what it made.

    Parameters
    ----------
    connect
        Makes the context of a client. Entered at the first unit, so that a run that finds
        everything done starts nothing.
    """

    def __init__(self, connect: Callable[[], AbstractContextManager[Client]]) -> None:
        self._connect = connect
        self._stack = ExitStack()
        self._client: Client | None = None
        self._numbers = count()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client = None
        self._stack.__exit__(kind, error, traceback)

    def run(
        self,
        work: Callable[[Item], Result],
        items: Sequence[Item],
        tick: Callable[[], None] = lambda: None,
        wants_gpu: Callable[[Item], bool] = lambda item: False,
    ) -> Iterator[tuple[Item, Result | Failure]]:
        """Do independent units; yield each as it ends.

        No more units are with the cluster than it has threads, and what has ended is let go of:
        memory does not grow with the number of units.

        Parameters
        ----------
        work
            A function of a module that the workers can import.
        items
            What to do, longest first where lengths are known.
        tick
            Called every ``TICK`` seconds or so while units are under way, to show progress.
        wants_gpu
            Whether a unit takes a graphics processor; where workers declare such, it has one to
            itself.

        Yields
        ------
        item, outcome
            The result; or a Failure of stage ``worker`` where the process died that did it (killed,
            or out of memory), or could not have the memory that it asked for.

        Raises
        ------
        RequestError
            The cluster cannot be reached, or no longer.
        Exception
            Whatever a unit raises: a bug, or a request that cannot be served.
        """
        if not items:
            return
        client = self._connected()
        waiting = list(reversed(items))
        pending: dict[Future[Any], Item] = {}
        try:
            while waiting or pending:
                with _reaching(client):
                    room = _threads(client) - len(pending) if waiting else 0
                    for item in [waiting.pop() for _ in range(min(room, len(waiting)))]:
                        key = f"{getattr(work, '__name__', 'unit')}-{next(self._numbers)}"
                        resources = _resources(client) if wants_gpu(item) else None
                        future = client.submit(work, item, key=key, pure=False, resources=resources)
                        pending[future] = item
                    done = _ended(pending)
                tick()
                for future in done:
                    item = pending.pop(future)
                    yield item, _outcome(client, future, item)
        finally:
            if pending and client.status == "running":
                client.cancel(list(pending), force=True)

    def _connected(self) -> Client:
        if self._client is None:
            self._client = self._stack.enter_context(self._connect())
        return self._client


def _threads(client: Client) -> int:
    """Ask the scheduler how many threads its workers have; at least 1, where they are to come."""
    threads: dict[str, int] = client.nthreads()
    return max(1, sum(threads.values()))


def _resources(client: Client) -> dict[str, int] | None:
    """Return what a unit for a graphics processor asks for; None where no worker has one."""
    workers: dict[str, Any] = client.scheduler_info(n_workers=-1)["workers"]
    has_gpu = any(GPU in worker.get("resources", {}) for worker in workers.values())
    return {GPU: 1} if has_gpu else None


def _ended(pending: dict[Future[Any], Item]) -> list[Future[Any]]:
    """Wait a tick for units to end; return those that have, in the order they were handed in."""
    from distributed import wait

    try:
        done = wait(list(pending), timeout=TICK, return_when="FIRST_COMPLETED").done
    except TimeoutError:
        return []
    return [future for future in pending if future in done]


def _outcome(client: Client, future: Future[Any], item: object) -> Any:
    from distributed import KilledWorker

    with _reaching(client):
        error = future.exception()
    if error is None:
        with _reaching(client):
            return future.result()
    if isinstance(error, KilledWorker):
        reason = "a worker process died (killed, or out of memory); run again to do what is missing"
        return Failure("worker", str(item), reason, retryable=True)
    if is_out_of_memory(error):
        said = " ".join(str(error).split())[:200] or type(error).__name__
        reason = f"not enough memory ({said}); run again with fewer processes, or more memory"
        return Failure("worker", str(item), reason, retryable=True)
    raise error.with_traceback(future.traceback())


def _address(client: Client) -> str:
    return str(client.scheduler.address) if client.scheduler is not None else "an unknown address"


@contextmanager
def _reaching(client: Client) -> Iterator[None]:
    """Say what a lost connection means."""
    try:
        yield
    except (OSError, TimeoutError, CancelledError) as error:
        raise RequestError(
            f"a scheduler that goes on answering at {_address(client)}",
            f"a connection that was lost ({' '.join(str(error).split())[:100]})",
            "What was finished is kept: run the same command again.",
        ) from error
