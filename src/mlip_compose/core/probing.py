"""Frames that are tried first: what fails on all of them alike ends a command before its work.

A frame that fails is data, and the others go on. A calculator that has no forces, or that wants a
cell, fails on every frame for one reason, and hours of work would give a file without a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from mlip_compose.core.errors import FailedThroughoutError
from mlip_compose.core.numerical_forces import ARGUMENT

TRIALS: Final = 10
"""Number of frames that are tried at most; one, where the first does not fail. Where every second
frame fails, all ten do once in a thousand times."""

_DETAILS: Final = re.compile(r"\S*[/\\]\S*|[-+.\d]+")  # of one frame: paths and numbers
_NOT_THERE: Final = "NotImplemented"  # of Python's NotImplementedError and of ASE's for a property


def common_reason(reasons: Iterable[str]) -> str:
    """Return why some frames fail, where all do and alike; else an empty text.

    Parameters
    ----------
    reasons
        The reason of each frame; empty of a frame that does not fail, and nothing is asked after
        it. Reasons that differ in numbers and paths are alike.
    """
    asked: list[str] = []
    for reason in reasons:
        if not reason:
            return ""
        asked.append(reason)
    return asked[0] if len({_DETAILS.sub("", reason) for reason in asked}) == 1 else ""


def failed_throughout(name: str, reason: str) -> FailedThroughoutError:
    """Return the error of what fails on every frame, with what to do where that is known.

    Parameters
    ----------
    name
        The calculator, reference or potential.
    reason
        The reason, as :func:`common_reason` gives it.
    """
    hint = (
        f"If it computes energies alone, --set {ARGUMENT}=true takes its forces from them, at the "
        "cost of 6 energies for each atom."
        if _NOT_THERE in reason
        else ""
    )
    return FailedThroughoutError(
        f"a frame on which {name} does not fail", f"the same on every frame: {reason}", hint
    )
