"""What every place where units of work are done can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from mlip_compose.core.records import Failure

Item = TypeVar("Item")
Result = TypeVar("Result")


class Runs(Protocol):
    """Does independent units of work; see :meth:`mlip_compose.studies.engine.engine.Engine.run`."""

    def run(
        self,
        work: Callable[[Item], Result],
        items: Sequence[Item],
        tick: Callable[[], None] = ...,
        wants_gpu: Callable[[Item], bool] = ...,
    ) -> Iterator[tuple[Item, Result | Failure]]:
        """Yield each item with its result, or with the failure of the worker that did it."""
        ...
