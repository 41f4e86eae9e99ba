"""Score potentials against their ceilings, from the prediction files of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mlip_compose.evaluation.ceiling import CeilingHeader, CeilingScore, ceiling_score
from mlip_compose.files import write_text
from mlip_compose.store.predictions import Predictions
from mlip_compose.store.reader import Store
from mlip_compose.studies.damage import predicted
from mlip_compose.studies.directory import ResultsDirectory, read_kept
from mlip_compose.studies.plan import Target
from mlip_compose.studies.scoring import comparisons


def score_ceilings(
    pairs: Sequence[tuple[Target, Target, int]],
    store: Store,
    directory: ResultsDirectory,
) -> tuple[tuple[CeilingScore, ...], int]:
    """Score what is missing, and return all scores and how many were missing.

    Parameters
    ----------
    pairs
        Targets of an ordinary training and of its ceiling, both predicted, and r* of the split.
    store, directory
        The data set, and where predictions are and scores go.
    """
    scores, missing = [], 0
    for ordinary, ceiling, radius in pairs:
        path = directory.ceiling(ceiling.id)
        score = read_kept(path, CeilingScore, directory)
        if score is None:
            first = predicted(directory, ordinary.id)
            second = predicted(directory, ceiling.id)
            score = score_against_ceiling(first, second, store, ordinary, ceiling, radius)
            write_text(path, score.model_dump_json(indent=1) + "\n")
            missing += 1
        scores.append(score)
    return tuple(scores), missing


def score_against_ceiling(
    predictions: Predictions,
    of_ceiling: Predictions,
    store: Store,
    ordinary: Target,
    ceiling: Target,
    coverage_radius: int,
) -> CeilingScore:
    """Score a potential against its ceiling on the frames that the ceiling is tested on.

    Parameters
    ----------
    predictions, of_ceiling
        Of the ordinary potential and of its ceiling: the training frames of each, and the test
        frames of the ceiling.
    store
        The data set with the labels.
    ordinary, ceiling
        What each was trained on and is tested on.
    coverage_radius
        r* of the ordinary split.

    Raises
    ------
    CoverageError
        Frames were not predicted; says which.
    """
    made_for = predictions.header
    train = ceiling.selection.train
    header = CeilingHeader(
        task=ordinary.split.task,
        level=ordinary.level,
        coverage_radius=coverage_radius,
        potential=made_for.potential,
        role=made_for.role,
        seed=made_for.seed,
        dataset=store.name,
        dataset_sha256=store.checksum,
        reference=store.reference,
        train_frames=made_for.train_frames,
        ood_train_frames=sum(len(train[name]) for name in ceiling.selection.ood),
    )
    tested = replace(ordinary.selection, validation={}, id={}, ood=ceiling.selection.ood)
    seen = [store.molecules[name] for name in ordinary.selection.train]
    return ceiling_score(
        header,
        list(comparisons(predictions, store, tested, seen, coverage_radius)),
        list(comparisons(of_ceiling, store, ceiling.selection, seen, coverage_radius)),
    )
