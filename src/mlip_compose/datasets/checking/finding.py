"""Checks: what they see of a store, their results, and the words of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from mlip_compose.core.records import Frames, Molecule


@dataclass(frozen=True)
class CheckResult:
    """The result of one check; its fields are keys of ``data check --json``.

    Attributes
    ----------
    name
        Name of the check.
    passed
        None where the check does not apply or could not be made; ``found`` then has the reason.
    found
        The measurement, its extent, and its worst place, in one line.
    details
        The same as numbers and names.
    """

    name: str
    passed: bool | None
    found: str
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """One word for ``passed``: ``ok``, ``FAILED`` or ``skipped``."""
        return {True: "ok", False: "FAILED", None: "skipped"}[self.passed]


@dataclass(frozen=True, eq=False)
class Material:
    """A molecule of a store with its frames, except those whose numbers are not finite.

    ``minimum`` is None where the store has none, or one that is not finite.
    """

    molecule: Molecule
    trajectories: tuple[Frames, ...]
    minimum: Frames | None


class Check(Protocol):
    """A check that sees one molecule at a time and keeps only what its result needs."""

    name: str

    def see(self, material: Material) -> None:
        """Take in one molecule."""
        ...

    def result(self) -> CheckResult:
        """Return the result over all molecules that the check has seen."""
        ...


def is_finite(frames: Frames) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return for each frame whether positions, energy and forces are all finite, (F,) bool."""
    finite = np.isfinite(frames.positions).all(axis=(1, 2)) & np.isfinite(frames.energy)
    return np.asarray(finite & np.isfinite(frames.forces).all(axis=(1, 2)))


def place(frames: Frames, row: int | np.integer) -> str:
    """Name a frame, such as ``OH-2-H/primary frame 7``."""
    return f"{frames.molecule}/{frames.trajectory} frame {int(frames.indices[row])}"


def counted(number: int, noun: str) -> str:
    """Write a number with its noun, such as ``7,625 frames``."""
    if number != 1:
        noun = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun}"


def first_of(places: list[str], most: int = 3) -> str:
    """Write the first of several places, and the number of the others."""
    rest = f" and {len(places) - most} more" if len(places) > most else ""
    return ", ".join(places[:most]) + rest
