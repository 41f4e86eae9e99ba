"""The task ``recombination``: two known end groups on one molecule."""

from mlip_compose.molecules.assembly import bifunctional, monofunctional
from mlip_compose.tasks.base import Rule, Task


class Recombination(Task):
    """Molecules with one end group are trained on, molecules with two are tested on.

    Levels share their training molecules. The shorter the chain between the two end groups, the
    sooner an environment reaches both.
    """

    name = "recombination"
    tradition = "CFQ recombination"
    summary = (
        "train on every mono-functional molecule, test on every bifunctional X-(CH2)n-Y with n = 2r"
    )

    def rule(self, level: int) -> Rule:
        """Return the molecules that the task asks for at ``level``."""
        return Rule(
            train=monofunctional(),
            ood=tuple(parts for parts in bifunctional() if parts.chain == 2 * level),
        )
