"""What commands print: JSON or tables on stdout, messages on stderr; and how they end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console, RenderableType

    from mlip_compose.core.errors import RequestError

SOME_FAILED: Final = 1
REFUSED: Final = 2


class Table(NamedTuple):
    """A table for people; cells are printed as they are, without markup."""

    title: str
    columns: tuple[str, ...]
    rows: Iterable[tuple[object, ...]]


def facts(title: str, values: Iterable[tuple[object, ...]]) -> Table:
    """Return a table of names and values, such as those of a document's ``items()``."""
    return Table(title, ("", "value"), values)


def show(as_json: bool, document: Any, *text: Table | RenderableType) -> None:
    """Print the result of a command on stdout.

    Parameters
    ----------
    as_json
        Whether ``--json`` was given: the document alone is printed.
    document
        The result for a program: a model, or what JSON can hold.
    text
        The result for a person: tables, and lines of text, in the order of reading.
    """
    from pydantic import BaseModel
    from rich.text import Text

    if as_json:
        if isinstance(document, BaseModel):
            document = document.model_dump(mode="json")
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    for part in text:
        if isinstance(part, Table):
            _print_table(part)
        else:  # rich takes [brackets] in a str for markup
            _stdout().print(Text(part) if isinstance(part, str) else part)


def _print_table(table: Table) -> None:
    from rich.table import Table as Drawing
    from rich.text import Text

    drawing = Drawing()
    for column in table.columns:
        drawing.add_column(Text(column), overflow="fold")
    for row in table.rows:
        drawing.add_row(*(Text(str(cell)) for cell in row))
    _stdout().print(Text(table.title, style="bold"))
    _stdout().print(drawing)


def note(message: str, style: str = "") -> None:
    """Print a message on stderr, on one line however long it is."""
    stderr().print(message, style=style, markup=False, soft_wrap=True)


def warn(problems: Iterable[str]) -> None:
    """Print warnings on stderr, such as of plugins that cannot be used."""
    for problem in problems:
        note(f"Warning: {problem}", "yellow")


def end(failures: object) -> None:
    """End the command with status 1 where anything failed, such as a unit of a list."""
    if failures:
        raise typer.Exit(SOME_FAILED)


def refuse(error: RequestError) -> int:
    """Print why a request cannot be served, and return the exit status."""
    from rich.text import Text

    from mlip_compose.core.errors import FailedThroughoutError

    text = Text("Error: ", style="bold red")
    text.append(str(error), style="default not bold")
    stderr().print(text, soft_wrap=True)
    return SOME_FAILED if isinstance(error, FailedThroughoutError) else REFUSED


def _stdout() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def stderr() -> Console:
    """Return the console for messages and progress."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)
