"""Predictions against labels: a score, or a score against a ceiling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from mlip_compose.core.errors import ChecksumError, CoverageError, SchemaError
from mlip_compose.core.records import (
    MINIMUM,
    PRIMARY,
    RELAXED,
    Comparison,
    FrameSelection,
    IntArray,
    Molecule,
    PredictedFrames,
)
from mlip_compose.core.rows import PredictedRow, Row
from mlip_compose.evaluation.ceiling import CeilingHeader, CeilingScore, ceiling_score
from mlip_compose.evaluation.reactions import Minimum
from mlip_compose.evaluation.results import Score
from mlip_compose.evaluation.score import Header, score
from mlip_compose.predictions.file import Predictions
from mlip_compose.predictions.relaxing import relaxed_rmsd
from mlip_compose.predictions.target import Target, certify_target, target_of, tested_on
from mlip_compose.store.reader import Store
from mlip_compose.tasks.coverage import environments_of, seen_radii, unseen_atoms
from mlip_compose.tasks.environments import MAX_RADIUS
from mlip_compose.tasks.matching import matching_weights


def score_predictions(
    predictions: Predictions,
    dataset: Store,
    target: Target | None = None,
    coverage_radius: int | None = None,
) -> Score:
    """Score predictions on one split.

    Parameters
    ----------
    predictions
        Predictions of at least the ID and OOD frames; offsets take the training frames too.
    dataset
        The data set with the labels; its checksum must be the one that was predicted.
    target
        The split and its frames. None takes the split that the predictions name.
    coverage_radius
        r* of the split, in bonds. None computes the split's certificate.

    Returns
    -------
    Score
        Every metric for ID and OOD with unit, aggregation and the 95 % interval of a bootstrap over
        molecules, the errors on each molecule, and where the errors are.

    Raises
    ------
    ChecksumError
        The predictions are of another data set.
    CoverageError
        Frames of the split were not predicted; the message names them.

    Examples
    --------
    >>> import mlip_compose as mc
    >>> dataset = mc.open_dataset("mini-v1")
    >>> target = mc.split_dataset(dataset, "length", level=1, train_frames=60)
    >>> potential = mc.fit_potential("composition", dataset, target)
    >>> predictions = mc.predict_target(potential, dataset, target)
    >>> score = mc.score_predictions(predictions, dataset, target)
    >>> mae = score.metric("forces_mae")
    >>> mae.unit, mae.ood.low < mae.ood.value < mae.ood.high
    ('meV/Å', True)
    """
    row = predictions.header
    if row.dataset_sha256 != dataset.checksum:
        raise ChecksumError(
            f"predictions of {dataset.name} (sha256 {dataset.checksum[:12]}...)",
            f"predictions of {row.dataset} (sha256 {row.dataset_sha256[:12]}...)",
            "Predict the frames of this data set, or name the other one with --dataset.",
        )
    if target is None:
        target = target_of(dataset, row.key, row.train_frames, allow_missing=False)
    if coverage_radius is None:
        coverage_radius = certify_target(dataset, target).coverage_radius
    header = Header(
        **row.shared_with(PredictedRow) | tested_on(dataset, target.key),
        coverage_radius=coverage_radius,
        relaxed_rmsd={
            name: distance
            for (name, trajectory), frames in sorted(predictions.frames.items())
            if trajectory == RELAXED and (distance := relaxed_rmsd(frames, dataset)) is not None
        },
    )
    seen = [dataset.molecules[name] for name in target.selection.train]
    return score(
        header,
        list(
            comparisons(
                predictions,
                dataset,
                target.selection,
                seen,
                coverage_radius,
                with_radii=target.split.is_of_file,
            )
        ),
        train=target.selection.train,
        ood=target.selection.ood,
        minima=_minima(predictions, dataset, target),
    )


def comparisons(
    predictions: Predictions,
    store: Store,
    selection: FrameSelection,
    seen: Sequence[Molecule],
    coverage_radius: int,
    with_radii: bool = False,
) -> Iterator[Comparison]:
    """Yield reference and prediction for each molecule and part of a selection but ``validation``.

    The part ``train`` is left out where no molecule has predictions of its training frames:
    predictions of others may lack them.

    Parameters
    ----------
    predictions, store
        Predictions, and the data set with the labels.
    selection
        Frames to compare.
    seen
        Molecules that the split trains on: an atom of the part ``ood`` is novel where none of them
        has its environment.
    coverage_radius
        r* of the split, in bonds.
    with_radii
        Whether the seen radius of each OOD atom is found.

    Raises
    ------
    CoverageError
        Frames of the selection were not predicted; the message names them.
    """
    unused = {"validation"}
    if not any((name, PRIMARY) in predictions.frames for name in selection.train):
        unused.add("train")
    environments = environments_of(seen, coverage_radius + 1)
    id_frames, ood_frames = (
        [(store.molecules[name], len(indices)) for name, indices in frames.items()]
        for frames in (selection.id, selection.ood)
    )
    weights = matching_weights(id_frames, ood_frames, coverage_radius)
    shown = [environments_of(seen, r) for r in range(MAX_RADIUS + 1)] if with_radii else []
    for part, name, trajectory, indices in selection.wanted():
        if part in unused:
            continue
        molecule = store.molecules[name]
        reference = store.frames(name, trajectory, indices)
        predicted = predicted_frames(predictions, molecule, trajectory, indices)
        novel = np.zeros(molecule.n_atoms, dtype=bool)
        if part == "ood":
            novel = unseen_atoms(molecule, environments, coverage_radius + 1)
        yield Comparison(
            molecule=molecule,
            part=part,
            reference_energy=reference.energy,
            predicted_energy=predicted.energy,
            reference_forces=reference.forces,
            predicted_forces=predicted.forces,
            novel=novel,
            matching=weights.get(name) if part == "id" else None,
            seen_radius=seen_radii(molecule, shown) if shown and part == "ood" else None,
        )


def predicted_frames(
    predictions: Predictions, molecule: Molecule, trajectory: str, indices: IntArray
) -> PredictedFrames:
    """Return the predictions of these frames alone, matched by their index.

    Raises
    ------
    CoverageError
        Some frames were not predicted; the message names them.
    SchemaError
        The predictions are of another number of atoms.
    """
    name = molecule.name
    frames = predictions.frames.get((name, trajectory))
    rows = {} if frames is None else {int(frame): row for row, frame in enumerate(frames.indices)}
    absent = [int(frame) for frame in indices if int(frame) not in rows]
    if frames is None or absent:
        numbers = ", ".join(map(str, absent[:10])) + (", ..." if len(absent) > 10 else "")
        raise CoverageError(
            f"predictions of {len(indices)} frames of {name}/{trajectory}",
            f"none of frames {numbers}",
            "Predict the frames of this task and level.",
        )
    if frames.forces.shape[1] != molecule.n_atoms:
        raise SchemaError(
            f"forces on the {molecule.n_atoms} atoms of {name} in {name}/{trajectory}",
            f"those on {frames.forces.shape[1]}",
        )
    order = np.array([rows[int(frame)] for frame in indices], dtype=np.int64)
    return PredictedFrames(name, trajectory, indices, frames.energy[order], frames.forces[order])


def _minima(predictions: Predictions, store: Store, target: Target) -> dict[str, Minimum]:
    minima = {}
    for name in (*target.selection.train, *target.selection.ood):
        predicted = predictions.frames.get((name, MINIMUM))
        if predicted is not None and store.has_minimum(name):
            relaxed = predictions.frames.get((name, RELAXED))
            minima[name] = Minimum(
                molecule=store.molecules[name],
                reference=float(store.minimum(name).energy[0]),
                predicted=float(predicted.energy[0]),
                relaxed=None if relaxed is None else float(relaxed.energy[0]),
            )
    return minima


def score_against_ceiling(
    predictions: Predictions,
    ceiling_predictions: Predictions,
    store: Store,
    ordinary: Target,
    ceiling: Target,
    coverage_radius: int,
) -> CeilingScore:
    """Score a potential against its ceiling on the frames that the ceiling is tested on.

    Parameters
    ----------
    predictions, ceiling_predictions
        Predictions of the ordinary potential and of its ceiling: the training frames of each, and
        the test frames of the ceiling.
    store
        The data set with the labels.
    ordinary, ceiling
        Targets of the two.
    coverage_radius
        r* of the ordinary split, in bonds.

    Raises
    ------
    CoverageError
        Frames were not predicted; the message names them.
    """
    train = ceiling.selection.train
    header = CeilingHeader(
        **predictions.header.shared_with(Row) | tested_on(store, ordinary.key),
        coverage_radius=coverage_radius,
        ood_train_frames=sum(len(train[name]) for name in ceiling.selection.ood),
    )
    tested = replace(ordinary.selection, validation={}, id={}, ood=ceiling.selection.ood)
    seen = [store.molecules[name] for name in ordinary.selection.train]
    return ceiling_score(
        header,
        list(comparisons(predictions, store, tested, seen, coverage_radius)),
        list(comparisons(ceiling_predictions, store, ceiling.selection, seen, coverage_radius)),
    )
