"""Options for the place where units of work are done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlip_compose.engine.engine import DaskEngine

Processes = Annotated[
    int | None,
    typer.Option(
        "--processes", "-j", min=1, help="Processes on this machine. Default: one for each core."
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler", help="Address of a Dask scheduler that runs, such as tcp://10.0.0.1:8786."
    ),
]
Cluster = Annotated[
    Path | None,
    typer.Option(
        "--cluster", help="YAML file that describes jobs of a batch system, such as SLURM."
    ),
]

KeepScratch = Annotated[
    bool,
    typer.Option(
        "--keep-scratch",
        help="Keep the temporary working directory of what fails, and say on stderr where it is.",
    ),
]


def engine_of(
    processes: int | None,
    scheduler: str | None,
    cluster: Path | None,
    shared: Path,
    keep_scratch: bool,
) -> DaskEngine:
    """Return the engine that the options ask for.

    Parameters
    ----------
    processes, scheduler, cluster
        Values of the options; None where an option is not given.
    shared
        Directory of the results; workers see it, too.
    keep_scratch
        Whether scratch directories of units that fail are kept.

    Raises
    ------
    RequestError
        The options name two places, or the cluster file cannot be used.
    """
    from mlip_compose.core.host import available_cores
    from mlip_compose.engine.choice import cluster_engine, local_engine, scheduler_engine

    one_place({"--processes": processes, "--scheduler": scheduler, "--cluster": cluster})
    if scheduler is not None:
        return scheduler_engine(scheduler, shared, keep_scratch)
    if cluster is not None:
        return cluster_engine(cluster, shared, keep_scratch)
    return local_engine(processes or available_cores(), keep_scratch)


def one_place(options: Mapping[str, object]) -> None:
    """Refuse two options that each name a place for the work; None is an option not given.

    Raises
    ------
    RequestError
        Two options are given; the message names them.
    """
    from mlip_compose.core.errors import RequestError

    names = [option for option, value in options.items() if value is not None]
    if len(names) > 1:
        raise RequestError("one place to do the work", " and ".join(names), "Leave out one.")
