"""Intervals from a bootstrap over molecules.

The frames of a molecule come from one trajectory and are not independent, so what is resampled are
molecules (the cluster bootstrap: Davison and Hinkley, *Bootstrap Methods and their Application*,
1997, section 3.8): U of U molecules are drawn with replacement, each with all of its frames, and
the metric is pooled anew. ID and OOD molecules are drawn independently of each other, and the gap
is the ratio of the two within each resample. The draws depend on the seed, the part and the number
of molecules alone; two potentials tested on the same molecules therefore meet the same resamples.

Intervals are expanded percentiles of these resamples (Hesterberg, The American Statistician 69,
371, 2015, section 5.3). Plain percentiles are too narrow for few molecules: n molecules vary by a
factor (n - 1)/n too little about their own mean, and a normal quantile stands where Student's t
belongs.
Expanded ones are read at the tail ``Phi(-sqrt(n/(n - 1)) t)`` with t of n - 1 degrees of freedom in
place of 2.5 %: 1.6 % for 20 molecules, 0.9 % for 10. Where ID and OOD molecules both come in, the
factor and the degrees of freedom (Welch and Satterthwaite) follow from the variance that each has.

How often nominal 95 % intervals hold the truth, of errors in frames with 5 to 20 frames a molecule,
as measured in ``tests/evaluation/test_coverage_of_intervals.py`` (molecules' mean errors lognormal
with this s.d. of their logarithm; error / gap, the latter with as many ID as OOD molecules):

=========  ===========  ===========  ===========
molecules  s.d. 0.25    s.d. 0.4     s.d. 0.6
=========  ===========  ===========  ===========
5          91 / 95 %    90 / 95 %    87 / 95 %
10         93 / 95 %    92 / 95 %    90 / 95 %
20         94 / 95 %    94 / 95 %    92 / 94 %
60         94 / 95 %    94 / 94 %    93 / 94 %
=========  ===========  ===========  ===========

Plain percentiles hold it in 82, 89, 92 and 94 % of the cases of the first column (error).

BCa intervals (Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993, section 14.3) were
measured too, alone and expanded, and are no better at these sizes: their correction for skewness is
estimated from the same few molecules. With fewer than some ten molecules, or where few molecules
have most of the error, an interval is too short still, on the side of large errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from mlip_compose.core.records import Interval, TestPart
from mlip_compose.evaluation.pooling import Pool

RESAMPLES: Final = 10_000
CONFIDENCE: Final = 0.95

SMALLEST_ID_ERROR: Final = 1e-6
"""An ID error below this, in any metric's unit, is zero to the labels' precision: no gap."""

_STREAMS: Final = {"id": 0, "ood": 1}
_CHUNK: Final = 1 << 21


@dataclass(frozen=True, eq=False)
class Estimate:
    """A value with its resamples.

    Attributes
    ----------
    value
        The value of all molecules, each counted once.
    samples : (R,) float64 | None
        The values of the resamples; None where fewer than two molecules leave nothing to resample.
    influences : tuple of (U,) float64
        The empirical influence functions, in the value's unit, of each part that is drawn on its
        own: how much each unit moves the value (Davison and Hinkley, section 2.7.2). The tails of
        an interval follow from them; without them they are those of plain percentiles.
    """

    value: float
    samples: NDArray[np.float64] | None
    influences: tuple[NDArray[np.float64], ...] = ()

    def tail(self, confidence: float = CONFIDENCE) -> float:
        """Return the share of resamples that is beyond each end of the interval (see above)."""
        nominal = 0.5 * (1.0 - confidence)
        sizes = np.array([len(part) for part in self.influences])
        variances = np.array([np.square(part).mean() / len(part) for part in self.influences])
        unbiased = variances * sizes / np.maximum(sizes - 1, 1)
        if not variances.sum() > 0.0:
            return nominal
        freedom = unbiased.sum() ** 2 / (unbiased**2 / np.maximum(sizes - 1, 1)).sum()
        factor = np.sqrt(unbiased.sum() / variances.sum())
        return float(ndtr(factor * stdtrit(freedom, nominal)))

    def interval(self, confidence: float = CONFIDENCE) -> Interval:
        """Return the value with its interval; a bound that is not finite is None."""
        if self.samples is None:
            return Interval(value=self.value)
        tail = 100.0 * self.tail(confidence)
        with np.errstate(invalid="ignore"):  # infinite gaps among the resamples
            bounds = np.percentile(self.samples, [tail, 100.0 - tail])
        low, high = (float(bound) if np.isfinite(bound) else None for bound in bounds)
        return Interval(value=self.value, low=low, high=high)


def interval_of(quantity: Estimate | None) -> Interval | None:
    """Return a value with its interval; None where there is no value."""
    return None if quantity is None else quantity.interval()


@lru_cache(maxsize=64)  # the sizes of the groups of one attribution, some 2 MB each
def draw_counts(units: int, resamples: int, seed: int, part: TestPart) -> NDArray[np.uint32]:
    """Return the number of times that each unit is drawn in each resample.

    Parameters
    ----------
    units
        Number of units U, of which U are drawn with replacement.
    resamples
        Number of resamples R.
    seed, part
        Seed and name of the random stream; ID and OOD have different ones.

    Returns
    -------
    (R, U) uint32
        Rows are multinomial and sum to U. Read-only, as it is kept for the next metric.
    """
    rng = np.random.default_rng((seed, _STREAMS[part]))
    counts = np.empty((resamples, units), dtype=np.uint32)
    for start, stop in _chunks(units, resamples):
        draws = rng.integers(units, size=(stop - start, units))
        draws += units * np.arange(stop - start)[:, None]
        flat = np.bincount(draws.ravel(), minlength=(stop - start) * units)
        counts[start:stop] = flat.reshape(-1, units)
    counts.setflags(write=False)
    return counts


def _chunks(units: int, resamples: int) -> list[tuple[int, int]]:
    """Return ranges of resamples that hold the memory of a step to some 16 MB."""
    step = max(1, _CHUNK // units)
    return [(start, min(start + step, resamples)) for start in range(0, resamples, step)]


def estimate(
    pool: Pool, part: TestPart, resamples: int = RESAMPLES, seed: int = 0
) -> Estimate | None:
    """Return the value of a pool with its resamples, or None of an empty pool."""
    value = pool.value()
    if value is None:
        return None
    n_units = len(pool.units)
    if n_units < 2:
        return Estimate(value, None)
    terms = np.stack([pool.sums, pool.weights], axis=1)
    counts = draw_counts(n_units, resamples, seed, part)
    sums = np.empty((resamples, 2))
    for start, stop in _chunks(n_units, resamples):
        sums[start:stop] = counts[start:stop].astype(np.float64) @ terms
    samples = (sums[:, 0] / sums[:, 1]) ** (1.0 / pool.power)
    return Estimate(value, samples, (_influence(pool, value),))


def _influence(pool: Pool, value: float) -> NDArray[np.float64]:
    """Return U (s - m w) / sum(w), m = sum(s) / sum(w), by the chain rule for a root of m."""
    mean = value**pool.power
    influence = len(pool.units) * (pool.sums - mean * pool.weights) / pool.weights.sum()
    return np.asarray(influence if pool.power == 1 or value == 0.0 else influence / (2.0 * value))


def ratio(id_error: Estimate | None, ood_error: Estimate | None) -> Estimate | None:
    """Return the gap, OOD error / ID error, the ratio formed within each resample.

    It is None where either is missing or the ID error is zero (below ``SMALLEST_ID_ERROR``), and
    has no samples where either has none.
    """
    if id_error is None or ood_error is None or id_error.value < SMALLEST_ID_ERROR:
        return None
    value = ood_error.value / id_error.value
    if id_error.samples is None or ood_error.samples is None:
        return Estimate(value, None)
    influences = (
        *(part / id_error.value for part in ood_error.influences),
        *(-value * part / id_error.value for part in id_error.influences),
    )
    with np.errstate(divide="ignore", invalid="ignore"):  # a resample of faultless ID molecules
        return Estimate(value, ood_error.samples / id_error.samples, influences)


@dataclass(frozen=True, eq=False)
class Estimates:
    """A metric on ID and OOD frames and its gap, each None where it does not exist."""

    id: Estimate | None
    ood: Estimate | None
    gap: Estimate | None


def estimates(
    id_pool: Pool, ood_pool: Pool, resamples: int = RESAMPLES, seed: int = 0
) -> Estimates:
    """Return ID, OOD and gap of a metric; no gap between different kinds of errors.

    The latter concerns reactions: a task may have CH2 increments alone among its training
    molecules, and exchanges alone among its OOD molecules.
    """
    id_error = estimate(id_pool, "id", resamples, seed)
    ood_error = estimate(ood_pool, "ood", resamples, seed)
    comparable = id_pool.kinds == ood_pool.kinds
    return Estimates(id_error, ood_error, ratio(id_error, ood_error) if comparable else None)
