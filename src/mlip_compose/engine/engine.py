"""Engines do units of work: what each of them offers, and the one on workers of Dask."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, Protocol, Self, TypeVar

from mlip_compose.core.errors import RequestError, one_line
from mlip_compose.core.host import is_out_of_memory
from mlip_compose.core.records import Failure
from mlip_compose.core.scratch import Done, do_unit, tell_of

if TYPE_CHECKING:
    from distributed import Client, Future


Item = TypeVar("Item")
Result = TypeVar("Result")


class Engine(Protocol):
    """Does independent units of work, on this machine or on others."""

    def run(
        self,
        work: Callable[[Item], Result],
        items: Sequence[Item],
        tick: Callable[[], None] = ...,
        wants_gpu: Callable[[Item], bool] = ...,
    ) -> Iterator[tuple[Item, Result | Failure]]:
        """Yield each item with its result, or a failure; see :meth:`DaskEngine.run`."""
        ...


TICK: Final = 0.5  # s
KEPT: Final = "What was finished is kept; run the same command again to go on."
WORKER: Final = "worker"
"""The stage of a failure where a worker process died, or lacked memory."""
GPU: Final = "GPU"
"""The resource that a worker with a graphics processor declares (``--resources GPU=1``)."""


@dataclass(frozen=True)
class Workers:
    """The workers of a cluster.

    Attributes
    ----------
    client
        The client of their scheduler.
    provide
        Starts the workers that are lacking, where this program starts workers. It is called again
        and again, with the number of units that are still to be done.
    """

    client: Client
    provide: Callable[[int], None] = lambda units: None


class DaskEngine:
    """Does units of work on a cluster, which it makes or joins when there is something to do.

    It is a context manager; leaving it ends what it made.

    Parameters
    ----------
    connect
        Makes the context of the workers, from the number of units. The context is entered at the
        first unit, so that a run that finds everything done starts nothing.
    keep_scratch
        Whether scratch directories of units that fail are kept.
    """

    def __init__(
        self, connect: Callable[[int], AbstractContextManager[Workers]], keep_scratch: bool = False
    ) -> None:
        self._connect = connect
        self._keep = keep_scratch
        self._stack = ExitStack()
        self._workers: Workers | None = None
        self._numbers = count()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._workers = None
        self._stack.__exit__(kind, error, traceback)

    def run(
        self,
        work: Callable[[Item], Result],
        items: Sequence[Item],
        tick: Callable[[], None] = lambda: None,
        wants_gpu: Callable[[Item], bool] = lambda item: False,
    ) -> Iterator[tuple[Item, Result | Failure]]:
        """Do independent units; yield each as it ends.

        The cluster holds no more units than it has threads and graphics processors, and lets go of
        each as it ends: memory does not grow with the number of units.

        Parameters
        ----------
        work
            The function that does a unit; workers import its module.
        items
            The units, the longest first where lengths are known.
        tick
            Shows progress; it is called every ``TICK`` seconds or so while units are under way.
        wants_gpu
            Says whether a unit takes a graphics processor. Where workers declare such, it has one
            to itself, and waits for it. Such units come before the others.

        Yields
        ------
        item, outcome
            The unit, and its result; or a Failure of stage ``worker`` where its process died, or
            could not have the memory that it asked for.

        Raises
        ------
        RequestError
            The cluster cannot be reached, or no longer.
        Exception
            Any error that a unit raises: a bug, or a request that cannot be served.
        """
        if not items:
            return
        workers = self._connected(len(items))
        client = workers.client
        waiting = _Waiting(items, wants_gpu)
        pending: dict[Future[Any], _Unit[Item]] = {}
        try:
            while waiting or pending:
                workers.provide(len(waiting) + len(pending))
                with _reaching(client):
                    for unit in waiting.next(client, pending.values()) if waiting else ():
                        key = f"{getattr(work, '__name__', 'unit')}-{next(self._numbers)}"
                        resources = {GPU: 1} if unit.on_gpu else None
                        future = client.submit(
                            _in_worker,
                            work,
                            unit.item,
                            self._keep,
                            key=key,
                            pure=False,
                            resources=resources,
                        )
                        pending[future] = unit
                    done = _ended(pending)
                tick()
                for future in done:
                    item = pending.pop(future).item
                    yield item, _outcome(client, future, item)
        finally:
            if pending and client.status == "running":
                client.cancel(list(pending), force=True)

    def _connected(self, units: int) -> Workers:
        if self._workers is None:
            self._workers = self._stack.enter_context(self._connect(units))
        return self._workers


def _in_worker(work: Callable[[Item], Any], item: Item, keep: bool) -> Done:
    """Do a unit; where its worker ends before the unit does, Dask removes the scratch directory."""
    from distributed import get_worker

    return do_unit(work, item, keep, Path(get_worker().local_directory))


class _Unit(NamedTuple, Generic[Item]):
    """A unit that the cluster holds, and whether it has, or waits for, a GPU to itself."""

    item: Item
    on_gpu: bool


class _Waiting(Generic[Item]):
    """The units that the cluster does not hold yet, in order; those that take a GPU apart."""

    def __init__(self, items: Sequence[Item], wants_gpu: Callable[[Item], bool]) -> None:
        self._for_gpu: deque[Item] = deque()
        self._others: deque[Item] = deque()
        for item in items:
            (self._for_gpu if wants_gpu(item) else self._others).append(item)

    def __len__(self) -> int:
        return len(self._for_gpu) + len(self._others)

    def next(self, client: Client, pending: Collection[_Unit[Item]]) -> list[_Unit[Item]]:
        """Take the units that the workers have room for beside the pending ones.

        Where no worker has a GPU, units that would take one are like the others.
        """
        gpus = _gpus(client) if self._for_gpu else 0
        room = _threads(client) - len(pending)
        units: list[_Unit[Item]] = []
        if gpus:
            free = gpus - sum(unit.on_gpu for unit in pending)
            units += [_Unit(item, on_gpu=True) for item in _popped(self._for_gpu, free)]
        else:
            units += [_Unit(item, on_gpu=False) for item in _popped(self._for_gpu, room)]
        others = _popped(self._others, room - len(units))
        return units + [_Unit(item, on_gpu=False) for item in others]


def _popped(items: deque[Item], most: int) -> list[Item]:
    return [items.popleft() for _ in range(min(most, len(items)))]


def _threads(client: Client) -> int:
    """Ask the scheduler how many threads its workers have; at least 1, where they are to come."""
    threads: dict[str, int] = client.nthreads()
    return max(1, sum(threads.values()))


def _gpus(client: Client) -> int:
    """Ask the scheduler how many graphics processors its workers declare."""
    workers: dict[str, Any] = client.scheduler_info(n_workers=-1)["workers"]
    return int(sum(worker.get("resources", {}).get(GPU, 0) for worker in workers.values()))


def _ended(pending: dict[Future[Any], _Unit[Item]]) -> list[Future[Any]]:
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
            done: Done = future.result()
        return done.told()
    tell_of(error)
    if isinstance(error, KilledWorker):
        reason = "a worker process died (killed, or out of memory); run again to do what is missing"
        return Failure(WORKER, str(item), reason, retryable=True)
    if is_out_of_memory(error):
        return lack_of_memory(item, error)
    raise error.with_traceback(future.traceback())


def lack_of_memory(item: object, error: BaseException) -> Failure:
    """Return the failure of a unit that could not have the memory that it asked for."""
    message = one_line(error, 200)
    reason = f"not enough memory ({message}); run again with fewer processes, or more memory"
    return Failure(WORKER, str(item), reason, retryable=True)


def workers_died(undone: str, hint: str = KEPT) -> RequestError:
    """Return the error of work that is of use only when all its units are done.

    Parameters
    ----------
    undone
        The units that workers took with them when they died: ``3 molecules that are not made:
        worker of OH-2-H: a worker process died``.
    hint
        Advice: what to do about it.
    """
    return RequestError("workers that live to the end of their work", undone, hint)


def _address(client: Client) -> str:
    return str(client.scheduler.address) if client.scheduler is not None else "an unknown address"


@contextmanager
def _reaching(client: Client) -> Iterator[None]:
    """Raise a RequestError where the connection to the scheduler is lost."""
    try:
        yield
    except (OSError, TimeoutError, CancelledError) as error:
        raise RequestError(
            f"a scheduler that goes on answering at {_address(client)}",
            f"a connection that was lost ({one_line(error, 100)})",
            "What was finished is kept: run the same command again.",
        ) from error
