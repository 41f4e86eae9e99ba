"""The error of the energy, split into a part that grows with the chain and a rest.

The mean error of each molecule, ``m``, of chain length n is fitted by ``b n`` plus one constant for
each family (ordinary least squares, every molecule alike; the constants are what a covariate-free
analysis of covariance has for its groups: Seber and Lee, *Linear Regression Analysis*, 2003,
section 8.8). The slope b is what every further CH2 adds to the error. What is left of the errors of
the frames, ``e - b n``, is the rest: the constant error of the end groups, what scatters between
molecules, and what fluctuates from frame to frame.

The bootstrap resamples molecules, slope and rest within each resample. A resample in which no
family has two chain lengths has no slope and is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.records import TEST_PARTS, Interval, TestPart
from mlip_compose.core.units import EV_IN_MEV
from mlip_compose.evaluation.bootstrap import Estimate, draw_counts
from mlip_compose.evaluation.results import EnergyRow, EnergySplit

ALL: Final = "all"
"""The row of all molecules of a part: one slope, and a constant for each family."""

SMALLEST_SAMPLE: Final = 4
"""Fewer molecules leave too little beyond a line to resample; values then have no interval."""

_CHUNK: Final = 1 << 20  # numbers of one step
_AGGREGATION: Final = (
    "error of the total energy, e = slope n + rest: the slope by least squares of the mean errors "
    "of molecules against n, with a constant for each family; rest and total are root mean squares "
    "over frames (every molecule alike) after and before slope n is removed, constant is the mean "
    "of the rest; slope n and the constant can cancel, so that the rest may exceed the total"
)


@dataclass(frozen=True)
class MeanError:
    """The error of the energy of one molecule's frames of one part.

    ``groups`` are the rows that it counts in; ``mean`` (meV) and ``variance`` (meV^2) are those of
    the error over ``frames`` frames; ``offset`` (eV) is to be added to it, None where none is.
    """

    family: str
    groups: Collection[str]
    chain: int
    part: TestPart
    mean: float
    variance: float
    frames: int
    offset: float | None


def split_energies(
    errors: Sequence[MeanError], resamples: int, seed: int, comparable: bool = True
) -> tuple[EnergySplit, ...]:
    """Return the split of the energies as they are and, where there are any, with the offsets.

    Parameters
    ----------
    errors
        Errors of each molecule and part, in an order that does not depend on the potential.
    resamples, seed
        Number of bootstrap resamples, and the seed of their draws.
    comparable
        Whether predicted energies count from the reference's zero; where not, energies as they are
        say nothing and are left out.
    """
    splits = []
    if comparable:
        raw = [0.0] * len(errors)
        splits.append(_split("energy", "as predicted", errors, raw, resamples, seed))
    offsets = [EV_IN_MEV * error.offset for error in errors if error.offset is not None]
    if errors and len(offsets) == len(errors):
        label = "with per-element offsets fitted on training labels only"
        splits.append(_split("energy_offset", label, errors, offsets, resamples, seed))
    return tuple(splits)


def _split(
    name: Literal["energy", "energy_offset"],
    label: str,
    errors: Sequence[MeanError],
    offsets: Sequence[float],
    resamples: int,
    seed: int,
) -> EnergySplit:
    rows: list[EnergyRow] = []
    for part in TEST_PARTS:
        pairs = [(e, o) for e, o in zip(errors, offsets, strict=True) if e.part == part]
        groups = sorted({group for error, _ in pairs for group in error.groups})
        for group in ([ALL] if pairs else []) + groups:
            chosen = [(e, o) for e, o in pairs if group == ALL or group in e.groups]
            rows.append(_row(group, part, chosen, resamples, seed))
    return EnergySplit(
        name=name,
        label=label,
        slope_unit="meV per CH2",
        unit="meV",
        aggregation=_AGGREGATION,
        rows=tuple(rows),
    )


def _row(
    group: str,
    part: TestPart,
    chosen: Sequence[tuple[MeanError, float]],
    resamples: int,
    seed: int,
) -> EnergyRow:
    lines = _Lines(
        families=np.unique([e.family for e, _ in chosen], return_inverse=True)[1],
        chain=np.array([e.chain for e, _ in chosen], dtype=np.float64),
        mean=np.array([e.mean + offset for e, offset in chosen]),
        variance=np.array([e.variance for e, _ in chosen]),
    )
    n_units = len(chosen)
    values = lines.fit(np.ones((1, n_units)))[0]
    samples = None
    if n_units >= SMALLEST_SAMPLE:
        counts = draw_counts(n_units, resamples, seed, part)
        step = max(1, _CHUNK // n_units)
        samples = np.concatenate(
            [lines.fit(counts[i : i + step]) for i in range(0, resamples, step)]
        )
    influences = lines.influences(values)

    def interval(column: int) -> Interval | None:
        if not np.isfinite(values[column]):
            return None
        resampled = None if samples is None else samples[:, column]
        finite = None if resampled is None else resampled[np.isfinite(resampled)]
        return Estimate(float(values[column]), finite, (influences[column],)).interval()

    return EnergyRow(
        group=group,
        part=part,
        slope=interval(0),
        constant=interval(1),
        rest=interval(2),
        total=interval(3),
        molecules=n_units,
        chains=len(np.unique(lines.chain)),
        frames=sum(error.frames for error, _ in chosen),
    )


@dataclass(frozen=True, eq=False)
class _Lines:
    """Lines of one slope through the mean errors of U molecules, one line a family.

    ``families`` (U,) numbers the families; ``chain`` (U,), ``mean`` (U,) in meV, ``variance`` (U,)
    in meV^2.
    """

    families: NDArray[np.int64]
    chain: NDArray[np.float64]
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]

    def fit(self, counts: NDArray[np.generic]) -> NDArray[np.float64]:
        """Return slope, constant, rest and total, (R, 4), of molecules that count (R, U) times."""
        x, y = self.chain, self.mean
        member = np.eye(int(self.families.max()) + 1)[self.families]  # (U, G)
        of_all = np.stack([x, y, x**2, x * y, y**2 + self.variance], axis=1)
        terms = np.hstack([np.ones_like(x)[:, None], of_all, member])
        terms = np.hstack([terms, member * x[:, None], member * y[:, None]])
        sums = np.asarray(counts, dtype=np.float64) @ terms
        units, sum_x, sum_y, sum_xx, sum_xy, sum_yy = sums[:, :6].T
        of_family, family_x, family_y = np.split(sums[:, 6:], 3, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):  # no family with two chain lengths
            share = np.where(of_family > 0, 1.0 / of_family, 0.0)
            within_xx = sum_xx - (family_x**2 * share).sum(axis=1)
            within_xy = sum_xy - (family_x * family_y * share).sum(axis=1)
            slope = np.where(within_xx > 1e-9 * sum_xx, within_xy / within_xx, np.nan)
        constant = (sum_y - slope * sum_x) / units
        rest = np.maximum(sum_yy - 2.0 * slope * sum_xy + slope**2 * sum_xx, 0.0)
        return np.stack([slope, constant, np.sqrt(rest / units), np.sqrt(sum_yy / units)], axis=1)

    def influences(self, fitted: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the influence of each molecule on slope, constant, rest and total: (4, U).

        These are the empirical influence functions, by the chain rule (Davison and Hinkley, 1997,
        section 2.7.2); that of a root mean square of zero is zero.
        """
        slope, constant, rest, total = fitted
        member = np.eye(int(self.families.max()) + 1)[self.families]
        centre = member / member.sum(axis=0)
        x = self.chain - member @ (centre.T @ self.chain)
        y = self.mean - member @ (centre.T @ self.mean)
        of_slope = len(x) * x * (y - slope * x) / (x**2).sum() if np.isfinite(slope) else 0.0 * x
        remainder = self.mean - slope * self.chain
        of_constant = remainder - constant - self.chain.mean() * of_slope
        of_rest = remainder**2 + self.variance - rest**2
        of_rest -= 2.0 * (remainder * self.chain).mean() * of_slope
        of_total = self.mean**2 + self.variance - total**2
        return np.stack(
            [
                of_slope,
                of_constant,
                of_rest / (2.0 * rest) if rest > 0 else np.zeros_like(x),
                of_total / (2.0 * total) if total > 0 else np.zeros_like(x),
            ]
        )
