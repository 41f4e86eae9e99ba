"""The ceiling gap: what is lost by not having trained on the molecules that one is tested on.

A ceiling is the same potential, trained under the same frame budget with the OOD molecules
included. Ceiling gap = OOD error of the ordinary potential / error of its ceiling, both on the very
same frames, of which neither has seen any. Where the gap compares different molecules (OOD / ID),
and so counts in that some are harder than others, the ceiling gap compares the same ones.

A ceiling has seen the first half of the trajectories that it is tested on the second half of, while
the ID test is of another trajectory than the training frames. Where half a trajectory is not long
enough to forget its conformers, that makes the ceiling lower, and the ceiling gap larger.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlip_compose.core.errors import RequestError
from mlip_compose.core.host import single_threaded
from mlip_compose.core.records import Comparison, Interval
from mlip_compose.core.rows import Row
from mlip_compose.evaluation.bootstrap import (
    CONFIDENCE,
    RESAMPLES,
    SMALLEST_ID_ERROR,
    Estimate,
    estimate,
    interval_of,
)
from mlip_compose.evaluation.metric_names import MATCHED, METRICS, Description, describe
from mlip_compose.evaluation.metrics import check, usable_frames
from mlip_compose.evaluation.offsets import fit_offsets
from mlip_compose.evaluation.pooling import Pool, frame_pool
from mlip_compose.evaluation.results import (
    MetricWords,
    MoleculeScore,
    OverSeeds,
    ScoredRow,
    SeedValue,
)
from mlip_compose.evaluation.score import molecule_errors, molecule_score
from mlip_compose.evaluation.seeds import by_row, common_pools, over_seeds, seed_value


class CeilingMetric(MetricWords):
    """One metric of a potential and of its ceiling, on the same frames.

    ``ood`` is the error of the ordinary potential, ``ceiling`` that of the ceiling, both in
    ``unit``, and ``gap`` their ratio ood / ceiling, formed within each resample of molecules. They
    are None where there is no finite value. Novel atoms are novel to the ordinary potential, and
    the same ones for both.
    """

    ood: Interval | None
    ceiling: Interval | None
    gap: Interval | None
    frames: int
    molecules: int


class CeilingScore(ScoredRow):
    """A potential and its ceiling on the second half of the OOD molecules' trajectories.

    ``train_frames`` is the budget of both; of the ceiling's, ``ood_train_frames`` are of the
    ``ood_molecules`` OOD molecules that it was trained on and is tested on. ``ood`` and
    ``ceiling`` have the errors on each of these molecules, from which every pooled value and its
    interval follow. ``failed_frames`` counts frames that one of the two has no finite prediction
    of: they are in no value of either.
    """

    ood_train_frames: int
    ood_molecules: int
    resamples: int
    resampling_seed: int
    confidence: float
    metrics: tuple[CeilingMetric, ...]
    ood: tuple[MoleculeScore, ...]
    ceiling: tuple[MoleculeScore, ...]
    failed_frames: int

    def metric(self, name: str) -> CeilingMetric:
        """Return the metric of this name."""
        return next(metric for metric in self.metrics if metric.name == name)


class CeilingHeader(Row):
    """What is compared with its ceiling; for the fields see :class:`CeilingScore`."""

    coverage_radius: int
    ood_train_frames: int


@single_threaded
def ceiling_score(
    header: CeilingHeader,
    ordinary: Sequence[Comparison],
    ceiling: Sequence[Comparison],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> CeilingScore:
    """Score a potential against its ceiling.

    Parameters
    ----------
    header
        The row that is compared; it travels with the numbers.
    ordinary, ceiling
        Reference and prediction of each potential. The part ``ood`` has the same molecules and
        frames for both, in the same order. The part ``train`` is that of each potential; its
        per-element offsets are fitted to it.
    resamples, seed
        Number of bootstrap resamples, and the seed of their draws.

    Raises
    ------
    RequestError
        The two were not tested on the same frames.
    DataError
        Arrays do not fit each other, or a reference label is not finite.
    """
    pairs = _paired(_tested(ordinary), _tested(ceiling))
    above, below = fit_offsets(ordinary), fit_offsets(ceiling)
    ood = tuple(molecule_score(molecule_errors(first, "ood", above)) for first, _ in pairs)
    best = tuple(molecule_score(molecule_errors(second, "ood", below)) for _, second in pairs)
    return CeilingScore(
        **header.shared_with(CeilingScore),
        ood_molecules=len(pairs),
        resamples=resamples,
        resampling_seed=seed,
        confidence=CONFIDENCE,
        metrics=tuple(
            _metric(description, ood, best, resamples, seed)
            for description in METRICS.values()
            if description.source == "frames" and description.name != MATCHED
        ),
        ood=ood,
        ceiling=best,
        failed_frames=sum(molecule.failed_frames for molecule in ood),
    )


def _tested(comparisons: Iterable[Comparison]) -> list[Comparison]:
    tested = [comparison for comparison in comparisons if comparison.part == "ood"]
    for comparison in tested:
        check(comparison)
    return sorted(tested, key=lambda comparison: comparison.molecule.name)


def _paired(
    ordinary: Sequence[Comparison], ceiling: Sequence[Comparison]
) -> list[tuple[Comparison, Comparison]]:
    """Pair comparisons of the same frames, and leave out of both what either failed on."""
    names = [[c.molecule.name for c in comparisons] for comparisons in (ordinary, ceiling)]
    if names[0] != names[1] or len(set(names[0])) != len(names[0]):
        raise RequestError(
            "a potential and its ceiling compared once on each of the same molecules",
            f"{len(names[0])} and {len(names[1])} comparisons of different molecules",
        )
    pairs = []
    for first, second in zip(ordinary, ceiling, strict=True):
        if not (
            np.array_equal(first.reference_energy, second.reference_energy)
            and np.array_equal(first.reference_forces, second.reference_forces)
            and np.array_equal(first.novel, second.novel)
        ):
            raise RequestError(
                "a potential and its ceiling on the same frames",
                f"different labels or novel atoms of {first.molecule.name}",
            )
        failed = ~(usable_frames(first) & usable_frames(second))
        pairs.append(
            (
                replace(first, predicted_energy=np.where(failed, np.nan, first.predicted_energy)),
                replace(second, predicted_energy=np.where(failed, np.nan, second.predicted_energy)),
            )
        )
    return pairs


def _metric(
    description: Description,
    ood: Sequence[MoleculeScore],
    ceiling: Sequence[MoleculeScore],
    resamples: int,
    seed: int,
) -> CeilingMetric:
    pools = frame_pool(ood, description, "ood"), frame_pool(ceiling, description, "ood")
    estimates = ceiling_estimates(*pools, resamples, seed)

    return CeilingMetric(
        name=description.name,
        **description.words,
        ood=interval_of(estimates.ood),
        ceiling=interval_of(estimates.ceiling),
        gap=interval_of(estimates.gap),
        frames=int(pools[0].items.sum()),
        molecules=len(pools[0].units),
    )


@dataclass(frozen=True, eq=False)
class CeilingEstimates:
    """Both errors and their ratio, with their resamples; None where there is no value."""

    ood: Estimate | None
    ceiling: Estimate | None
    gap: Estimate | None


def ceiling_estimates(ood: Pool, ceiling: Pool, resamples: int, seed: int) -> CeilingEstimates:
    """Estimate from the pools of the two; these have the same molecules, and so resamples."""
    above = estimate(ood, "ood", resamples, seed)
    below = estimate(ceiling, "ood", resamples, seed)
    return CeilingEstimates(above, below, _gap(above, below))


def _gap(above: Estimate | None, below: Estimate | None) -> Estimate | None:
    """Return the ratio of errors on the same resampled molecules, None where ``below`` is zero.

    Its influence, with v = a / b: (da - v db) / b, molecule by molecule.
    """
    if above is None or below is None or below.value < SMALLEST_ID_ERROR:
        return None
    value = above.value / below.value
    if above.samples is None or below.samples is None:
        return Estimate(value, None)
    influences = tuple(
        (first - value * second) / below.value
        for first, second in zip(above.influences, below.influences, strict=True)
    )
    with np.errstate(divide="ignore", invalid="ignore"):  # a resample of faultless molecules
        return Estimate(value, above.samples / below.samples, influences)


class CeilingSummary(OverSeeds):
    """A potential and its ceiling, as means over the seeds of their trainings.

    ``ood``, ``ceiling`` and ``gap`` are those of :class:`CeilingMetric`; None where a seed has no
    value. They are of the ``molecules`` molecules that the ceilings of all seeds were tested on.
    """

    ood: SeedValue | None
    ceiling: SeedValue | None
    gap: SeedValue | None
    molecules: int


def ceiling_summaries(
    scores: Iterable[CeilingScore], metrics: Sequence[str] = tuple(METRICS)
) -> tuple[CeilingSummary, ...]:
    """Summarise each potential on each split, and each metric of frames, over the seeds.

    Every seed meets the same resamples of the molecules that all of them have; the interval of a
    mean is over molecules, and the standard deviation beside it over seeds.

    Parameters
    ----------
    scores
        Scores of any potentials, splits and seeds.
    metrics
        Names of metrics. Those of reactions have no ceiling and are passed over, and so is the
        one like with like, whose OOD error is that of ``forces_mae``.
    """
    described = [describe(name) for name in metrics if name != MATCHED]
    chosen = [description for description in described if description.source == "frames"]
    return tuple(_summary(group, metric) for group in by_row(scores) for metric in chosen)


def _summary(scores: Sequence[CeilingScore], description: Description) -> CeilingSummary:
    above = common_pools([frame_pool(score.ood, description, "ood") for score in scores])
    molecules = above[0].units
    below = [frame_pool(score.ceiling, description, "ood").only(molecules) for score in scores]
    first = scores[0]
    estimates = [
        ceiling_estimates(ood, ceiling, first.resamples, first.resampling_seed)
        for ood, ceiling in zip(above, below, strict=True)
    ]
    return CeilingSummary(
        **over_seeds(scores, description),
        ood=seed_value([seed.ood for seed in estimates], first.confidence),
        ceiling=seed_value([seed.ceiling for seed in estimates], first.confidence),
        gap=seed_value([seed.gap for seed in estimates], first.confidence),
        molecules=len(molecules),
    )
