"""The choice of an engine: processes of this machine, a Dask scheduler, or a batch system."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from mlip_compose import __version__
from mlip_compose.core.errors import RequestError, one_line
from mlip_compose.engine.batch_jobs import workers_of_jobs
from mlip_compose.engine.engine import DaskEngine, Workers
from mlip_compose.engine.job_queue import JobQueue, read_job_queue
from mlip_compose.engine.local import local_workers

if TYPE_CHECKING:
    from distributed import Client

TIMEOUT: Final = 30  # s, to find a scheduler


def local_engine(processes: int, keep_scratch: bool = False) -> DaskEngine:
    """Return an engine of processes on this machine, of one thread each, which end with it.

    Parameters
    ----------
    processes
        Largest number of processes at a time; no more are started than there are units.
    keep_scratch
        Whether scratch directories of units that fail are kept.
    """
    return DaskEngine(partial(local_workers, processes), keep_scratch)


def scheduler_engine(address: str, shared: Path, keep_scratch: bool = False) -> DaskEngine:
    """Return an engine on a Dask scheduler that runs already, and goes on running.

    Parameters
    ----------
    address
        Address of the scheduler, such as ``tcp://10.0.0.1:8786``.
    shared
        Directory of results, which the workers must see as this process does.
    keep_scratch
        Whether scratch directories of units that fail are kept, each on its worker's machine.
    """

    @contextmanager
    def connect(_: int) -> Iterator[Workers]:
        from distributed import Client

        try:
            client = Client(address, timeout=TIMEOUT)
        except (OSError, ValueError, TimeoutError) as error:
            raise RequestError(
                f"a Dask scheduler at {address}",
                one_line(error, 200),
                "Start one with `dask scheduler`, and workers with `dask worker ADDRESS`.",
            ) from error
        with _quiet(), client:
            client.wait_for_workers(1)
            _check_workers(client, shared)
            yield Workers(client)

    return DaskEngine(connect, keep_scratch)


def cluster_engine(path: Path, shared: Path, keep_scratch: bool = False) -> DaskEngine:
    """Return an engine on jobs of a batch system, which end with the engine.

    Parameters
    ----------
    path
        YAML file of a :class:`mlip_compose.engine.job_queue.JobQueue`; it is read now.
    shared, keep_scratch
        See :func:`scheduler_engine`.
    """
    queue: JobQueue = read_job_queue(path)

    @contextmanager
    def connect(units: int) -> Iterator[Workers]:
        with _quiet(), workers_of_jobs(queue, units) as workers:
            _check_workers(workers.client, shared)
            yield workers

    return DaskEngine(connect, keep_scratch)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask from writing tracebacks of lost connections; the engine has a message for them."""
    importlib.import_module("distributed")  # which makes its loggers
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
    """Check that the present workers are of this version and see the same files."""
    shared.mkdir(parents=True, exist_ok=True)
    token = shared / f".seen-{uuid4().hex}"
    token.touch()
    try:
        answers = client.run(_probe, str(token.resolve()), on_error="return")
    finally:
        token.unlink(missing_ok=True)
    expected = {"version": __version__, "sees the directory of results": True}
    for worker, answer in answers.items():
        if answer != expected:
            raise RequestError(
                f"workers with mlip-compose {__version__} that see {shared.resolve()}",
                f"{worker}: {answer}",
                "Install this version on the nodes, and put results on a file system they share.",
            )


def _probe(token: str) -> dict[str, object]:
    return {"version": __version__, "sees the directory of results": Path(token).exists()}
