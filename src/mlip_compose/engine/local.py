"""Worker processes on this machine, of one thread each; the first ones have a GPU to themselves."""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlip_compose.core.errors import RequestError, one_line
from mlip_compose.core.interruption import sheltered
from mlip_compose.engine.engine import GPU, Workers
from mlip_compose.engine.locks import scratch_directory

if TYPE_CHECKING:
    from distributed import LocalCluster


VARIABLE: Final = "CUDA_VISIBLE_DEVICES"
"""The variable that names the graphics processors of a process; PyTorch heeds it for NVIDIA's and
AMD's."""

GPU_DRIVERS: Final = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""Files of the drivers of NVIDIA, AMD and Windows' subsystem for Linux."""


def visible_gpus() -> tuple[str, ...]:
    """Return the graphics processors that this process may use, as ``VARIABLE`` names them.

    PyTorch, which knows, is imported only where there is a driver.
    """
    if importlib.util.find_spec("torch") is None or not any(Path(d).exists() for d in GPU_DRIVERS):
        return ()
    import torch

    variable = os.environ.get(VARIABLE)
    count: int = torch.cuda.device_count()
    names = [str(number) for number in range(count)] if variable is None else variable.split(",")
    return tuple(name.strip() for name in names[:count])


ONE_THREAD: Final[Mapping[str, str]] = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""Threads help neither tblite nor small models; processes do. One thread also fixes the order of
sums."""

_SETTINGS: Final = {
    "distributed.scheduler.allowed-failures": 0,  # a unit that kills its worker would again
    "distributed.scheduler.worker-ttl": None,  # nannies see workers end; clocks may jump
    "distributed.worker.profile.enabled": False,  # samples stacks, for a page nobody sees
    # Without Dask's MALLOC_TRIM_THRESHOLD_: it gives memory back at every step of a training, and a
    # quarter of the CPU time was the kernel's.
    "distributed.nanny.pre-spawn-environ": dict(ONE_THREAD),
}


@contextmanager
def local_workers(most: int, units: int) -> Iterator[Workers]:
    """Give worker processes, as many as there are units but no more than ``most``.

    With k graphics processors, each of the first k processes sees one of them alone and declares
    it, so that no two units share one. The other processes see what this process sees.

    Parameters
    ----------
    most
        Largest number of processes.
    units
        Number of units at first; later ones start further processes.
    """
    import dask
    from distributed import Client, LocalCluster
    from distributed.system import MEMORY_LIMIT

    gpus = visible_gpus()
    with (
        scratch_directory() as scratch,
        dask.config.set(_SETTINGS | {"temporary-directory": str(scratch)}),
        ExitStack() as stack,
    ):
        with sheltered(), _starting():  # Dask cannot be interrupted while it starts
            cluster = LocalCluster(
                n_workers=0,
                threads_per_worker=1,
                memory_limit=MEMORY_LIMIT // most,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                local_directory=str(scratch),
                silence_logs=logging.CRITICAL,
                env=dict(ONE_THREAD),
                preload="mlip_compose.engine.worker",
            )
            client = stack.enter_context(Client(stack.enter_context(cluster)))

        def provide(units: int) -> None:
            for number in range(len(cluster.worker_spec), min(units, most)):
                cluster.worker_spec[number] = _process(cluster.new_spec, number, gpus)
            # Dask starts a worker that dies anew, but for one that is away at the wrong moment.
            if cluster.worker_spec.keys() - cluster.workers.keys():
                with sheltered(), _starting():
                    cluster.sync(_all_started, cluster)

        provide(units)
        yield Workers(client, provide)


@contextmanager
def _starting() -> Iterator[None]:
    """Raise a RequestError where workers do not start."""
    try:
        yield
    except (OSError, RuntimeError, TimeoutError) as error:
        cause = error.__cause__ or error
        raise RequestError(
            "worker processes that start on this machine",
            one_line(cause, 200),
            "Run the same command again, with fewer processes (-j) if memory is short.",
        ) from error


def _process(spec: Mapping[str, Any], number: int, gpus: tuple[str, ...]) -> dict[str, Any]:
    """Return the specification of a process, with its own GPU where there is one for it."""
    if number >= len(gpus):
        return dict(spec)
    options = spec["options"]
    env = {**options["env"], VARIABLE: gpus[number]}
    return {**spec, "options": {**options, "env": env, "resources": {GPU: 1}}}


async def _all_started(cluster: LocalCluster) -> None:
    await cluster
