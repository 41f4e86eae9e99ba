"""The task ``length``: from short chains to long ones."""

from mlip_compose.molecules.assembly import monofunctional
from mlip_compose.tasks.base import LONG, Rule, Task


class Length(Task):
    """Every family is trained on short chains and tested on long ones."""

    name = "length"
    tradition = "productivity; SCAN length split"
    summary = "train on every family with n <= 2r, test on every family with n = 7..12"

    def rule(self, level: int) -> Rule:
        """Return the molecules that the task asks for at ``level``."""
        series = monofunctional()
        return Rule(
            train=tuple(parts for parts in series if parts.chain <= 2 * level),
            ood=tuple(parts for parts in series if parts.chain >= LONG),
        )
