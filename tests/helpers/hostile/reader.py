"""What reads hostile files, and the place where it does."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


class Arena(NamedTuple):
    """The place of one case: ``inside`` has the input, ``out`` is the working directory.

    ``outside`` is a file that a hostile file may lead to; only ``out`` may be written.
    """

    root: Path
    inside: Path
    out: Path
    outside: Path


@dataclass(frozen=True)
class Reader:
    """Something that reads files.

    Attributes
    ----------
    make
        ``make(rng, arena)`` writes a hostile input and returns what ``read`` is given.
    read
        Reads it; RequestError refuses, a return accepts, anything else is a bug. A reader checks
        itself that what it accepted is valid, and raises AssertionError if not.
    slow
        The reader needs torch, whose import takes longer than all its cases.
    """

    make: Callable[..., Any]
    read: Callable[..., Any]
    slow: bool = False
