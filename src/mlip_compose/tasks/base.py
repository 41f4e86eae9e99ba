"""Tasks: rules that, at a level, split molecules into training and OOD."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar, Final, NamedTuple

from mlip_compose.core.errors import CoverageError, RequestError
from mlip_compose.core.records import HeldOutFrames, Molecule, Parts, Split
from mlip_compose.tasks.families import Families

LEVELS: Final = (1, 2, 3)
STANDARD_LEVEL: Final = 2
"""Level of a task with one level."""
LONG: Final = 7
"""Length of the shortest long chain: ``length`` and ``transfer`` test on n = 7 and more."""


class Rule(NamedTuple):
    """The molecules that a task asks for at one level."""

    train: tuple[Parts, ...]
    ood: tuple[Parts, ...]


class Task(ABC):
    """A rule that splits molecules into those trained on and those tested on (OOD).

    Rules are about the series of a data set, whatever they are (:class:`Families`). The data sets
    of the benchmark have ten families with n = 1..12, and 45 pairs of groups with n = 2, 4, 6.

    Attributes
    ----------
    name
        Name of the task in commands and studies, such as ``length``.
    tradition
        The kind of compositional split that the task follows.
    summary
        The rule in one sentence; r is the level.
    levels
        The levels there are. Level r has the coverage radius r, or its certificate says why not.
    trains
        Whether there is something to train on; a task without is for potentials that were trained
        elsewhere.
    frames
        Where validation and the ID test come from (see :class:`mlip_compose.tasks.files.TaskFile`).
    has_one_split
        Whether the levels of a study mean nothing to the task: it is split in one way.
    digest
        Hash of a task of a file; empty for tasks of packages, which have a version.
    """

    name: ClassVar[str]
    tradition: ClassVar[str]
    summary: ClassVar[str]
    levels: ClassVar[tuple[int, ...]] = LEVELS
    trains: ClassVar[bool] = True
    frames: ClassVar[HeldOutFrames] = "secondary"
    digest: str = ""
    has_one_split: bool = False

    @abstractmethod
    def rule(self, families: Families, level: int) -> Rule:
        """Return the molecules that the task asks for at ``level``, one of ``levels``.

        Parameters
        ----------
        families
            The series of the data set.
        level
            One of ``levels``.
        """

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
            left out, as are those in no series.
        level
            One of ``levels``.

        Returns
        -------
        Split
            Names in the order of the rule. ``missing`` has the molecules that the rule asks for
            and ``molecules`` lacks, training molecules first.

        Raises
        ------
        RequestError
            The task has no such level.
        """
        self.check_level(level)
        every = tuple(molecules)
        available = {molecule.name for molecule in every}
        rule = self.rule(Families.among(every), level)
        train, ood = (tuple(parts.name for parts in side) for side in rule)
        return Split(
            task=self.name,
            level=level,
            train=tuple(name for name in train if name in available),
            ood=tuple(name for name in ood if name in available),
            missing=tuple(name for name in train + ood if name not in available),
            frames=self.frames,
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
