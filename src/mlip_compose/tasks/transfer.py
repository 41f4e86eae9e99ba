"""The task ``transfer``: families seen only in their smallest molecules."""

from typing import Final

from mlip_compose.molecules.assembly import monofunctional
from mlip_compose.tasks.base import LONG, Rule, Task

HELD_OUT: Final = frozenset({"OH", "COOH", "CN"})
"""Families trained on short chains only."""


class Transfer(Task):
    """Long chains are learned from some families, and asked of those seen on short chains only."""

    name = "transfer"
    tradition = 'add-primitive ("jump")'
    summary = (
        "train on the other families at every n and on OH, COOH and CN with n <= 2r, "
        "test on OH, COOH and CN with n = 7..12"
    )

    def rule(self, level: int) -> Rule:
        """Return the molecules that the task asks for at ``level``."""
        series = monofunctional()
        return Rule(
            train=tuple(p for p in series if p.left not in HELD_OUT or p.chain <= 2 * level),
            ood=tuple(p for p in series if p.left in HELD_OUT and p.chain >= LONG),
        )
