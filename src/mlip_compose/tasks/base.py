"""What a task is: a rule that, at a level, splits molecules into training and OOD."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar, Final, NamedTuple

from mlip_compose.core.errors import CoverageError, RequestError
from mlip_compose.core.records import Molecule, Parts, Split

LEVELS: Final = (1, 2, 3)
LONG: Final = 7
"""The shortest chain that counts as long: ``length`` and ``transfer`` test on n = 7..12."""


class Rule(NamedTuple):
    """The molecules that a task asks for at one level, each tuple in the order of the full set."""

    train: tuple[Parts, ...]
    ood: tuple[Parts, ...]


class Task(ABC):
    """A rule that splits molecules into those trained on and those tested on (OOD).

    Rules speak about the full set of molecules alone (``molecules.series.full``): the
    mono-functional series n = 1..12 without methane, and the bifunctional molecules n = 2, 4, 6.
    Any other molecule of a data set (n = 13, bifunctional n = 3, methane) is not used, so that a
    task means the same on every data set that has the molecules it asks for.

    Attributes
    ----------
    name
        The name by which commands and studies call the task.
    tradition
        The kind of compositional split that it takes over.
    summary
        The rule in one sentence; r is the level.
    levels
        The levels there are. On the full set, level r has the coverage radius r.
    trains
        Whether there is something to train on; a task without is for potentials that were trained
        elsewhere.
    """

    name: ClassVar[str]
    tradition: ClassVar[str]
    summary: ClassVar[str]
    levels: ClassVar[tuple[int, ...]] = LEVELS
    trains: ClassVar[bool] = True

    @abstractmethod
    def rule(self, level: int) -> Rule:
        """Return the molecules that the task asks for at ``level``, one of ``levels``."""

    def check_level(self, level: int) -> None:
        """Raise ``RequestError`` where the task has no such level."""
        if isinstance(level, bool) or level not in self.levels:
            *some, last = map(str, self.levels)
            known = f"{', '.join(some)} or {last}" if some else last
            raise RequestError(f"a level of the task {self.name!r}: {known}", repr(level))

    def split(self, molecules: Iterable[Molecule], level: int) -> Split:
        """Split the molecules at hand.

        Parameters
        ----------
        molecules
            What there is, in any order. Molecules that the rule does not ask for are left out.
        level
            One of ``levels``.

        Returns
        -------
        Split
            Names in the order of the full set. ``missing`` names what the rule asks for, training
            molecules first, and ``molecules`` lacks.

        Raises
        ------
        RequestError
            There is no such level.
        """
        self.check_level(level)
        there = {molecule.name for molecule in molecules}
        train, ood = (tuple(parts.name for parts in wanted) for wanted in self.rule(level))
        return Split(
            task=self.name,
            level=level,
            train=tuple(name for name in train if name in there),
            ood=tuple(name for name in ood if name in there),
            missing=tuple(name for name in train + ood if name not in there),
        )


def check_not_empty(split: Split) -> None:
    """Raise ``CoverageError`` where a split has no molecule to train on, or none to test on.

    Of a task that trains on nothing only the test is asked for.
    """
    for names, purpose in ((split.train, "train on"), (split.ood, "test on")):
        if not names and (split.trains or purpose == "test on"):
            raise CoverageError(
                f"a molecule to {purpose} in {split.task!r} at level {split.level}",
                "none",
                f"The data lacks {len(split.missing)} molecules of this task.",
            )
