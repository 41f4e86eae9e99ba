"""A split of a data set with its frames: what is predicted and scored."""

from __future__ import annotations

from dataclasses import dataclass

from mlip_compose.core.errors import CoverageError
from mlip_compose.core.records import FrameSelection, Split
from mlip_compose.store.reader import Store
from mlip_compose.tasks.certificate import certify
from mlip_compose.tasks.certificate_schema import Certificate
from mlip_compose.tasks.rules import get_task
from mlip_compose.tasks.selection import select_frames


@dataclass(frozen=True, eq=False)
class Target:
    """A split at one level, with its frames: what a training is evaluated on.

    Attributes
    ----------
    id
        Of the predictions and the score.
    relax
        Whether the potential is to relax the minima of the molecules too.
    ceiling_of
        Of a ceiling: the id of the target of the ordinary training that it is held against; its
        selection is then that of :func:`mlip_compose.tasks.ceiling.ceiling_selection`.
    """

    id: str
    split: Split
    selection: FrameSelection
    ceiling_of: str = ""
    relax: bool = False

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
    store: Store,
    task: str,
    level: int,
    train_frames: int,
    seed: int,
    allow_missing: bool,
    relax: bool = False,
) -> Target:
    """Return the split of a task and its frames, as a training of this budget and seed saw them.

    Raises
    ------
    UnknownNameError, RequestError
        No such task or level.
    CoverageError
        The store lacks molecules or frames.
    """
    split = split_of(task, level, store, allow_missing)
    selection = select_frames(split, store.n_frames, train_frames, seed)
    return Target(f"{task}_L{level}_s{seed}", split, selection, relax=relax)


def certified(store: Store, target: Target) -> Certificate:
    """Return the certificate of a target's split and frames."""
    return certify(target.split, store.molecules.values(), target.selection, store.frames)
