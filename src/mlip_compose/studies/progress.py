"""Progress of a run, as a listener is told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


def _say_nothing(*_: object) -> None:
    pass


@dataclass(frozen=True)
class Listener:
    """Is told of the progress of a run: functions, each called when something happens.

    Attributes
    ----------
    stage
        Called when a stage begins, with its name and its number of units: ``("score", 12)``.
    unit
        Called when a unit ended, with its id and the reason of a failure, or an empty text.
    training
        Called now and then during a training, with its id, the fraction done and a message.
    note
        Called with a line for people, such as whether the labels of the data set are proved.
    """

    stage: Callable[[str, int], None] = _say_nothing
    unit: Callable[[str, str], None] = _say_nothing
    training: Callable[[str, float, str], None] = _say_nothing
    note: Callable[[str], None] = _say_nothing


SILENT: Final = Listener()
"""A listener that does nothing."""
