"""The units of imported numbers: those that the user gives, the file states, or numbers show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mlip_compose.core.errors import DataError, UnknownNameError
from mlip_compose.core.records import FloatArray, IntArray
from mlip_compose.core.units import ENERGY_UNITS, FORCE_UNITS, LENGTH_UNITS, MILLI
from mlip_compose.datasets.proof import Proof, diagnosis, divided, prove
from mlip_compose.datasets.readings import Reading
from mlip_compose.datasets.recognised_units import Fit, recognise
from mlip_compose.datasets.slope import PairSums
from mlip_compose.store.formats.base import RawFrames, Units

SAME_FACTOR: Final = 0.05
"""Numbers do not tell units apart that differ by less: meV/Angstrom and kJ/mol/nm differ by 4 %."""
UNIT_OPTIONS: Final = "--energy-unit and --force-unit"
THERMAL_FORCES: Final = (0.1, 5.0)
"""Forces of molecules at 100 to 2,000 K, eV/Angstrom (rms of components).

In any wrong unit they are far off.
"""
POSSIBLE_FORCES: Final = (0.02, 15.0)
"""The same where the user gives units: frames need not be thermal, but have to be molecules."""
HYDROGEN_BOND: Final = (0.8, 1.5)
"""Angstrom from a hydrogen to its nearest atom: from O-H to S-H, at rest and in motion."""


@dataclass(frozen=True)
class GivenUnits:
    """What the user says of the numbers; None leaves a unit to the file and the numbers.

    Attributes
    ----------
    energy, forces, length
        Names of units.
    gradients
        Whether the numbers under the name of forces are gradients.
    per_atom
        Whether energies are divided by the number of atoms.
    unproved
        Whether numbers are taken as they are said to be although energies do not follow from
        forces.
    """

    energy: str | None = None
    forces: str | None = None
    length: str | None = None
    gradients: bool = False
    per_atom: bool = False
    unproved: bool = False

    def __post_init__(self) -> None:
        for kind, name, factors in (
            ("unit of energy", self.energy, ENERGY_UNITS),
            ("unit of force", self.forces, FORCE_UNITS),
            ("unit of length", self.length, LENGTH_UNITS),
        ):
            if name is not None and name not in factors:
                raise UnknownNameError(kind, name, factors)


@dataclass(frozen=True)
class DecidedUnits:
    """What the numbers are read as.

    Attributes
    ----------
    reading
        Units, such as ``kcal/mol`` and ``kcal/mol/Angstrom``, and quantities.
    reason
        Why they are these, in words.
    proof
        What the numbers say of it.
    """

    reading: Reading
    reason: str
    proof: Proof

    def __str__(self) -> str:
        return f"{self.reading}: {self.reason}"


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


def customary(units: Units) -> DecidedUnits:
    """Return the units that a file states, or the custom of its format, unproved."""
    reading = Reading(units.energy, units.forces)
    return DecidedUnits(reading, "not decided", Proof(reading, None, "not measured"))


def decide_units(units: Units, given: GivenUnits, sums: Sequence[PairSums]) -> DecidedUnits:
    """Decide what energies and forces are, and in which units.

    The user's units come first, then the units that the file states, then those that the numbers
    show. The custom of the format comes last, and only where energies follow from forces in it, and
    forces have the size that they have in molecules.

    Parameters
    ----------
    units
        Units that the file states, or the custom of its format.
    given
        What the user says.
    sums
        Of frames of several molecules; none where there are minima alone.

    Raises
    ------
    DataError
        Energies do not follow from the forces that are given, stated or customary; or forces have
        a size that molecules do not have; or no unit is given and the numbers show none.
    """
    seen = recognise(sums)
    stated = (
        given.energy or (units.energy if units.stated else None),
        given.forces or (units.forces if units.stated else None),
    )
    energy, forces = _completed(stated, units, seen)
    claim = Reading(energy, forces, given.gradients, given.per_atom)
    proof = prove(sums, claim)
    if proof.proved is False and not given.unproved:
        if seen is not None and seen.reading.is_plain == claim.is_plain:
            _check_stated("energies", stated[0], seen.reading.energy, ENERGY_UNITS, seen)
            _check_stated("forces", stated[1], seen.reading.forces, FORCE_UNITS, seen)
        expected = f"energies and forces that belong together, read as {claim}"
        raise DataError(expected, diagnosis(proof), _remedy(proof))
    is_stated = any(stated)
    if seen is not None and proof.proved:
        return DecidedUnits(claim, f"recognised: {seen.evidence}", proof)
    slips = None if seen or is_stated else divided(sums)
    size = _check_size(sums, claim, POSSIBLE_FORCES if is_stated else THERMAL_FORCES, slips)
    if not (is_stated or proof.proved or given.unproved):
        raise DataError(
            "units that are given or can be recognised",
            f"numbers that show none ({proof.found})",
            f"Give those they are in with {UNIT_OPTIONS}, such as {_options(energy, forces)}.",
        )
    return DecidedUnits(
        claim, f"{'given' if is_stated else 'the custom of the format'}, {size}", proof
    )


def _completed(
    stated: tuple[str | None, str | None], units: Units, seen: Fit | None
) -> tuple[str, str]:
    """Return the units of energies and forces where one of them, or none, is stated."""
    energy, forces = stated
    if seen is not None:
        return energy or seen.reading.energy, forces or seen.reading.forces
    if energy and not forces:
        return energy, f"{energy}/Angstrom"
    if forces and not energy:
        return forces.rpartition("/")[0], forces
    return energy or units.energy, forces or units.forces


def _check_stated(
    label: str, stated: str | None, recognised: str, factors: Mapping[str, float], seen: Fit
) -> None:
    """Raise ``DataError`` where numbers show another unit than the stated one."""
    if stated is None or abs(factors[stated] / factors[recognised] - 1) <= SAME_FACTOR:
        return
    factor = factors[recognised] / factors[stated]
    raise DataError(
        f"{label} in {stated}",
        f"{label} in {recognised}, a factor of {factor:.6g}: {seen.evidence}",
        f"Give the unit that they are in with {UNIT_OPTIONS}.",
    )


def _remedy(proof: Proof) -> str:
    """Return the options that take labels as they were found to be, or as they are said to be."""
    as_said = "--unproved takes them as they are said to be."
    if not proof.explained_by:
        return f"Look how they were converted, and give their units with {UNIT_OPTIONS}; {as_said}"
    reading, claim = proof.explained_by[0], proof.claim
    options = []
    if reading.gradients != claim.gradients:
        options.append(f"--forces-are {'gradients' if reading.gradients else 'forces'}")
    if reading.per_atom != claim.per_atom:
        options.append(f"--energies-are {'per-atom' if reading.per_atom else 'total'}")
    if (reading.energy, reading.forces) != (claim.energy, claim.forces):
        options.append(_options(reading.energy, reading.forces))
    return f"Add {' '.join(options)} where that is so; {as_said}"


def _options(energy: str, forces: str) -> str:
    return f"--energy-unit {energy} --force-unit {forces}"


def _check_size(
    sums: Sequence[PairSums], claim: Reading, limits: tuple[float, float], slip: Reading | None
) -> str:
    """Return the size of forces in words; raise ``DataError`` beyond limits in eV/Angstrom."""
    frames = sum(one.frames for one in sums)
    if not frames:
        return "minima alone"
    square = sum(one.frames * one.force for one in sums) / frames
    size = float(np.sqrt(square)) * abs(claim.forces_factor)
    low, high = limits
    if not low < size < high:
        found = (
            f"forces of {size:.3g} eV/Angstrom (rms of components) if they are in {claim.forces}; "
            f"{low:g} to {high:g} would be right"
        )
        if slip is not None:
            by = abs(slip.forces_factor)
            found += (
                f". No unit that people use is right: it is as if {slip.energy} had been divided "
                f"by {ENERGY_UNITS[slip.energy]:.4g} where they had to be multiplied, so that "
                f"numbers are {1 / by:.4g} times eV, {MILLI / by:.2g} times meV"
            )
        raise DataError(
            "units that are given or can be recognised",
            found,
            f"Give those they are in with {UNIT_OPTIONS}, or convert them anew.",
        )
    return f"forces are {size:.2f} eV/Angstrom (rms of components)"
