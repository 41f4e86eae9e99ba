"""The five tasks, each a rule that splits molecules into training and OOD, and their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from mlip_compose.core.errors import RequestError, UnknownNameError
from mlip_compose.core.plugins import Registry
from mlip_compose.core.records import Molecule, Split
from mlip_compose.molecules.series import METHANE, series_order
from mlip_compose.tasks.base import LONG, Rule, Task
from mlip_compose.tasks.families import Families
from mlip_compose.tasks.files import SUFFIXES, FileTask, read_task


class Length(Task):
    """Every family is trained on short chains and tested on long ones."""

    name = "length"
    tradition = "productivity; SCAN length split"
    summary = "train on every family with n <= 2r, test on every family with n >= 7"

    def rule(self, families: Families, level: int) -> Rule:
        """Return the molecules that the task asks for at ``level``."""
        series = families.monofunctional
        return Rule(
            train=tuple(parts for parts in series if parts.chain <= 2 * level),
            ood=tuple(parts for parts in series if parts.chain >= LONG),
        )


class Crossing(Task):
    """One half of the families is trained on short chains, the other on long ones, and they swap.

    Half A is ``Families.first_half``. It is trained on short chains, half B on long ones.

    Levels share their training molecules. They differ in the short molecules of half B in the test:
    in the middle of a chain of n = 2r or 2r + 1 carbons, an environment of radius r does not reach
    both the end group and the methyl end, and an environment of radius r + 1 does.
    """

    name = "crossing"
    tradition = "systematicity"
    summary = (
        "train on half A (of the ten families H, OH, SH, CHO, CONH2) with n <= 6 and half B with "
        "n >= 7, test on half A with n >= 7 and half B with n = 2r, 2r + 1 (up to 6)"
    )

    def rule(self, families: Families, level: int) -> Rule:
        """Return the molecules that the task asks for at ``level``."""
        series, half_a = families.monofunctional, families.first_half
        short_b = {n for n in (2 * level, 2 * level + 1) if n < LONG}
        return Rule(
            train=tuple(p for p in series if (p.chain < LONG) == (p.left in half_a)),
            ood=tuple(
                p for p in series if (p.chain >= LONG if p.left in half_a else p.chain in short_b)
            ),
        )


class Transfer(Task):
    """Some families are trained on at every length, the others on short chains only.

    The others are ``Families.held_out``.
    """

    name = "transfer"
    tradition = 'add-primitive ("jump")'
    summary = (
        "train on most families at every n and on the held-out ones (of the ten OH, COOH, CN) with "
        "n <= 2r, test on the held-out ones with n >= 7"
    )

    def rule(self, families: Families, level: int) -> Rule:
        """Return the molecules that the task asks for at ``level``."""
        series, held_out = families.monofunctional, families.held_out
        return Rule(
            train=tuple(p for p in series if p.left not in held_out or p.chain <= 2 * level),
            ood=tuple(p for p in series if p.left in held_out and p.chain >= LONG),
        )


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

    def rule(self, families: Families, level: int) -> Rule:
        """Return the molecules that the task asks for at ``level``."""
        return Rule(train=families.monofunctional, ood=families.bifunctional(2 * level))


class Whole(Task):
    """Nothing is trained on, and every molecule of the data set is tested on.

    There is no ID part, and so no gap, and without training labels no per-element offset. Molecules
    in no series are tested, too. The level means nothing here; the standard level stands for all.
    """

    name = "whole"
    tradition = "zero-shot"
    summary = "train on nothing, test on every molecule of the data set"
    levels = (2,)
    trains = False

    def rule(self, families: Families, level: int) -> Rule:  # pragma: no cover - split needs none
        """Ask for no molecule: those of the data set are taken as they are."""
        return Rule((), ())

    def split(self, molecules: Iterable[Molecule], level: int) -> Split:
        """Take every molecule for the test: those of series in their order, then the others."""
        self.check_level(level)
        every = tuple(molecules)
        series = {m.name: m.parts for m in every if m.parts is not None and m.parts != METHANE}
        others = sorted(molecule.name for molecule in every if molecule.name not in series)
        names = (*sorted(series, key=lambda name: series_order(series[name])), *others)
        return Split(task=self.name, level=level, train=(), ood=names, trains=self.trains)


TASKS: Final[Mapping[str, Task]] = MappingProxyType(
    {task.name: task for task in (Length(), Crossing(), Transfer(), Recombination())}
)
"""The four tasks that train, in the order of reports."""

UNTRAINED: Final[Mapping[str, Task]] = MappingProxyType({task.name: task for task in (Whole(),)})
"""Tasks that train on nothing, for potentials that were trained elsewhere.

No study has such a task by default.
"""


def _fits(name: str, task: object) -> bool:
    return isinstance(task, Task) and task.name == name


ALL_TASKS: Final = Registry(
    "task",
    "mlip_compose.tasks",
    {**TASKS, **UNTRAINED},
    "an instance of Task of this name",
    _fits,
)
"""Every task by name, those of other packages included."""


FILE_TASKS: Final[dict[str, Task]] = {}
"""Tasks of files that this process has read, by name: of two files of one name, the later."""


def get_task(name: str) -> Task:
    """Return a task by its name, or by the path of its file.

    Parameters
    ----------
    name
        Name of a task: ``length``, ``crossing``, ``transfer``, ``recombination``, ``whole``, or one
        that another package adds; or a task file, such as ``rings.yaml``. The name of a file's task
        is known after the file was read.

    Returns
    -------
    Task
        ``summary`` says its rule, ``levels`` the levels that it has, and ``split(molecules,
        level)`` which molecules it trains on and tests on.

    Raises
    ------
    UnknownNameError
        No task has this name; the message offers the nearest.
    RequestError
        The file is no task file, or has the name of a task that is no file's.
    PluginError
        The task of another package cannot be used.

    Examples
    --------
    >>> import mlip_compose as mc
    >>> task = mc.get_task("length")
    >>> task.summary
    'train on every family with n <= 2r, test on every family with n >= 7'
    >>> dataset = mc.open_dataset("mini-v1")
    >>> split = task.split(dataset.molecules.values(), level=1)
    >>> len(split.train), len(split.ood)
    (19, 60)
    """
    if name in FILE_TASKS:
        return FILE_TASKS[name]
    if name.endswith(SUFFIXES):
        return remember(read_task(Path(name), TASKS))
    if name not in ALL_TASKS:
        raise UnknownNameError("task (or the path of a task file)", name, ALL_TASKS)
    return ALL_TASKS[name]


def remember(task: FileTask) -> Task:
    """Let a task of a file be found by its name, in this process.

    A file that was changed, or another one of this name, takes the place of the one before: in a
    notebook a task file is written and read again. What was trained on it is kept apart by
    ``digest``.

    Raises
    ------
    RequestError
        A task that is no file's has its name.
    """
    if task.name in ALL_TASKS:
        raise RequestError("a name that no other task has, in a task file", f"name: {task.name}")
    FILE_TASKS[task.name] = task
    return task
