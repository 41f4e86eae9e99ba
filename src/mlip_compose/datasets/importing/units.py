"""In which units imported numbers are: as given, as the file says, or as the numbers say."""

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
"""Units that differ by less are not told apart by numbers: meV/Angstrom and kJ/mol/nm."""
CLEAR_SHARE: Final = 2 / 3
"""Of the molecules whose units are clear, at least so many must say the same."""
THERMAL_FORCES: Final = (0.1, 5.0)
"""eV/Angstrom (rms of components): molecules at 100 to 2,000 K, and any other unit is far off."""
POSSIBLE_FORCES: Final = (0.02, 25.0)
"""The same for units that are given: far from thermal, but not beyond molecules."""
HYDROGEN_BOND: Final = (0.8, 1.5)
"""Angstrom; from a hydrogen to its nearest atom, O-H to S-H, at rest and in motion."""


@dataclass(frozen=True)
class GivenUnits:
    """Names of the units that the user gives; None leaves them to the file and the numbers."""

    energy: str | None = None
    forces: str | None = None
    length: str | None = None

    def __post_init__(self) -> None:
        for kind, name, known in (
            ("unit of energy", self.energy, ENERGY_UNITS),
            ("unit of force", self.forces, FORCE_UNITS),
            ("unit of length", self.length, LENGTH_UNITS),
        ):
            if name is not None and name not in known:
                raise UnknownNameError(kind, name, known)


class Sample(NamedTuple):
    """Some frames of one molecule, positions in Angstrom, labels as read."""

    numbers: IntArray
    positions: FloatArray
    energy: FloatArray
    forces: FloatArray


@dataclass(frozen=True)
class DecidedUnits:
    """The units that numbers are read in, and why."""

    energy: str
    forces: str
    reason: str

    @property
    def energy_factor(self) -> float:
        """What an energy is multiplied by to be in eV."""
        return ENERGY_UNITS[self.energy]

    @property
    def forces_factor(self) -> float:
        """What a force is multiplied by to be in eV/Angstrom."""
        return FORCE_UNITS[self.forces]


def length_unit(frames: RawFrames, given: GivenUnits) -> str:
    """Return the unit of the positions: as given or stated, else as bonds to hydrogen say.

    Raises
    ------
    DataError
        Bonds to hydrogen say another unit than the one that is given or stated.
    """
    said = given.length or (frames.units.length if frames.units.stated else None)
    found = _length_of_bonds(frames.numbers, frames.positions[0])
    if said and found and said != found:
        factor = LENGTH_UNITS[found] / LENGTH_UNITS[said]
        raise DataError(
            f"positions of {frames.source} in {said}",
            f"bonds to hydrogen of the length they have in {found} (a factor of {factor:.4g})",
            "Give the unit with --length-unit.",
        )
    return said or found or frames.units.length


def _length_of_bonds(numbers: IntArray, positions: FloatArray) -> str | None:
    hydrogens = np.flatnonzero(numbers == 1)[:100]
    if not len(hydrogens) or len(numbers) < 2:
        return None
    distances = np.linalg.norm(positions[hydrogens, None] - positions[None], axis=-1)
    distances[np.arange(len(hydrogens)), hydrogens] = np.inf
    nearest = float(np.median(distances.min(axis=1)))
    low, high = HYDROGEN_BOND
    return next((u for u, factor in LENGTH_UNITS.items() if low < nearest * factor < high), None)


def decide_units(units: Units, given: GivenUnits, samples: Sequence[Sample]) -> DecidedUnits:
    """Decide the units of energies and forces.

    What is given counts before what the file states, that before what the numbers say, and that
    before the custom of the format, which is taken only where forces have the size that they have
    in molecules.

    Parameters
    ----------
    units
        What the file states, or the custom of its format.
    given
        What the user gives.
    samples
        Thermal frames of some molecules; none where there are minima alone.

    Raises
    ------
    DataError
        The numbers are clearly in another unit than the one that is given or stated, or forces have
        a size in it that molecules do not have; or no unit is given and the numbers do not say it.
    """
    recognised = _recognised(samples)
    said_energy = given.energy or (units.energy if units.stated else None)
    said_forces = given.forces or (units.forces if units.stated else None)
    if recognised is not None:
        _agree("energies", said_energy, recognised.energy, ENERGY_UNITS, recognised.evidence)
        _agree("forces", said_forces, recognised.forces, FORCE_UNITS, recognised.evidence)
        energy, forces = said_energy or recognised.energy, said_forces or recognised.forces
        return DecidedUnits(energy, forces, f"recognised: {recognised.evidence}")
    energy, forces = said_energy or units.energy, said_forces or units.forces
    if said_energy and not said_forces:
        forces = f"{energy}/Angstrom"
    elif said_forces and not said_energy:
        energy = forces.rpartition("/")[0]
    is_said = bool(said_energy or said_forces)
    size = _check_size(samples, forces, POSSIBLE_FORCES if is_said else THERMAL_FORCES)
    return DecidedUnits(
        energy, forces, f"{'given' if is_said else 'the custom of the format'}, {size}"
    )


def _agree(
    what: str, said: str | None, found: str, factors: Mapping[str, float], evidence: str
) -> None:
    """Raise ``DataError`` where the unit that is said is another than the one that was found."""
    if said is None or abs(factors[said] / factors[found] - 1) <= SAME_FACTOR:
        return
    raise DataError(
        f"{what} in {said}",
        f"{what} in {found}, a factor of {factors[found] / factors[said]:.6g}: {evidence}",
        "Give the unit that they are in with --energy-unit and --force-unit.",
    )


def _recognised(samples: Sequence[Sample]) -> RecognisedUnits | None:
    found = [units for sample in samples if (units := recognise_units(*sample)) is not None]
    if not found:
        return None
    pairs = Counter((units.energy, units.forces) for units in found)
    pair, count = pairs.most_common(1)[0]
    if count < CLEAR_SHARE * len(found):
        return None
    return next(units for units in found if (units.energy, units.forces) == pair)


def _check_size(samples: Sequence[Sample], unit: str, limits: tuple[float, float]) -> str:
    """Return how large forces are, in words, where they are between limits in eV/Angstrom."""
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
