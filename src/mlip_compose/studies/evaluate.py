"""Evaluation outside a study: the frames that a trained potential is tested on."""

from __future__ import annotations

from mlip_compose.core.errors import RequestError
from mlip_compose.potentials.registry import load_potential
from mlip_compose.predictions.file import Predictions
from mlip_compose.store.reader import Store
from mlip_compose.studies.plan import Target, split_of
from mlip_compose.studies.prediction import predict_selection
from mlip_compose.studies.training import TrainedUnit
from mlip_compose.tasks.certificate import certify
from mlip_compose.tasks.certificate_schema import Certificate
from mlip_compose.tasks.selection import select_frames


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


def predict_unit(unit: TrainedUnit, store: Store, target: Target) -> Predictions:
    """Predict a target with a potential that was trained on exactly its training frames.

    One that was trained elsewhere, and on no frame of this data, predicts any target.

    Raises
    ------
    RequestError
        The potential was trained on other frames: some of those it would be tested on may be among
        them. Or its training failed, so that there is no potential.
    """
    if unit.facts.status == "failed":
        raise RequestError("a trained potential", f"a training that failed: {unit.facts.reason}")
    if unit.facts.level_of_theory:
        return predict_selection(load_potential(unit.model), unit.facts, store, target)
    if not target.split.trains:
        raise RequestError(
            f"a potential that was trained elsewhere, for {target.split.task!r}",
            f"{unit.facts.id}, trained on frames of {unit.facts.task!r}",
            "Name the task that it was trained on.",
        )
    trained = {name: list(frames) for name, frames in unit.identity["train"].items()}
    wanted = {name: frames.tolist() for name, frames in target.selection.train.items()}
    if unit.identity["dataset_sha256"] != store.checksum or trained != wanted:
        raise RequestError(
            f"a potential trained on the training frames of {target.split.task!r}, level "
            f"{target.level}, in {store.name}",
            f"{unit.facts.id}, trained on other frames",
            "Its test frames could be among those; name the task and data set it was trained on.",
        )
    return predict_selection(load_potential(unit.model), unit.facts, store, target)
