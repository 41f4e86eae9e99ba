"""Targets: splits of a data set with their frames, which are predicted and scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlip_compose.core.errors import CoverageError
from mlip_compose.core.records import (
    PRIMARY,
    SECONDARY,
    FrameSelection,
    IntArray,
    Split,
    SplitKey,
    TrainingSet,
)
from mlip_compose.store.reader import Store
from mlip_compose.tasks.certificate import certify
from mlip_compose.tasks.certificate_schema import Certificate
from mlip_compose.tasks.rules import get_task
from mlip_compose.tasks.selection import select_frames


@dataclass(frozen=True, eq=False)
class Target:
    """A split with its frames, on which a training is evaluated.

    Attributes
    ----------
    id
        Name of the predictions and of the score.
    split
        Names of the molecules that are trained on (``train``) and tested on (``ood``).
    seed
        Seed of the selection of frames.
    selection
        Indices of the frames that play each part, by molecule.
    relax
        Whether the potential is to relax the minima of the molecules too.
    ceiling_of
        Id of the target that a ceiling is held against, that of the ordinary training; empty where
        this is no ceiling. A ceiling has the selection of ``tasks.ceiling.ceiling_selection``.
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
        The store lacks molecules of the task, and ``allow_missing`` is false.
    """
    split = get_task(task).split(store.molecules.values(), level)
    if split.missing and not allow_missing:
        names = ", ".join(split.missing[:8]) + (", ..." if len(split.missing) > 8 else "")
        raise CoverageError(
            f"every molecule of the task {task!r} at level {level} in {store.name}",
            f"{len(split.missing)} missing: {names}",
            "Add --allow-missing (in a study, allow_missing: true) to run on what is there.",
        )
    return split


def target_of(
    store: Store, key: SplitKey, train_frames: int | None, allow_missing: bool, relax: bool = False
) -> Target:
    """Return a split with its frames: those that a training of this budget and seed sees.

    Parameters
    ----------
    store
        The data set.
    key
        Task, level and seed.
    train_frames
        Number of training frames, such as 400; None takes all.
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
    """Return the fields of a :class:`~mlip_compose.core.rows.Row` about the split and the data."""
    return {
        "task": key.task,
        "level": key.level,
        "seed": key.seed,
        "dataset": store.name,
        "dataset_sha256": store.checksum,
        "reference": store.reference,
    }


def split_dataset(
    dataset: Store,
    task: str,
    level: int = 2,
    train_frames: int | None = 400,
    seed: int = 0,
    *,
    allow_missing: bool = False,
    relax: bool = False,
) -> Target:
    """Split a data set by a task, and choose the frames that play each part.

    The same arguments give the same frames, on any machine; a study chooses as this function does.

    Parameters
    ----------
    dataset
        Data set whose molecules are split.
    task
        Name of a task, such as ``length``, or path of a task file, such as ``rings.yaml``.
    level
        Level of the task, 1, 2 or 3.
    train_frames
        Training frames in all, over all molecules; None takes all that the data set has.
    seed
        Seed that the training frames are chosen with.
    allow_missing
        Whether a data set may lack molecules of the task.
    relax
        Whether a potential that is asked for predictions relaxes the minima of the molecules too.

    Returns
    -------
    Target
        The molecules (``split.train``, ``split.ood``) and the indices of their frames
        (``selection.train``, ``.validation``, ``.id`` and ``.ood``, by molecule).

    Raises
    ------
    UnknownNameError, RequestError
        No such task or level.
    CoverageError
        The data set lacks molecules or frames.

    Examples
    --------
    >>> import mlip_compose as mc
    >>> dataset = mc.open_dataset("mini-v1")
    >>> target = mc.split_dataset(dataset, "length", level=1, train_frames=100)
    >>> target.split.ood[:3]
    ('H-7-H', 'H-8-H', 'H-9-H')
    >>> target.n_train
    100
    """
    key = SplitKey(get_task(task).name, level, seed)
    return target_of(dataset, key, train_frames, allow_missing, relax)


def certify_target(dataset: Store, target: Target) -> Certificate:
    """Certify a split and its frames: how feasible the task is, and that nothing leaks.

    Parameters
    ----------
    dataset
        Data set that was split.
    target
        The split with its frames.

    Returns
    -------
    Certificate
        The coverage radius r* (in bonds), the coverage and the divergence by radius, numbers of
        frames and elements, and leaks, of which there are none in a sound split.

    Examples
    --------
    >>> import mlip_compose as mc
    >>> dataset = mc.open_dataset("mini-v1")
    >>> target = mc.split_dataset(dataset, "length", level=1)
    >>> certificate = mc.certify_target(dataset, target)
    >>> certificate.coverage_radius, certificate.leaks
    (1, ())
    """
    return certify(target.split, dataset.molecules.values(), target.selection, dataset.frames)


def training_set(
    dataset: Store,
    train: Mapping[str, IntArray],
    validation: Mapping[str, IntArray],
    held_out: str = SECONDARY,
) -> TrainingSet:
    """Read the frames that a potential may see, and no others.

    Parameters
    ----------
    dataset
        Data set that the frames are read from.
    train, validation
        Indices of frames in the primary trajectory and in ``held_out``, by molecule.
    held_out
        Trajectory of the validation frames (``FrameSelection.held_out``).
    """
    names = {*train, *validation}
    return TrainingSet(
        molecules={name: dataset.molecules[name] for name in sorted(names)},
        train=tuple(dataset.frames(name, PRIMARY, indices) for name, indices in train.items()),
        validation=tuple(
            dataset.frames(name, held_out, indices) for name, indices in validation.items()
        ),
    )
