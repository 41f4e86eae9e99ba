"""Tasks: rules that, at a level, split molecules into training and OOD."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar, Final, NamedTuple

from mlip_compose.core.errors import CoverageError, RequestError
from mlip_compose.core.records import Molecule, Parts, Split

LEVELS: Final = (1, 2, 3)
LONG: Final = 7
"""Length of the shortest long chain: ``length`` and ``transfer`` test on n = 7..12."""


class Rule(NamedTuple):
    """The molecules that a task asks for at one level, each tuple in the order of the full set."""

    train: tuple[Parts, ...]
    ood: tuple[Parts, ...]


class Task(ABC):
    """A rule that splits molecules into those trained on and those tested on (OOD).

    Rules are about the full set of molecules alone (``molecules.assembly.full``): the
    mono-functional series n = 1..12 without methane, and the bifunctional molecules n = 2, 4, 6.
    Any other molecule of a data set (n = 13, bifunctional n = 3, methane) is not used, so that a
    task means the same on every data set that has the molecules it asks for.

    Attributes
    ----------
    name
        Name of the task in commands and studies, such as ``length``.
    tradition
        The kind of compositional split that the task follows.
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
            *most, last = map(str, self.levels)
            levels = f"{', '.join(most)} or {last}" if most else last
            raise RequestError(f"a level of the task {self.name!r}: {levels}", repr(level))

    def split(self, molecules: Iterable[Molecule], level: int) -> Split:
        """Split molecules.

        Parameters
        ----------
        molecules
            The molecules of a data set, in any order. Molecules that the rule does not ask for are
            left out.
        level
            One of ``levels``.

        Returns
        -------
        Split
            Names in the order of the full set. ``missing`` has the molecules that the rule asks for
            and ``molecules`` lacks, training molecules first.

        Raises
        ------
        RequestError
            The task has no such level.
        """
        self.check_level(level)
        available = {molecule.name for molecule in molecules}
        train, ood = (tuple(parts.name for parts in side) for side in self.rule(level))
        return Split(
            task=self.name,
            level=level,
            train=tuple(name for name in train if name in available),
            ood=tuple(name for name in ood if name in available),
            missing=tuple(name for name in train + ood if name not in available),
        )


def check_not_empty(split: Split) -> None:
    """Raise ``CoverageError`` where a split has no molecule to train on, or none to test on.

    A task that trains on nothing needs molecules to test on only.
    """
    for names, purpose in ((split.train, "train on"), (split.ood, "test on")):
        if not names and (split.trains or purpose == "test on"):
            raise CoverageError(
                f"a molecule to {purpose} in {split.task!r} at level {split.level}",
                "none",
                f"The data lacks {len(split.missing)} molecules of this task.",
            )
