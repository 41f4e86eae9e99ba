"""Data sets that are made part by part, by work that goes on where it stopped.

Each finished part is a file in ``<out>.parts``, such as ``data/core-v1.h5.parts``. The parts become
the data set when all are there, and are removed then. A process that is killed leaves what it
finished, and the next one makes what is missing.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol, TypeVar

from mlip_compose.core.errors import DataError
from mlip_compose.core.files import refuse_existing, set_aside, write_text, writing
from mlip_compose.core.records import Failure
from mlip_compose.engine.engine import WORKER, Engine, workers_died
from mlip_compose.engine.locks import CLAIM, LOCK, held
from mlip_compose.store.reader import Store

WHOLE: Final = "finished.h5"
CHECKSUM: Final = "finished.sha256"
DAMAGED: Final = "damaged"

PartListener = Callable[[str, float, "Failure | None"], None]
"""Hears of each part that ends: its name, the share of the work that is done, and its failure.

It hears of the share that was done before, under the name ``""``, first of all.
"""


class PartJob(Protocol):
    """A unit of work that makes one part; its ``str`` is the name of the part for people."""

    @property
    def part(self) -> Path:
        """The file of the part; it appears whole."""
        ...

    @property
    def cost(self) -> float:
        """Estimate of the work, in one unit for all parts."""
        ...


Job = TypeVar("Job", bound=PartJob)


def parts_of(out: Path) -> Path:
    """Return the directory of the parts of a data set: ``x.h5.parts`` for ``x.h5``."""
    return out.absolute().with_name(f"{out.name}.parts")


@contextmanager
def resumable_parts(out: Path) -> Iterator[Path]:
    """Hold the directory of the parts of a data set that is to be made; yield the directory.

    Raises
    ------
    RequestError
        ``out`` exists already, or another process makes it.
    UnwritableError
        The directory cannot be written.
    """
    refuse_existing(out)
    parts = parts_of(out)
    with held(parts):
        yield parts


def make_missing(
    jobs: Sequence[Job],
    work: Callable[[Job], Failure | None],
    read: Callable[[Path], object],
    engine: Engine,
    listener: PartListener,
) -> list[Failure]:
    """Make the parts that are not there yet, those of most work first.

    A part that is damaged is set aside until the data set is whole, and made anew.

    Parameters
    ----------
    jobs
        The jobs of all parts.
    work
        Makes the part of a job, or returns why it cannot. A function of a module, which worker
        processes import.
    read
        Reads the file of a part to its end; raises ``DataError`` where the file is damaged.
    engine
        Where parts are made.
    listener
        Hears of progress.

    Returns
    -------
    list of Failure
        What ``work`` returned, in the order in which parts ended.

    Raises
    ------
    RequestError
        A worker process died. Parts that are finished are kept.
    """
    missing = sorted((job for job in jobs if not _is_there(job.part, read)), key=lambda j: -j.cost)
    total, rest = sum(job.cost for job in jobs), sum(job.cost for job in missing)
    listener("", 1 - rest / total, None)
    failures: list[Failure] = []
    lost: list[Failure] = []
    for job, failure in engine.run(work, missing):
        rest -= job.cost
        if failure is not None:
            (lost if failure.stage == WORKER else failures).append(failure)
        listener(str(job), 1 - rest / total, failure)
    if lost:
        raise workers_died(f"{len(lost)} parts of the data set that are not made: {lost[0]}")
    return failures


def _is_there(part: Path, read: Callable[[Path], object]) -> bool:
    """Return whether a part was made before; set it aside where it is damaged."""
    if not part.exists():
        return False
    try:
        read(part)
    except DataError as error:
        set_aside(part, part.parent / DAMAGED, error.found)
        return False
    return True


def finish(out: Path, write: Callable[[Path], str]) -> str:
    """Write a data set from its parts, remove the parts, and return the data set's checksum.

    The checksum is written beside the parts before the data set appears under its name, so that
    ``finished_before`` knows the data set where this process is killed in between.

    Parameters
    ----------
    out
        The HDF5 file.
    write
        Writes the data set to a path and returns its checksum.
    """
    parts = parts_of(out)
    checksum = write(parts / WHOLE)
    write_text(parts / CHECKSUM, checksum)
    with writing(out):
        (parts / WHOLE).replace(out)
    _remove(parts)
    return checksum


def finished_before(out: Path) -> Store | None:
    """Return a data set that is whole, and whose process was killed before it removed all parts.

    The rest of the parts is removed now. None where ``out`` is not there, or is another file.
    """
    parts = parts_of(out)
    if not (out.is_file() and parts.is_dir()):
        return None
    with held(parts):
        names = {path.name for path in parts.iterdir()} - {LOCK, CLAIM}
        try:
            store = Store(out)
            checksum = (parts / CHECKSUM).read_text("utf-8") if CHECKSUM in names else ""
        except DataError:
            return None
        # an empty directory is what a kill leaves between the last two steps of _remove
        if names and checksum != store.checksum:
            return None
        _remove(parts)
    return store


def _remove(parts: Path) -> None:
    """Remove the directory of the parts; the checksum, which says that it may go, goes last."""
    for path in parts.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
    shutil.rmtree(parts)
