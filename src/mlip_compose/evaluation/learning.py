"""Whether a training had levelled off when it ended, from its validation errors by gradient step.

The best validation error of the last quarter of the steps is set against the best one before. A
learning rate that falls to zero flattens any curve: that a curve is level does not say that a
longer training, with a schedule of its own, would end no lower.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mlip_compose.core.documents import Strict

LAST: Final = 0.25
"""Fraction of the steps that is set against the steps before."""

LEVEL: Final = 0.05
"""A curve is level if the last part lowered the error by no more than this fraction."""


class Levelling(Strict):
    """How much the last part of a training still lowered its validation error.

    ``training`` is the id of the unit of work, ``steps`` the gradient step of the last validation,
    ``best`` the smallest validation error (force MAE, meV/Angstrom). ``lowered`` is the fraction by
    which the best error of the last quarter of the steps is below the best one before; 0 where it
    is not.
    """

    training: str
    steps: int
    best: float
    lowered: float
    levelled: bool


def levelling(training: str, curve: Sequence[Mapping[str, Any]]) -> Levelling | None:
    """Return the verdict on one training, or None where it has too few validations.

    Parameters
    ----------
    training
        Id of the unit of work.
    curve
        Validations in order, each with its ``step`` and ``forces_mae`` in meV/Angstrom.
    """
    points = [
        (int(point["step"]), float(point["forces_mae"]))
        for point in curve
        if math.isfinite(point["forces_mae"]) and point["forces_mae"] > 0
    ]
    if not points:
        return None
    steps = max(step for step, _ in points)
    early = [error for step, error in points if step <= (1.0 - LAST) * steps]
    late = [error for step, error in points if step > (1.0 - LAST) * steps]
    if not early:
        return None
    lowered = max(0.0, 1.0 - min(late) / min(early))
    return Levelling(
        training=training,
        steps=steps,
        best=min(*early, *late),
        lowered=round(lowered, 4),
        levelled=lowered <= LEVEL,
    )


def levellings(curves: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[Levelling, ...]:
    """Return the verdicts of all trainings that have one; their curves by id."""
    verdicts = (levelling(training, curve) for training, curve in sorted(curves.items()))
    return tuple(verdict for verdict in verdicts if verdict is not None)
