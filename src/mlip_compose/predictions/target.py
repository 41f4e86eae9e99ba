"""A split of a data set with its frames: what is predicted and scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlip_compose.core.errors import CoverageError
from mlip_compose.core.records import FrameSelection, Split, SplitKey
from mlip_compose.store.reader import Store
from mlip_compose.tasks.certificate import certify
from mlip_compose.tasks.certificate_schema import Certificate
from mlip_compose.tasks.rules import get_task
from mlip_compose.tasks.selection import select_frames


@dataclass(frozen=True, eq=False)
class Target:
    """A split with its frames: what a training is evaluated on.

    Attributes
    ----------
    id
        Name of the predictions and of the score.
    split
        Molecules of the split.
    seed
        Seed of the selection of frames.
    selection
        Frames of the split.
    relax
        Whether the potential is to relax the minima of the molecules too.
    ceiling_of
        Of a ceiling: the id of the target of the ordinary training that it is held against; its
        selection is then that of :func:`mlip_compose.tasks.ceiling.ceiling_selection`.
    """

    id: str
    split: Split
    seed: int
    selection: FrameSelection
    ceiling_of: str = ""
    relax: bool = False

    @property
    def key(self) -> SplitKey:
        """Task, level and seed."""
        return SplitKey(self.split.task, self.split.level, self.seed)

    @property
    def n_train(self) -> int:
        """Number of training frames."""
        return sum(len(indices) for indices in self.selection.train.values())

    @property
    def level(self) -> int:
        """Level of the task."""
        return self.split.level


def split_of(task: str, level: int, store: Store, allow_missing: bool) -> Split:
    """Split a store's molecules by a task.

    Raises
    ------
    CoverageError
        The store lacks molecules of the task, and that was not allowed.
    """
    split = get_task(task).split(store.molecules.values(), level)
    if split.missing and not allow_missing:
        shown = ", ".join(split.missing[:8]) + (", ..." if len(split.missing) > 8 else "")
        raise CoverageError(
            f"every molecule of the task {task!r} at level {level} in {store.name}",
            f"{len(split.missing)} missing: {shown}",
            "Add --allow-missing (in a study, allow_missing: true) to run on what is there.",
        )
    return split


def target_of(
    store: Store, key: SplitKey, train_frames: int, allow_missing: bool, relax: bool = False
) -> Target:
    """Return a split with its frames: those that a training of this budget and seed sees.

    Parameters
    ----------
    store
        The data set.
    key
        Task, level and seed.
    train_frames
        Number of training frames, such as 400.
    allow_missing
        Whether the data set may lack molecules of the task.
    relax
        Whether the potential is to relax the minima of the molecules too.

    Raises
    ------
    UnknownNameError, RequestError
        No such task or level.
    CoverageError
        The store lacks molecules or frames.
    """
    split = split_of(key.task, key.level, store, allow_missing)
    selection = select_frames(split, store.n_frames, train_frames, key.seed)
    return Target(str(key), split, key.seed, selection, relax=relax)


def tested_on(store: Store, key: SplitKey) -> dict[str, Any]:
    """Return the fields of a :class:`~mlip_compose.core.rows.Row` that say what it is tested on."""
    return {
        "task": key.task,
        "level": key.level,
        "seed": key.seed,
        "dataset": store.name,
        "dataset_sha256": store.checksum,
        "reference": store.reference,
    }


def certified(store: Store, target: Target) -> Certificate:
    """Return the certificate of a target's split and frames."""
    return certify(target.split, store.molecules.values(), target.selection, store.frames)
