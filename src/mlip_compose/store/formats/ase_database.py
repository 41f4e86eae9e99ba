"""ASE databases, read as they are: nothing in them or beside them is written, no view is run."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ase.db.sqlite import SQLite3Database

from mlip_compose.core.errors import UnreadableError


def rows(path: Path) -> Iterator[Any]:
    """Yield the rows of a database, as ASE's ``AtomsRow``.

    Raises
    ------
    UnreadableError
        Another program is writing it.
    OSError, sqlite3.Error, and what else ASE raises
        It is damaged, or no database of ASE.
    """
    journal = path.with_name(f"{path.name}-wal")
    if journal.is_file() and journal.stat().st_size:
        raise UnreadableError(
            f"a database that is closed in {path}",
            f"{journal.name}, with frames that are not in it yet",
            "Close the program that writes it.",
        )
    yield from _ReadOnly(str(path), create_indices=False, use_lock_file=False).select()


class _ReadOnly(SQLite3Database):
    def _connect(self) -> sqlite3.Connection:
        # ASE would make its tables in a database that has none, SQLite a journal beside it
        address = f"file:{quote(str(self.filename))}?mode=ro&immutable=1"
        connection = sqlite3.connect(address, uri=True, timeout=20)
        connection.set_authorizer(_authorise)
        return connection


def _authorise(
    action: int, first: str | None, second: str | None, base: str | None, view: str | None
) -> int:
    """Deny what a view or a recursive query does, which need not come to an end."""
    if action == sqlite3.SQLITE_RECURSIVE or view is not None:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK
