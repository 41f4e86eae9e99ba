"""From a study and a data set to its trainings, each with the splits that it predicts."""

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
from mlip_compose.tasks.rules import ALL_TASKS, get_task
from mlip_compose.tasks.selection import select_frames


@dataclass(frozen=True, eq=False)
class Training:
    """One potential trained on one set of frames; levels that train on the same frames share it.

    Attributes
    ----------
    identity
        Everything that the result depends on.
    digest
        Hash of ``identity``, a part of each id.
    task, entry, seed
        The task, the potential, and the seed of its frames and initial parameters.
    train, validation
        Indices of the frames, by molecule.
    targets
        The splits that the potential predicts, one a level.
    ceiling
        Whether the OOD molecules are among those trained on.
    """

    identity: Mapping[str, Any]
    digest: str
    task: str
    entry: Entry
    seed: int
    train: Mapping[str, IntArray]
    validation: Mapping[str, IntArray]
    targets: tuple[Target, ...] = field(default=())
    ceiling: bool = False

    @property
    def id(self) -> str:
        """Name of the training and of its directory: ``length_mace-small_s0_3215933645``."""
        return f"{self.task}_{slug(self.entry.shown)}_s{self.seed}_{self._end}"

    def target_id(self, level: int) -> str:
        """Return the name of what follows from the training at one level.

        ``length_L2_mace-small_s0_3215933645``, of predictions and of a score.
        """
        key = SplitKey(self.task, level, self.seed)
        return f"{key.file_name(self.entry.shown)}_{self._end}"

    @property
    def _end(self) -> str:
        return f"{'ceiling_' if self.ceiling else ''}{self.digest}"

    def __str__(self) -> str:
        return self.id

    @property
    def levels(self) -> tuple[int, ...]:
        """Levels of the targets."""
        return tuple(target.level for target in self.targets)

    @property
    def held_out(self) -> str:
        """Trajectory of the validation frames."""
        return self.targets[0].selection.held_out

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
            name = training.target_id(key.level) + ("_relaxed" if study.relax_minima else "")
            target = Target(name, split, key.seed, selection, relax=study.relax_minima)
            _add(trainings, training, target)
            # a potential that is not trained here is its own ceiling
            if study.has_ceiling(entry, key.level) and not entry.is_zero_shot:
                included = ceiling_selection(split, selection, store.n_frames, key.seed)
                training = training_of(store, key, entry, included, ceiling=True)
                name = training.target_id(key.level)
                ceiling = Target(name, split, key.seed, included, ceiling_of=target.id)
                _add(trainings, training, ceiling)
    return tuple(trainings.values())


def _add(trainings: dict[str, Training], training: Training, target: Target) -> None:
    training = trainings.get(training.id, training)
    trainings[training.id] = replace(training, targets=(*training.targets, target))


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
    if digest := get_task(key.task).digest:
        identity["task_file"] = digest
    if ceiling:
        identity["ceiling"] = True
    return Training(
        identity=identity,
        digest=hashlib.sha256(canonical_json(identity).encode()).hexdigest()[:10],
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
