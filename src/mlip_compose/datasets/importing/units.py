"""The units of imported numbers: those that the user gives, the file states, or numbers show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from mlip_compose.core.errors import DataError, UnknownNameError
from mlip_compose.core.records import FloatArray, IntArray
from mlip_compose.core.units import ENERGY_UNITS, FORCE_UNITS, LENGTH_UNITS
from mlip_compose.datasets.recognised_units import RecognisedUnits, recognise_units
from mlip_compose.store.formats.base import RawFrames, Units

SAME_FACTOR: Final = 0.05
"""Numbers do not tell units apart that differ by less: meV/Angstrom and kJ/mol/nm differ by 4 %."""
CLEAR_SHARE: Final = 2 / 3
"""Least share of the molecules with clear units that must have the same units."""
THERMAL_FORCES: Final = (0.1, 5.0)
"""Forces of molecules at 100 to 2,000 K, eV/Angstrom (rms of components).

In any wrong unit they are far off.
"""
POSSIBLE_FORCES: Final = (0.02, 25.0)
"""The same where the user gives units: frames need not be thermal, but have to be molecules."""
HYDROGEN_BOND: Final = (0.8, 1.5)
"""Angstrom from a hydrogen to its nearest atom: from O-H to S-H, at rest and in motion."""


@dataclass(frozen=True)
class GivenUnits:
    """Names of the units that the user gives; None leaves them to the file and the numbers."""

    energy: str | None = None
    forces: str | None = None
    length: str | None = None

    def __post_init__(self) -> None:
        for kind, name, factors in (
            ("unit of energy", self.energy, ENERGY_UNITS),
            ("unit of force", self.forces, FORCE_UNITS),
            ("unit of length", self.length, LENGTH_UNITS),
        ):
            if name is not None and name not in factors:
                raise UnknownNameError(kind, name, factors)


class Sample(NamedTuple):
    """Frames (F) of one molecule of N atoms.

    Attributes
    ----------
    numbers : (N,) int
        Atomic numbers.
    positions : (F, N, 3) float
        Angstrom.
    energy : (F,) float
        In the unit of the file.
    forces : (F, N, 3) float
        In the unit of the file.
    """

    numbers: IntArray
    positions: FloatArray
    energy: FloatArray
    forces: FloatArray


@dataclass(frozen=True)
class DecidedUnits:
    """The units that numbers are read in, such as ``kcal/mol`` and ``kcal/mol/Angstrom``.

    ``reason`` says in words why they are these.
    """

    energy: str
    forces: str
    reason: str

    @property
    def energy_factor(self) -> float:
        """Factor that turns an energy into eV."""
        return ENERGY_UNITS[self.energy]

    @property
    def forces_factor(self) -> float:
        """Factor that turns a force into eV/Angstrom."""
        return FORCE_UNITS[self.forces]


def length_unit(frames: RawFrames, given: GivenUnits) -> str:
    """Return the unit of the positions: as given or stated, else as bonds to hydrogen show.

    Raises
    ------
    DataError
        Bonds to hydrogen show another unit than the one that is given or stated.
    """
    stated = given.length or (frames.units.length if frames.units.stated else None)
    shown_by_bonds = _unit_of_bonds(frames.numbers, frames.positions[0])
    if stated and shown_by_bonds and stated != shown_by_bonds:
        factor = LENGTH_UNITS[shown_by_bonds] / LENGTH_UNITS[stated]
        raise DataError(
            f"positions of {frames.source} in {stated}",
            f"bonds to hydrogen of the length they have in {shown_by_bonds} (a factor of "
            f"{factor:.4g})",
            "Give the unit with --length-unit.",
        )
    return stated or shown_by_bonds or frames.units.length


def _unit_of_bonds(numbers: IntArray, positions: FloatArray) -> str | None:
    """Return the unit in which hydrogens are as near to an atom as bonds are long, if any."""
    hydrogens = np.flatnonzero(numbers == 1)[:100]
    if not len(hydrogens) or len(numbers) < 2:
        return None
    arms = positions[hydrogens, None] - positions[None]
    squares = (arms * arms).sum(axis=-1)
    squares[np.arange(len(hydrogens)), hydrogens] = np.inf
    ordered = np.sort(np.sqrt(squares.min(axis=1)))
    middle = len(ordered) // 2  # np.median takes as long as all the rest, for each frame
    nearest = float(ordered[middle] + ordered[~middle]) / 2
    low, high = HYDROGEN_BOND
    return next((u for u, factor in LENGTH_UNITS.items() if low < nearest * factor < high), None)


def decide_units(units: Units, given: GivenUnits, samples: Sequence[Sample]) -> DecidedUnits:
    """Decide the units of energies and forces.

    The user's units come first, then the units that the file states, then those that the numbers
    show. The custom of the format comes last, and only where forces have the size that they have in
    molecules.

    Parameters
    ----------
    units
        Units that the file states, or the custom of its format.
    given
        Units that the user gives.
    samples
        Thermal frames of several molecules; none where there are minima alone.

    Raises
    ------
    DataError
        The numbers are clearly in another unit than the one that is given or stated; or forces have
        a size in it that molecules do not have; or no unit is given and the numbers show none.
    """
    recognised = _recognised(samples)
    stated_energy = given.energy or (units.energy if units.stated else None)
    stated_forces = given.forces or (units.forces if units.stated else None)
    if recognised is not None:
        _check_stated("energies", stated_energy, recognised.energy, ENERGY_UNITS, recognised)
        _check_stated("forces", stated_forces, recognised.forces, FORCE_UNITS, recognised)
        energy, forces = stated_energy or recognised.energy, stated_forces or recognised.forces
        return DecidedUnits(energy, forces, f"recognised: {recognised.evidence}")
    energy, forces = stated_energy or units.energy, stated_forces or units.forces
    if stated_energy and not stated_forces:
        forces = f"{energy}/Angstrom"
    elif stated_forces and not stated_energy:
        energy = forces.rpartition("/")[0]
    is_stated = bool(stated_energy or stated_forces)
    size = _check_size(samples, forces, POSSIBLE_FORCES if is_stated else THERMAL_FORCES)
    return DecidedUnits(
        energy, forces, f"{'given' if is_stated else 'the custom of the format'}, {size}"
    )


def _check_stated(
    label: str,
    stated: str | None,
    recognised: str,
    factors: Mapping[str, float],
    units: RecognisedUnits,
) -> None:
    """Raise ``DataError`` where numbers show another unit than the stated one."""
    if stated is None or abs(factors[stated] / factors[recognised] - 1) <= SAME_FACTOR:
        return
    factor = factors[recognised] / factors[stated]
    raise DataError(
        f"{label} in {stated}",
        f"{label} in {recognised}, a factor of {factor:.6g}: {units.evidence}",
        "Give the unit that they are in with --energy-unit and --force-unit.",
    )


def _recognised(samples: Sequence[Sample]) -> RecognisedUnits | None:
    """Return the units that most molecules with clear units have, if so many agree."""
    votes = [units for sample in samples if (units := recognise_units(*sample)) is not None]
    if not votes:
        return None
    pairs = Counter((units.energy, units.forces) for units in votes)
    pair, count = pairs.most_common(1)[0]
    if count < CLEAR_SHARE * len(votes):
        return None
    return next(units for units in votes if (units.energy, units.forces) == pair)


def _check_size(samples: Sequence[Sample], unit: str, limits: tuple[float, float]) -> str:
    """Return the size of forces in words; raise ``DataError`` beyond limits in eV/Angstrom."""
    if not samples:
        return "minima alone"
    squares = np.concatenate([sample.forces.ravel() ** 2 for sample in samples])
    size = float(np.sqrt(squares.mean())) * FORCE_UNITS[unit]
    low, high = limits
    if not low < size < high:
        raise DataError(
            "units that are given or can be recognised",
            f"forces of {size:.3g} eV/Angstrom (rms of components) if they are in {unit}; "
            f"{low:g} to {high:g} would be right",
            "Give those they are in with --energy-unit and --force-unit.",
        )
    return f"forces are {size:.2f} eV/Angstrom (rms of components)"
