"""Before any work: whether potentials that were made elsewhere can be had here."""

from __future__ import annotations

from collections.abc import Iterable

from mlip_compose.errors import RequestError
from mlip_compose.records import Failure
from mlip_compose.studies.pool import run_units
from mlip_compose.studies.study import Entry


def check_here(entries: Iterable[Entry]) -> None:
    """Ask each kind, once for each of its settings, whether it can be served on this machine.

    That may load a model, so it is done in a process of its own.

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
    for entry, outcome in run_units(_check, tuple(asked.values()), 1):
        if isinstance(outcome, Failure):
            raise RequestError(f"a process in which {entry.shown} can be made", outcome.reason)


def _check(entry: Entry) -> None:
    if entry.kind.check is not None:
        entry.kind.check(entry.resolved())
