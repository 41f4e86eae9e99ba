"""Two potentials on the same resampled molecules, from their score files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Final, Literal

import numpy as np

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import TEST_PARTS, TestPart
from mlip_compose.evaluation.bootstrap import Estimate, estimates
from mlip_compose.evaluation.metric_names import Description, describe
from mlip_compose.evaluation.pooling import Pool, pool
from mlip_compose.evaluation.results import PairedDifference, Score

Quantity = Literal["ood", "gap"]

QUANTITIES: Final[tuple[Quantity, ...]] = ("ood", "gap")

_SAME: Final = ("task", "level", "seed", "dataset_sha256", "reference")
_BOOTSTRAP: Final = ("resamples", "resampling_seed", "confidence")


def paired_difference(
    a: Score, b: Score, metric: str, quantity: Quantity = "ood"
) -> PairedDifference | None:
    """Compare two potentials on the molecules of which both have a value.

    In each resample the same molecules are drawn for both, so that what makes a molecule hard for
    both of them cancels in the difference.

    Parameters
    ----------
    a, b
        Scores on the same split, seed and test frames, with the same resampling.
    metric
        Name of a metric.
    quantity
        Quantity to compare: the OOD error, in the metric's unit, or the gap.

    Returns
    -------
    PairedDifference | None
        The difference b - a with its interval, and the share of resamples in which a is the
        smaller, ties counted half (two equal potentials have 0.5). None where one of the two has no
        such value, or where they share fewer than two molecules, which leaves nothing to resample.

    Raises
    ------
    RequestError
        The scores are not of the same split, frames and resampling.
    """
    description = describe(metric)
    _check(a, b)
    first, second, left_out = _common(a, b, description, quantity)
    if first is None or second is None or first.samples is None or second.samples is None:
        return None
    below = first.samples < second.samples
    above = first.samples > second.samples
    with np.errstate(invalid="ignore"):  # two infinite gaps
        samples = second.samples - first.samples
    influences = tuple(
        theirs - ours for ours, theirs in zip(first.influences, second.influences, strict=True)
    )
    difference = Estimate(second.value - first.value, samples, influences)
    return PairedDifference(
        **a.shared_with(PairedDifference),
        metric=metric,
        unit=description.unit if quantity == "ood" else "1",
        quantity=quantity,
        a=a.potential,
        b=b.potential,
        difference=difference.interval(a.confidence),
        probability=float(np.mean(below + 0.5 * ~(below | above))),
        left_out=left_out,
    )


def paired_differences(
    scores: Iterable[Score],
    metrics: Sequence[str],
    quantities: Sequence[Quantity] = QUANTITIES,
) -> tuple[PairedDifference, ...]:
    """Compare all pairs of potentials of each split and seed; pairs without a value are left out.

    Parameters
    ----------
    scores
        Scores of any kind; those of different splits, seeds, budgets or data sets are not set
        against each other.
    metrics
        Names of metrics.
    quantities
        Quantities to compare.
    """
    return tuple(
        difference
        for a, b in _pairs(scores)
        for metric in metrics
        for quantity in quantities
        if (difference := paired_difference(a, b, metric, quantity)) is not None
    )


def _pairs(scores: Iterable[Score]) -> Iterator[tuple[Score, Score]]:
    groups: dict[tuple[object, ...], list[Score]] = {}
    for score in scores:
        key = (score.train_frames, *(getattr(score, name) for name in _SAME))
        groups.setdefault(key, []).append(score)
    for group in groups.values():
        yield from combinations(group, 2)


def _check(a: Score, b: Score) -> None:
    for name in (*_SAME, *_BOOTSTRAP):
        ours, theirs = getattr(a, name), getattr(b, name)
        if ours != theirs:
            raise RequestError(
                f"two scores of the same {name} to compare",
                f"{ours!r} of {a.potential} and {theirs!r} of {b.potential}",
            )
    frames = {(m.molecule, m.part): m.frames for m in a.molecules}
    if frames != {(m.molecule, m.part): m.frames for m in b.molecules}:
        raise RequestError(
            "two scores on the same test frames to compare",
            f"other molecules or numbers of frames of {a.potential} than of {b.potential}",
            "Predict the same frames with both.",
        )


def _common(
    a: Score, b: Score, description: Description, quantity: Quantity
) -> tuple[Estimate | None, Estimate | None, tuple[str, ...]]:
    """Return the quantity of a and of b on their common units, and the units that only one has."""
    pools_a, pools_b = _pools(a, description), _pools(b, description)
    parts: tuple[TestPart, ...] = ("ood",) if quantity == "ood" else ("id", "ood")
    left_out = {
        unit for part in parts for unit in set(pools_a[part].units) ^ set(pools_b[part].units)
    }

    def on_common(pools: dict[TestPart, Pool], others: dict[TestPart, Pool]) -> Estimate | None:
        common = estimates(
            pools["id"].only(others["id"].units),
            pools["ood"].only(others["ood"].units),
            a.resamples,
            a.resampling_seed,
        )
        return common.ood if quantity == "ood" else common.gap

    return on_common(pools_a, pools_b), on_common(pools_b, pools_a), tuple(sorted(left_out))


def _pools(score: Score, description: Description) -> dict[TestPart, Pool]:
    return {part: pool(score.molecules, score.reactions, description, part) for part in TEST_PARTS}
