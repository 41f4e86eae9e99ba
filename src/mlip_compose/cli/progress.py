"""Progress on stderr: bars on a terminal, lines in the log of a batch job."""

from __future__ import annotations

import math
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from mlip_compose.cli.output import stderr

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress, Task

    from mlip_compose.core.records import Failure

LOG_EVERY: Final = 60.0
"""Seconds between two lines where stderr is no terminal."""
COUNT_EVERY: Final = 0.1
"""Seconds between two counts of frames that are shown."""
SPEED_OVER: Final = 3600.0
"""Seconds over which speed is measured: one molecule or one training can take minutes."""


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


def _line(task: Task) -> str:
    remaining = task.time_remaining
    rest = "" if remaining is None else f", about {timedelta(seconds=round(remaining))} left"
    done = timedelta(seconds=round(task.elapsed or 0))
    return f"{task.description.strip()}: {task.percentage:.0f} % after {done}{rest}"


def unit_bar(bars: Progress, title: str) -> Callable[[str, float, Failure | None], None]:
    """Return the listener that shows units of work on one bar as they end, and why one failed."""
    bar = bars.add_task(title, total=1.0)

    def update(unit: str, fraction: float, failure: Failure | None) -> None:
        bars.update(bar, completed=fraction, description=f"{title}: {unit}")
        if failure is not None:
            bars.console.print(f"failed: {failure}", style="red", markup=False)

    return update


def count_bar(bars: Progress, title: str) -> Callable[[str, int], None]:
    """Return the listener that counts frames, which may come faster than a bar is drawn."""
    bar = bars.add_task(title, total=None)
    drawn = -math.inf

    def update(file: str, frames: int) -> None:
        nonlocal drawn
        if (now := time.monotonic()) - drawn > COUNT_EVERY:
            drawn = now
            bars.update(bar, description=f"{title} {file}: {frames:,} frames")

    return update


def share_bar(bars: Progress, title: str) -> Callable[[str, float], None]:
    """Return the listener that shows the share that is done, and the step under way."""
    bar = bars.add_task(title, total=1.0)

    def update(step: str, share: float) -> None:
        bars.update(bar, completed=share, description=f"{title} {step}".rstrip())

    return update
