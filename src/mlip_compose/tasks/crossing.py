"""The task ``crossing``: known end groups on known chains, in combinations not seen."""

from typing import Final

from mlip_compose.molecules.assembly import monofunctional
from mlip_compose.tasks.base import LONG, Rule, Task

HALF_A: Final = frozenset({"H", "OH", "SH", "CHO", "CONH2"})
"""Families trained on short chains; the other families, half B, are trained on long ones."""


class Crossing(Task):
    """One half of the families is trained on short chains, the other on long ones, and they swap.

    Levels share their training molecules. They differ in the short molecules of half B that are
    tested on: in the middle of a chain of n = 2r or 2r + 1 carbons, an environment of radius r ends
    before it has both the end group and the methyl end in it, and one of radius r + 1 does not.
    """

    name = "crossing"
    tradition = "systematicity"
    summary = (
        "train on half A (H, OH, SH, CHO, CONH2) with n <= 6 and half B (NH2, F, Cl, COOH, CN) "
        "with n >= 7, test on half A with n >= 7 and half B with n = 2r, 2r + 1 (up to 6)"
    )

    def rule(self, level: int) -> Rule:
        """Return the molecules that the task asks for at ``level``."""
        series = monofunctional()
        short_b = {n for n in (2 * level, 2 * level + 1) if n < LONG}
        return Rule(
            train=tuple(p for p in series if (p.chain < LONG) == (p.left in HALF_A)),
            ood=tuple(
                p for p in series if (p.chain >= LONG if p.left in HALF_A else p.chain in short_b)
            ),
        )
