"""The clusters that units of work are done on, each as a context that gives a Dask client."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from mlip_compose import __version__
from mlip_compose.errors import RequestError
from mlip_compose.interruption import sheltered
from mlip_compose.studies.engine.engine import Engine
from mlip_compose.studies.engine.job_queue import JobQueue, read_job_queue, submitted
from mlip_compose.studies.engine.scratch import scratch_directory

if TYPE_CHECKING:
    from distributed import Client

ONE_THREAD: Final[Mapping[str, str]] = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""Threads help neither tblite nor small models; processes do. One thread also fixes sums' order."""

TIMEOUT: Final = 30  # s, to find a scheduler


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def local(processes: int) -> Engine:
    """Return an engine of processes on this machine, one thread each, ended with the engine.

    Parameters
    ----------
    processes
        How many at a time.
    """

    @contextmanager
    def connect() -> Iterator[Client]:
        import dask
        from distributed import Client, LocalCluster

        settings = {
            "distributed.scheduler.allowed-failures": 0,  # a unit that kills its worker would again
            "distributed.scheduler.worker-ttl": None,  # nannies see workers end; clocks may jump
        }
        with (
            scratch_directory() as scratch,
            dask.config.set(settings | {"temporary-directory": str(scratch)}),
            ExitStack() as stack,
        ):
            with sheltered(), _starting():  # Dask cannot be interrupted while it starts
                cluster = LocalCluster(
                    n_workers=processes,
                    threads_per_worker=1,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    local_directory=str(scratch),
                    silence_logs=logging.CRITICAL,
                    env=dict(ONE_THREAD),
                    preload="mlip_compose.studies.engine.worker",
                )
                client = stack.enter_context(Client(stack.enter_context(cluster)))
            yield client

    return Engine(connect)


@contextmanager
def _starting() -> Iterator[None]:
    """Say what it means that workers do not start."""
    try:
        yield
    except (OSError, RuntimeError, TimeoutError) as error:
        cause = error.__cause__ or error
        raise RequestError(
            "worker processes that start on this machine",
            " ".join(str(cause).split())[:200] or type(cause).__name__,
            "Run the same command again, with fewer processes (-j) if memory is short.",
        ) from error


def running(address: str, shared: Path) -> Engine:
    """Return an engine on a Dask scheduler that runs already, and goes on running.

    Parameters
    ----------
    address
        Of the scheduler, such as ``tcp://10.0.0.1:8786``.
    shared
        A directory that the workers must see as this process does: where results go.
    """

    @contextmanager
    def connect() -> Iterator[Client]:
        from distributed import Client

        try:
            client = Client(address, timeout=TIMEOUT)
        except (OSError, ValueError, TimeoutError) as error:
            raise RequestError(
                f"a Dask scheduler at {address}",
                " ".join(str(error).split())[:200],
                "Start one with `dask scheduler`, and workers with `dask worker ADDRESS`.",
            ) from error
        with _quiet(), client:
            _check_workers(client, shared)
            yield client

    return Engine(connect)


def queued(path: Path, shared: Path) -> Engine:
    """Return an engine on jobs of a batch system, which end with the engine.

    Parameters
    ----------
    path
        YAML file, see :class:`mlip_compose.studies.engine.job_queue.JobQueue`; read now.
    shared
        See :func:`running`.
    """
    queue: JobQueue = read_job_queue(path)

    @contextmanager
    def connect() -> Iterator[Client]:
        with _quiet(), submitted(queue) as client:
            _check_workers(client, shared)
            yield client

    return Engine(connect)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask from writing tracebacks of lost connections: the engine says what that means."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def _check_workers(client: Client, shared: Path) -> None:
    """Wait for a worker; check that all there are of this version and see the same files."""
    shared.mkdir(parents=True, exist_ok=True)
    token = shared / f".seen-{uuid4().hex}"
    token.touch()
    try:
        client.wait_for_workers(1)
        found = client.run(_probe, str(token.resolve()), on_error="return")
    finally:
        token.unlink(missing_ok=True)
    wanted = {"version": __version__, "sees the directory of results": True}
    for worker, answer in found.items():
        if answer != wanted:
            raise RequestError(
                f"workers with mlip-compose {__version__} that see {shared.resolve()}",
                f"{worker}: {answer}",
                "Install this version on the nodes, and put results on a file system they share.",
            )


def _probe(token: str) -> dict[str, object]:
    return {"version": __version__, "sees the directory of results": Path(token).exists()}
