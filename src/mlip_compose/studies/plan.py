"""From a study and a data set to units of work: what is trained once, and what that serves."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mlip_compose import __version__
from mlip_compose.core.documents import canonical_json
from mlip_compose.core.records import FrameSelection, IntArray
from mlip_compose.potentials.entry import Entry
from mlip_compose.predictions.target import Target, split_of
from mlip_compose.store.reader import Store
from mlip_compose.studies.study import Study
from mlip_compose.tasks.ceiling import ceiling_selection
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
    for task, level, seed, entries in study.splits():
        split = split_of(task, level, store, study.allow_missing)
        selection = select_frames(split, store.n_frames, study.train_frames, seed)
        for entry in entries:
            training = training_of(store, task, entry, seed, selection)
            slug = _slug(training, f"L{level}") + ("_relaxed" if study.relax_minima else "")
            target = Target(slug, split, selection, relax=study.relax_minima)
            _add(trainings, training, target)
            if (
                study.has_ceiling(entry, level) and not entry.is_zero_shot
            ):  # that would be the same potential
                included = ceiling_selection(split, selection, store.n_frames, seed)
                training = training_of(store, task, entry, seed, included, ceiling=True)
                slug = _slug(training, f"L{level}")
                _add(trainings, training, Target(slug, split, included, ceiling_of=target.id))
    return tuple(trainings.values())


def _add(trainings: dict[str, Training], training: Training, target: Target) -> None:
    known = trainings.get(training.id, training)
    trainings[training.id] = replace(known, targets=(*known.targets, target))


def training_of(
    store: Store,
    task: str,
    entry: Entry,
    seed: int,
    selection: FrameSelection,
    ceiling: bool = False,
) -> Training:
    """Return the training of one potential on the training frames of a selection."""
    identity: dict[str, Any] = {
        "program": __version__,
        "dataset_sha256": store.checksum,
        "task": task,
        "potential": entry.potential,
        "label": entry.shown,
        "settings": entry.resolved().model_dump(mode="json"),
        "seed": seed,
        "train": {name: indices.tolist() for name, indices in selection.train.items()},
        "validation": {name: indices.tolist() for name, indices in selection.validation.items()},
    }
    if ceiling:
        identity["ceiling"] = True
    digest = hashlib.sha256(canonical_json(identity).encode()).hexdigest()[:10]
    label = re.sub(r"[^A-Za-z0-9.+-]+", "-", entry.shown)
    return Training(
        id=f"{task}_{label}_s{seed}_{'ceiling_' if ceiling else ''}{digest}",
        identity=identity,
        task=task,
        entry=entry,
        seed=seed,
        train=selection.train,
        validation=selection.validation,
        ceiling=ceiling,
    )


def _slug(training: Training, level: str) -> str:
    task, rest = training.id.split("_", 1)
    return f"{task}_{level}_{rest}"
