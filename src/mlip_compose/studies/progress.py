"""Who is told of the progress of a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Watch:
    """Who is told of a run's progress; each field is called with what happened.

    Attributes
    ----------
    stage
        A stage begins: its name, and how many units it has.
    unit
        A unit ended: its id, and a failure if any.
    training
        A training under way: its id, the fraction done and a message.
    """

    stage: Callable[[str, int], None]
    unit: Callable[[str, str], None]
    training: Callable[[str, float, str], None]
