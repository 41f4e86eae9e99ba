"""From a study and a data set to units of work: what is trained once, and what that serves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mlip_compose import __version__
from mlip_compose.core.documents import canonical_json
from mlip_compose.core.files import slug
from mlip_compose.core.records import FrameSelection, IntArray, SplitKey
from mlip_compose.potentials.entry import Entry
from mlip_compose.potentials.registry import KINDS
from mlip_compose.predictions.target import Target, split_of
from mlip_compose.store.reader import Store
from mlip_compose.studies.study import Study
from mlip_compose.tasks.ceiling import ceiling_selection
from mlip_compose.tasks.rules import ALL_TASKS
from mlip_compose.tasks.selection import select_frames


@dataclass(frozen=True, eq=False)
class Training:
    """One potential trained on one set of frames; levels that train on the same frames share it.

    Attributes
    ----------
    id
        Readable, with a hash of everything that the result depends on; name of its directory.
    identity
        What is hashed.
    ceiling
        Whether the OOD molecules are among those trained on.
    """

    id: str
    identity: Mapping[str, Any]
    task: str
    entry: Entry
    seed: int
    train: Mapping[str, IntArray]
    validation: Mapping[str, IntArray]
    targets: tuple[Target, ...] = field(default=())
    ceiling: bool = False

    def __str__(self) -> str:
        return self.id

    @property
    def n_train(self) -> int:
        """Number of training frames."""
        return sum(len(indices) for indices in self.train.values())


def plan(study: Study, store: Store) -> tuple[Training, ...]:
    """Expand a study into trainings, each with the targets that it serves.

    Raises
    ------
    CoverageError
        The data set lacks molecules or frames.
    """
    trainings: dict[str, Training] = {}
    for key, entries in study.splits():
        split = split_of(key.task, key.level, store, study.allow_missing)
        selection = select_frames(split, store.n_frames, study.train_frames, key.seed)
        for entry in entries:
            training = training_of(store, key, entry, selection)
            name = _at_level(training, key) + ("_relaxed" if study.relax_minima else "")
            target = Target(name, split, key.seed, selection, relax=study.relax_minima)
            _add(trainings, training, target)
            if (
                study.has_ceiling(entry, key.level) and not entry.is_zero_shot
            ):  # that would be the same potential
                included = ceiling_selection(split, selection, store.n_frames, key.seed)
                training = training_of(store, key, entry, included, ceiling=True)
                name = _at_level(training, key)
                ceiling = Target(name, split, key.seed, included, ceiling_of=target.id)
                _add(trainings, training, ceiling)
    return tuple(trainings.values())


def _add(trainings: dict[str, Training], training: Training, target: Target) -> None:
    known = trainings.get(training.id, training)
    trainings[training.id] = replace(known, targets=(*known.targets, target))


def training_of(
    store: Store, key: SplitKey, entry: Entry, selection: FrameSelection, ceiling: bool = False
) -> Training:
    """Return the training of one potential on the training frames of a selection.

    The level of the split plays no part: levels with the same training frames have one training.
    """
    identity: dict[str, Any] = {
        "program": __version__,
        "dataset_sha256": store.checksum,
        "task": key.task,
        "potential": entry.potential,
        "label": entry.shown,
        "settings": entry.resolved().model_dump(mode="json"),
        "seed": key.seed,
        "train": {name: indices.tolist() for name, indices in selection.train.items()},
        "validation": {name: indices.tolist() for name, indices in selection.validation.items()},
    }
    if packages := packages_of([key.task], [entry]):
        identity["packages"] = packages
    if ceiling:
        identity["ceiling"] = True
    digest = hashlib.sha256(canonical_json(identity).encode()).hexdigest()[:10]
    return Training(
        id=f"{key.task}_{slug(entry.shown)}_s{key.seed}_{'ceiling_' if ceiling else ''}{digest}",
        identity=identity,
        task=key.task,
        entry=entry,
        seed=key.seed,
        train=selection.train,
        validation=selection.validation,
        ceiling=ceiling,
    )


def packages_of(tasks: Iterable[str], entries: Iterable[Entry]) -> dict[str, str]:
    """Return the versions of other packages that bring tasks or potentials, by package.

    They are part of a training's identity: results of two versions of a package never mix.
    """
    plugins = [
        *(ALL_TASKS.plugin(task) for task in tasks),
        *(KINDS.plugin(entry.potential) for entry in entries),
    ]
    return {plugin.package: plugin.version for plugin in plugins if plugin is not None}


def _at_level(training: Training, key: SplitKey) -> str:
    """Return the id of a training at one level: ``length_L2_...`` for ``length_...``."""
    return f"{key.task}_L{key.level}_{training.id.removeprefix(f'{key.task}_')}"
