"""The task ``whole``: every molecule is a test, for potentials that were trained elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

from mlip_compose.core.records import Molecule, Split
from mlip_compose.molecules.assembly import bifunctional, monofunctional
from mlip_compose.tasks.base import Rule, Task


class Whole(Task):
    """Nothing is trained on, and every molecule of the data set is tested on.

    There is no ID part, and so no gap, and without training labels no per-element offset. Unlike
    those of other tasks the rule speaks of whatever molecules there are, and never misses any. A
    level means nothing here; the standard one stands for all.
    """

    name = "whole"
    tradition = "zero-shot"
    summary = "train on nothing, test on every molecule of the data set"
    levels = (2,)

    def rule(self, level: int) -> Rule:
        """Return the full set as what is tested on."""
        return Rule(train=(), ood=(*monofunctional(), *bifunctional()))

    def split(self, molecules: Iterable[Molecule], level: int) -> Split:
        """Take every molecule for the test: in the order of the full set, others after it."""
        self.check_level(level)
        place = {parts: index for index, parts in enumerate(self.rule(level).ood)}
        ordered = sorted(
            molecules, key=lambda molecule: (place.get(molecule.parts, len(place)), molecule.parts)
        )
        names = tuple(molecule.name for molecule in ordered)
        return Split(task=self.name, level=level, train=(), ood=names, trains=False)
