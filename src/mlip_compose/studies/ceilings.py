"""Score a potential against its ceiling, from the predictions of both."""

from __future__ import annotations

from dataclasses import replace

from mlip_compose.evaluation.ceiling import CeilingHeader, CeilingScore, ceiling_score
from mlip_compose.predictions.file import Predictions
from mlip_compose.store.reader import Store
from mlip_compose.studies.plan import Target
from mlip_compose.studies.scoring import comparisons


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
