"""Statistics of trajectories: correlation in time, torsions, and agreement of two trajectories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from mlip_compose.core.records import FloatArray, IntArray, Molecule
from mlip_compose.core.units import BOLTZMANN

GAUCHE_BELOW: Final = 120.0
"""The eclipsed barrier between gauche (60) and anti (180), degrees."""
LONGEST_LAG: Final = 5
"""Largest lag, frames; correlations beyond are noise at the strides of a data set."""
_SP3: Final = 4  # neighbours of a saturated carbon
_CARBON: Final = 6


def energy_autocorrelation(energies: Iterable[FloatArray], longest: int) -> FloatArray:
    """Return the autocorrelation of the energy, pooled over trajectories.

    Each trajectory's own mean is removed, which lowers the result by about 1/F.

    Parameters
    ----------
    energies
        Energies (F,) of each trajectory, any unit; trajectories with no more than ``longest``
        frames are left out.
    longest
        The largest lag, in frames.

    Returns
    -------
    (longest + 1,) float
        The autocorrelation at lags 0 (where it is 1) to ``longest``; NaN where no trajectory is
        long enough.
    """
    sums = np.zeros(longest + 1)
    counts = np.zeros(longest + 1)
    for energy in energies:
        n_frames = len(energy)
        spread = float(np.std(energy)) if n_frames > longest else 0.0
        if spread == 0.0:
            continue
        scaled = (np.asarray(energy) - np.mean(energy)) / spread
        for lag in range(longest + 1):
            sums[lag] += float(scaled[: n_frames - lag] @ scaled[lag:])
            counts[lag] += n_frames - lag
    mean: FloatArray = np.divide(sums, counts, out=np.full(longest + 1, np.nan), where=counts > 0)
    return mean


def statistical_inefficiency(autocorrelation: Sequence[float] | FloatArray) -> float:
    """Return the number of frames that count as one independent: 1 + 2 sum of autocorrelations.

    Parameters
    ----------
    autocorrelation
        Values at lags 0, 1, ...; the sum ends before the first value that is not positive.
    """
    total = 0.0
    for value in autocorrelation[1:]:
        if not value > 0:
            break
        total += float(value)
    return 1.0 + 2.0 * total


def chain_torsions(molecule: Molecule) -> IntArray:
    """Return the torsions of heavy atoms about single bonds between saturated carbons.

    Returns
    -------
    (T, 4) int
        Atom indices; T is 0 for molecules without such a torsion.
    """
    neighbours: list[list[int]] = [[] for _ in range(molecule.n_atoms)]
    for a, b in molecule.bonds.tolist():
        neighbours[a].append(b)
        neighbours[b].append(a)
    heavy = molecule.numbers > 1
    saturated = [
        number == _CARBON and len(bonded) == _SP3
        for number, bonded in zip(molecule.numbers, neighbours, strict=True)
    ]
    rows = [
        (i, j, k, last)
        for j, k in molecule.bonds.tolist()
        if saturated[j] and saturated[k]
        for i in neighbours[j]
        for last in neighbours[k]
        if heavy[i] and heavy[last] and i != k and last != j
    ]
    return np.array(rows, dtype=np.int64).reshape(-1, 4)


def dihedral_angles(positions: FloatArray, torsions: IntArray) -> FloatArray:
    """Return the angles of torsions in degrees, (F, T), from -180 to 180 (anti is 180).

    Parameters
    ----------
    positions : (F, N, 3) float
        Angstrom.
    torsions : (T, 4) int
    """
    a, b, c, d = (np.asarray(positions, dtype=np.float64)[:, column] for column in torsions.T)
    axis = c - b
    left, right = np.cross(b - a, axis), np.cross(axis, d - c)
    sine = (np.cross(left, right) * axis).sum(-1) / np.linalg.norm(axis, axis=-1)
    return np.asarray(np.degrees(np.arctan2(sine, (left * right).sum(-1))))


def gauche_share(angles: FloatArray) -> float:
    """Return the share of torsion angles (degrees) that are gauche; NaN where there is none."""
    return float((np.abs(angles) < GAUCHE_BELOW).mean()) if angles.size else float("nan")


def mean_difference(a: FloatArray, b: FloatArray, inefficiency: float) -> float:
    """Return the difference of the mean energies of two trajectories, in standard errors.

    Parameters
    ----------
    a, b : (F,) float
        Energies, one unit.
    inefficiency
        Number of frames that count as one independent (see ``statistical_inefficiency``).
    """
    variance = inefficiency * (np.var(a, ddof=1) / len(a) + np.var(b, ddof=1) / len(b))
    return float((np.mean(a) - np.mean(b)) / np.sqrt(variance))


def equipartition_ratio(
    energy: FloatArray, minimum: float, n_atoms: int, temperature_K: float
) -> float:
    """Return the mean energy above the minimum over that of 3N - 6 harmonic vibrations.

    Parameters
    ----------
    energy : (F,) float
        Energies of frames, eV.
    minimum
        Energy of the relaxed minimum, eV.
    n_atoms
        N.
    temperature_K
        Temperature of the sampling.
    """
    harmonic = 0.5 * (3 * n_atoms - 6) * BOLTZMANN * temperature_K
    return float((np.mean(energy) - minimum) / harmonic)
