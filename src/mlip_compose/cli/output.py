"""What commands print: JSON or tables on stdout; messages and progress on stderr."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mlip_compose.core.errors import RequestError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, Task

    from mlip_compose.core.records import Failure

REFUSED: Final = 2
SOME_FAILED: Final = 1

LOG_EVERY: Final = 60.0  # s
SPEED_OVER: Final = 3600.0
"""Seconds over which speed is measured: one molecule or one training can take minutes."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else on stdout.")]
Level = Annotated[int, typer.Option("--level", "-l", help="Level: coverage radius 1, 2 or 3.")]
Dataset = Annotated[
    str, typer.Option("--dataset", "-d", help="A frozen data set, or the path of a store.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of frames and of the training.")]
AllowMissing = Annotated[
    bool, typer.Option("--allow-missing", help="Run although the data lacks molecules of the task.")
]
Molecules = Annotated[
    str | None, typer.Option("--molecules", "-m", help="Only these: names, separated by commas.")
]


def names_in(text: str) -> tuple[str, ...]:
    """Split names that are separated by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def settings_in(pairs: list[str]) -> dict[str, Any]:
    """Read key=value pairs; values are YAML, so numbers, true and null are what they look like."""
    from mlip_compose.core.documents import parse_yaml

    settings: dict[str, Any] = {}
    for pair in pairs:
        key, separator, text = pair.partition("=")
        if not (key.isidentifier() and separator):
            raise RequestError("--set key=value", repr(pair))
        try:
            settings[key] = parse_yaml(text)
        except ValueError:
            settings[key] = text
        if isinstance(settings[key], str):  # YAML does not take 1e-8 for a number
            try:
                settings[key] = float(text)
            except ValueError:
                settings[key] = text
    return settings


def stdout() -> Console:
    """Return the console for results."""
    from rich.console import Console

    return Console(highlight=False)


def stderr() -> Console:
    """Return the console for messages and progress."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def print_json(document: Any) -> None:
    """Print a document as JSON on stdout."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def print_table(title: str, columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    """Print a table on stdout; cells are shown as they are, without markup."""
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console = stdout()
    console.print(Text(title, style="bold"))
    console.print(table)


def refuse(error: RequestError) -> int:
    """Print why a request cannot be served, and return the exit status."""
    from rich.text import Text

    text = Text("Error: ", style="bold red")
    text.append(str(error), style="default not bold")
    stderr().print(text, soft_wrap=True)
    return REFUSED


def warn_of(problems: Iterable[str]) -> None:
    """Say on stderr which plugins cannot be used; what is listed is not touched by them."""
    for problem in problems:
        stderr().print(f"Warning: {problem}", style="yellow", markup=False, soft_wrap=True)


def unit_watch(bars: Progress, title: str) -> Callable[[str, float, Failure | None], None]:
    """Return what shows units of work as they end, and why one failed, on one more bar."""
    bar = bars.add_task(title, total=1.0)

    def watch(unit: str, fraction: float, failure: Failure | None) -> None:
        bars.update(bar, completed=fraction, description=f"{title}: {unit}")
        if failure is not None:
            bars.console.print(f"failed: {failure}", style="red", markup=False)

    return watch


def _line(task: Task) -> str:
    left = task.time_remaining
    rest = "" if left is None else f", about {timedelta(seconds=round(left))} left"
    done = timedelta(seconds=round(task.elapsed or 0))
    return f"{task.description.strip()}: {task.percentage:.0f} % after {done}{rest}"


def progress_bars() -> Progress:
    """Return progress bars on stderr with an estimate of the time left.

    Where stderr is no terminal, such as the log of a batch job, a line a minute takes their place.
    """
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    class Bars(Progress):
        logged = time.monotonic()

        def update(self, *args: Any, **fields: Any) -> None:
            super().update(*args, **fields)
            now = time.monotonic()
            if not self.console.is_terminal and now - self.logged > LOG_EVERY:
                self.logged = now
                for task in self.tasks:
                    if task.visible and task.completed and not task.finished:
                        self.console.print(_line(task), soft_wrap=True, markup=False)

    return Bars(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=stderr(),
        speed_estimate_period=SPEED_OVER,
    )
