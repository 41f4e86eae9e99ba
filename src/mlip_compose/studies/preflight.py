"""Before any work: whether potentials that were made elsewhere can be had where it is done."""

from __future__ import annotations

from collections.abc import Iterable

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import Failure
from mlip_compose.engine.engine import Runs
from mlip_compose.potentials.entry import Entry


def check_there(entries: Iterable[Entry], engine: Runs) -> None:
    """Ask each kind, once for each of its settings, whether it can be served by the workers.

    That may load a model, so it is a unit of work.

    Raises
    ------
    RequestError
        What it needs is not there; says what.
    """
    asked = {
        (entry.potential, entry.resolved().model_dump_json()): entry
        for entry in entries
        if entry.kind.check is not None
    }
    for entry, outcome in engine.run(_check, tuple(asked.values())):
        if isinstance(outcome, Failure):
            raise RequestError(f"a worker in which {entry.shown} can be made", outcome.reason)


def _check(entry: Entry) -> None:
    if entry.kind.check is not None:
        entry.kind.check(entry.resolved())
