"""The slope of energy differences against the work of forces, over frames of molecules.

Each molecule of F frames adds F - 1 independent differences (see ``work_of_forces``). The slope is
that of the reduced major axis, sqrt(sum of rise^2 / sum of work^2) with the sign of the
correlation c, since both sides have errors: energies of what the path misses, work of what is not
quadratic. With n differences its logarithm has the standard error sqrt((1 - c^2) / (n - 1)) and
Student's t of n - 1 degrees of freedom (Ricker 1984, Can. J. Zool. 62, 1897). The slope of one
exact side lies between c and 1/c times that of the axis: so much is added to its interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtri, stdtr, stdtrit

from mlip_compose.core.records import FloatArray, IntArray
from mlip_compose.datasets.readings import Reading
from mlip_compose.datasets.work_of_forces import FRAMES, rise_and_work

ENOUGH: Final = 1000
"""Frames after which no more molecules are compared."""
FEW: Final = 8
"""Frames of a molecule that are compared at least, where it has so many."""
LARGE: Final = 100
"""Atoms of a molecule that is compared only where smaller ones do not suffice."""
LARGEST: Final = 30.0
"""Largest deviation, in standard deviations of a normal distribution."""


class LabelledFrames(NamedTuple):
    """Frames (F) of one molecule of N atoms, with numbers of any unit.

    Attributes
    ----------
    molecule
        Name.
    numbers : (N,) int
        Atomic numbers.
    positions : (F, N, 3) float
        Angstrom.
    energy : (F,) float
        As the file has them.
    forces : (F, N, 3) float
        As the file has them.
    """

    molecule: str
    numbers: IntArray
    positions: FloatArray
    energy: FloatArray
    forces: FloatArray


class PairSums(NamedTuple):
    """Sums over the pairs of frames of one molecule, in the numbers' own units.

    Attributes
    ----------
    molecule, n_atoms
        The molecule.
    frames
        Number of frames, F.
    rise, work, product
        Squares of energy differences and of work, and their products: sums over pairs, over F.
    force
        Mean square of the components of forces.
    """

    molecule: str
    n_atoms: int
    frames: int
    rise: float
    work: float
    product: float
    force: float


@dataclass(frozen=True)
class Slope:
    """A slope of energies against the work of forces.

    Attributes
    ----------
    value
        The slope; 1 where energies belong to forces, negative where the sign is opposite.
    correlation
        Of energy differences and work.
    frames, molecules
        Their numbers.
    freedom
        Degrees of freedom of its error.
    """

    value: float
    correlation: float
    frames: int
    molecules: int
    freedom: int

    @property
    def error(self) -> float:
        """Standard error of the logarithm."""
        return float(np.sqrt((1 - self.correlation**2) / self.freedom))

    @property
    def slack(self) -> float:
        """Logarithm of how much less, or more, it is if one side alone has errors."""
        return -float(np.log(max(abs(self.correlation), 1e-3)))

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the slope's size."""
        width = self.slack + float(stdtrit(self.freedom, 0.975)) * self.error
        return abs(self.value) * np.exp(-width), abs(self.value) * np.exp(width)

    @property
    def sign_misfit(self) -> float:
        """Square of the deviation, in standard normal units, from a slope of no sign."""
        error = np.sqrt(max(1 - self.correlation**2, 1e-12))
        t = abs(self.correlation) * np.sqrt(self.freedom) / error
        return _squared(float(stdtr(self.freedom, -t)))

    @property
    def misfit(self) -> float:
        """Square of the deviation from 1, in standard normal units, the sign's added."""
        far = max(abs(np.log(abs(self.value))) - self.slack, 0.0)
        squared = _squared(float(stdtr(self.freedom, -far / max(self.error, 1e-6))))
        return squared + (self.sign_misfit if self.value < 0 else 0.0)

    def __str__(self) -> str:
        low, high = self.interval
        molecules = "a molecule" if self.molecules == 1 else f"{self.molecules} molecules"
        sign = "-" if self.value < 0 else ""
        return (
            f"{self.value:.3g} ({sign}{low:.3g} to {sign}{high:.3g}; {self.frames} frames of "
            f"{molecules})"
        )


def pair_sums(samples: Iterable[LabelledFrames], molecules: int) -> list[PairSums]:
    """Compare frames of molecules, until there are ``ENOUGH`` frames.

    Parameters
    ----------
    samples
        Frames of molecules; no more of them are read than are needed.
    molecules
        Number of samples; of many molecules fewer frames each are compared.
    """
    most = int(np.clip(ENOUGH // max(molecules, 1), FEW, FRAMES))
    sums: list[PairSums] = []
    for sample in samples:
        finite = np.isfinite(sample.energy) & np.isfinite(sample.forces).all(axis=(1, 2))
        kept = LabelledFrames(*sample[:2], *(part[finite] for part in sample[2:]))
        if found := _sums(kept, most):
            sums.append(found)
        if sum(one.frames for one in sums) >= ENOUGH:
            break
    return sums


def slope_of(sums: Sequence[PairSums], reading: Reading) -> Slope | None:
    """Return the slope over all molecules, in a reading; molecules count by their frames.

    Returns
    -------
    Slope or None
        None with fewer than two differences, or where energies or forces do not vary.
    """
    used = [one for one in sums if one.frames > 1]
    freedom = sum(one.frames - 1 for one in used) - 1
    rise = work = product = 0.0
    for one in used:
        by_energy, by_force = reading.energy_factor(one.n_atoms), reading.forces_factor
        # variances grow with the number of atoms
        rise += by_energy**2 * one.rise / one.n_atoms
        work += by_force**2 * one.work / one.n_atoms
        product += by_energy * by_force * one.product / one.n_atoms
    if freedom < 1 or not (rise > 0 and work > 0 and np.isfinite(rise + work)):
        return None
    correlation = float(np.clip(product / np.sqrt(rise * work), -1.0, 1.0))
    size = float(np.sqrt(rise / work))
    return Slope(
        value=-size if correlation < 0 else size,
        correlation=correlation,
        frames=sum(one.frames for one in used),
        molecules=len({one.molecule for one in used}),
        freedom=freedom,
    )


def _sums(sample: LabelledFrames, most: int = FRAMES) -> PairSums | None:
    _, numbers, positions, energy, forces = sample
    pairs = rise_and_work(numbers, positions, energy, forces, most)
    if pairs is None:
        return None
    rise, work, chosen = pairs
    frames = len(chosen)
    return PairSums(
        molecule=sample.molecule,
        n_atoms=len(sample.numbers),
        frames=frames,
        rise=float(np.sum(rise**2)) / (2 * frames),
        work=float(np.sum(work**2)) / (2 * frames),
        product=float(np.sum(rise * work)) / (2 * frames),
        force=float(np.mean(np.asarray(sample.forces[chosen], float) ** 2)),
    )


def _squared(one_sided: float) -> float:
    """Return the square of the standard normal deviation of a one-sided probability."""
    return float(min(-ndtri(min(max(one_sided, 1e-190), 0.5)), LARGEST) ** 2)
