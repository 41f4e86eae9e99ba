"""Options that say where units of work are done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlip_compose.engine.engine import DaskEngine

Processes = Annotated[
    int | None,
    typer.Option("--processes", "-j", min=1, help="On this machine. Default: one for each core."),
]
Scheduler = Annotated[
    str | None,
    typer.Option("--scheduler", help="Use the Dask scheduler that runs at this tcp:// address."),
]
Cluster = Annotated[
    Path | None,
    typer.Option("--cluster", help="Ask a batch system for workers, as this YAML file says."),
]


def engine_of(
    processes: int | None, scheduler: str | None, cluster: Path | None, shared: Path
) -> DaskEngine:
    """Return the engine that the options ask for; ``shared`` is where results go.

    Raises
    ------
    RequestError
        Two places at once, or a cluster file that cannot be used.
    """
    from mlip_compose.core.host import available_cores
    from mlip_compose.engine.choice import cluster_engine, local_engine, scheduler_engine

    one_place({"--processes": processes, "--scheduler": scheduler, "--cluster": cluster})
    if scheduler is not None:
        return scheduler_engine(scheduler, shared)
    if cluster is not None:
        return cluster_engine(cluster, shared)
    return local_engine(processes or available_cores())


def one_place(options: Mapping[str, object]) -> None:
    """Refuse two options that each say where the work is done; None is one that was not given.

    Raises
    ------
    RequestError
        Names them.
    """
    from mlip_compose.core.errors import RequestError

    named = [option for option, value in options.items() if value is not None]
    if len(named) > 1:
        raise RequestError("one place to do the work", " and ".join(named), "Leave out one.")
