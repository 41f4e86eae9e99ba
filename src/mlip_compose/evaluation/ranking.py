"""Which potential is best, and how sure that is: ranks on resampled molecules.

In each resample every potential meets the same molecules (and its seeds are averaged), so that the
ranks of one resample are those of one test that could have been made instead (Hall and Miller, Ann.
Statist. 37, 3929, 2009). Rank 1 is the smallest value; potentials with the same value share a rank,
and share the probability of being best.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import TEST_PARTS, TestPart
from mlip_compose.evaluation.bootstrap import Estimate, estimates
from mlip_compose.evaluation.metric_names import METRICS, Description, describe
from mlip_compose.evaluation.paired import QUANTITIES, Quantity
from mlip_compose.evaluation.pooling import Pool, pool
from mlip_compose.evaluation.results import RankedPotential, Ranking, Score
from mlip_compose.evaluation.seeds import mean_estimate

_SAME: Final = (
    "task",
    "level",
    "train_frames",
    "dataset_sha256",
    "reference",
    "resamples",
    "resampling_seed",
    "confidence",
)

_Pools = dict[TestPart, Pool]


def rankings(
    scores: Iterable[Score],
    metrics: Sequence[str] = tuple(METRICS),
    quantities: Sequence[Quantity] = QUANTITIES,
) -> tuple[Ranking, ...]:
    """Rank the potentials of each split by each metric; what cannot be ranked is left out.

    Parameters
    ----------
    scores
        Scores of any kind; those of different splits, budgets or data sets are not set against
        each other. Scale rows take no part: a potential that knows nothing of a molecule has a gap
        of 1, and is no rival.
    metrics
        Names of metrics.
    quantities
        Quantities to rank by: the OOD error, or the gap.
    """
    groups: dict[tuple[object, ...], list[Score]] = {}
    for score in scores:
        if score.role != "scale":
            groups.setdefault(tuple(getattr(score, name) for name in _SAME), []).append(score)
    return tuple(
        ranking
        for group in groups.values()
        for metric in metrics
        for quantity in quantities
        if (ranking := rank(group, metric, quantity)) is not None
    )


def rank(scores: Sequence[Score], metric: str, quantity: Quantity = "ood") -> Ranking | None:
    """Rank potentials by one metric on the molecules of which all of them have a value.

    Parameters
    ----------
    scores
        Scores of one split, with the same resampling; several seeds of a potential are averaged.
    metric
        Name of a metric.
    quantity
        Quantity to rank by: the OOD error, or the gap.

    Returns
    -------
    Ranking | None
        None where fewer than two potentials have a value.

    Raises
    ------
    RequestError
        A scale row is among them.
    """
    description = describe(metric)
    by_potential: dict[str, list[Score]] = {}
    for score in scores:
        by_potential.setdefault(score.potential, []).append(score)
    pools = {
        name: [_pools(score, description) for score in group]
        for name, group in by_potential.items()
    }
    first = scores[0]
    without = [name for name, own in pools.items() if not _present(own, quantity, first)]
    ranked = {name: own for name, own in pools.items() if name not in without}
    if len(ranked) < 2:
        return None
    common, left_out = _on_common(ranked, quantity)
    values = {name: _estimate(own, quantity, first) for name, own in common.items()}
    present = {name: value for name, value in values.items() if value is not None}
    if len(present) < len(values):  # they share no molecule
        return None
    example = next(iter(common.values()))[0]
    return Ranking(
        task=first.task,
        level=first.level,
        train_frames=first.train_frames,
        metric=description.name,
        label=description.label,
        unit=description.unit if quantity == "ood" else "1",
        quantity=quantity,
        potentials=tuple(_rows(present, by_potential, first.confidence)),
        molecules=len(example["ood"].units),
        without_value=tuple(sorted(without)),
        left_out=left_out,
        resamples=first.resamples,
        confidence=first.confidence,
    )


def _pools(score: Score, description: Description) -> _Pools:
    return {part: pool(score.molecules, score.reactions, description, part) for part in TEST_PARTS}


def _estimate(own: Sequence[_Pools], quantity: Quantity, score: Score) -> Estimate | None:
    """Return the mean over seeds, None where a seed has no value."""
    values = []
    for pools in own:
        errors = estimates(pools["id"], pools["ood"], score.resamples, score.resampling_seed)
        value = errors.ood if quantity == "ood" else errors.gap
        if value is None:
            return None
        values.append(value)
    return mean_estimate(values)


def _present(own: Sequence[_Pools], quantity: Quantity, score: Score) -> bool:
    """Whether every seed has a value; cheap, as one resample says so too."""
    needed = score.model_copy(update={"resamples": 1})
    return _estimate(own, quantity, needed) is not None


def _on_common(
    ranked: dict[str, list[_Pools]], quantity: Quantity
) -> tuple[dict[str, list[_Pools]], tuple[str, ...]]:
    """Return the pools on the units that all have, and the names of the others."""
    parts: tuple[TestPart, ...] = ("ood",) if quantity == "ood" else ("id", "ood")
    every = [pools for own in ranked.values() for pools in own]
    units = {part: [set(pools[part].units) for pools in every] for part in parts}
    common = {part: reduce(set.intersection, sets) for part, sets in units.items()}
    left_out = {u for part in parts for u in reduce(set.union, units[part]) - common[part]}
    chosen = {
        name: [
            {part: p.only(common[part]) if part in common else p for part, p in pools.items()}
            for pools in own
        ]
        for name, own in ranked.items()
    }
    return chosen, tuple(sorted(left_out))


def _rows(
    values: dict[str, Estimate], scores: dict[str, list[Score]], confidence: float
) -> Iterator[RankedPotential]:
    """Yield a row for each potential, best first."""
    names = sorted(values, key=lambda name: values[name].value)
    ranks = _ranks(np.array([[values[name].value] for name in names]))[:, 0]
    samples = [own for name in names if (own := values[name].samples) is not None]
    certainty = [_Certainty()] * len(names)
    if len(samples) == len(names):
        tails = [values[name].tail(confidence) for name in names]
        certainty = _certainty(np.stack(samples), tails)
    for name, rank_, sure in zip(names, ranks, certainty, strict=True):
        role = scores[name][0].role
        if role == "scale":
            raise RequestError("potentials to rank", f"the scale row {name}")
        yield RankedPotential(
            potential=name,
            role=role,
            seeds=tuple(score.seed for score in scores[name]),
            value=values[name].value,
            rank=int(rank_),
            **sure._asdict(),
        )


class _Certainty(NamedTuple):
    low: int | None = None
    high: int | None = None
    best: float | None = None
    ahead: float | None = None


def _certainty(samples: NDArray[np.float64], tails: Sequence[float]) -> list[_Certainty]:
    """Return the certainty of each place, from values (potentials in order, resamples)."""
    ranks = _ranks(samples)
    first = ranks == 1
    best = (first / first.sum(axis=0)).mean(axis=1)
    certainty = []
    for i, tail in enumerate(tails):
        low, high = np.quantile(ranks[i], [tail, 1.0 - tail], method="nearest")
        ahead = _ahead(samples[i], samples[i + 1]) if i + 1 < len(samples) else None
        certainty.append(_Certainty(int(low), int(high), float(best[i]), ahead))
    return certainty


def _ranks(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return 1 + the number of smaller values in each column of (potentials, resamples)."""
    with np.errstate(invalid="ignore"):
        return np.asarray(1 + (values[None, :, :] < values[:, None, :]).sum(axis=1))


def _ahead(ours: NDArray[np.float64], next_ones: NDArray[np.float64]) -> float:
    return float(np.mean((ours < next_ones) + 0.5 * (ours == next_ones)))
