"""The units of energies and forces, recognised from the numbers alone.

Three measures serve, none of which needs the zero of the energy:

- The mean square of the force components over the mean stiffness of organic molecules is kT, so it
  gives a temperature that grows with the square of the unit of force.
- The spread of the energies over that of as many classical oscillators gives a temperature that
  grows with the unit of energy.
- Energies against the work of the forces (``work_of_forces``) give the ratio of the two units.

The answer is the pair of units that fits all three far better than every other pair. Where no pair
does, there is no answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from mlip_compose.core.records import FloatArray, IntArray
from mlip_compose.core.units import BOLTZMANN, ENERGY_UNITS, FORCE_UNITS
from mlip_compose.datasets.work_of_forces import work_agreement

TYPICAL_STIFFNESS: Final = 23.0
"""Mean diagonal of the Hessian, eV/Angstrom^2; 13 to 50 in the molecules of mini-v1."""
TYPICAL_TEMPERATURE: Final = 400.0
"""K; frames of 300 and of 500 K are both near."""
FEWEST_FRAMES: Final = 8
LEAST_CORRELATION: Final = 0.6
"""Correlation of energies and work below which their ratio shows nothing."""
WORST_FIT: Final = 14.0
LEAST_MARGIN: Final = 10.0
"""The best pair of units is taken where its misfit (a sum of squared deviations over their spread)
is below ``WORST_FIT`` and the misfit of every other pair is larger by ``LEAST_MARGIN``."""

# Spreads of logarithms:
_SPREAD_TEMPERATURE: Final = 0.7  # of a temperature; 100 to 1,600 K is two of it on either side
_SPREAD_TEMPERATURES: Final = 0.6  # of the ratio of both temperatures
_SPREAD_WORK: Final = 0.15  # of energies over work, with many frames
_SPREAD_WORK_FEW: Final = 0.8  # and this over their number in addition


@dataclass(frozen=True)
class RecognisedUnits:
    """The units of energies and forces.

    Attributes
    ----------
    energy, forces
        Names, as in ``units.ENERGY_UNITS`` and ``units.FORCE_UNITS``.
    energy_factor, forces_factor
        Factors that turn energies into eV and forces into eV/Angstrom.
    evidence
        The measurements that show these units, in words.
    """

    energy: str
    forces: str
    energy_factor: float
    forces_factor: float
    evidence: str


def recognise_units(
    numbers: IntArray, positions: FloatArray, energy: FloatArray, forces: FloatArray
) -> RecognisedUnits | None:
    """Find the units of energies and forces of thermal frames of one organic molecule.

    Parameters
    ----------
    numbers : (N,) int
        Atomic numbers.
    positions : (F, N, 3) float
        Angstrom.
    energy : (F,) float
        Energies of unknown unit, with any zero.
    forces : (F, N, 3) float
        Forces of unknown unit.

    Returns
    -------
    RecognisedUnits or None
        None where the numbers show no unit: with fewer than ``FEWEST_FRAMES`` frames, energies that
        do not follow from the forces, or frames that are not thermal.

    Notes
    -----
    meV/Angstrom and kJ/mol/nm differ by 4 % only. Such forces are taken for kJ/mol/nm where the
    energies are in kJ/mol, and for meV/Angstrom otherwise. No other unit per nm is looked for.
    """
    energy = np.asarray(energy, dtype=np.float64)
    forces = np.asarray(forces, dtype=np.float64)
    if len(energy) < FEWEST_FRAMES or not (np.isfinite(energy).all() and np.isfinite(forces).all()):
        return None
    agreement = work_agreement(numbers, positions, energy, forces)
    if agreement is None or agreement.correlation < LEAST_CORRELATION:
        return None
    size = float(np.sqrt(np.mean(forces**2)))
    degrees = max(3 * len(numbers) - 6, 1)
    spread = float(np.std(energy, ddof=1)) / np.sqrt(degrees / 2)
    spread_work = _SPREAD_WORK + _SPREAD_WORK_FEW / agreement.frames
    fits = []
    for energy_unit, force_unit in _pairs():
        by_energy, by_force = ENERGY_UNITS[energy_unit], FORCE_UNITS[force_unit]
        from_forces = (size * by_force) ** 2 / TYPICAL_STIFFNESS / BOLTZMANN
        from_energies = spread * by_energy / BOLTZMANN
        ratio = agreement.ratio * by_energy / by_force
        misfit = (
            (np.log(from_forces / TYPICAL_TEMPERATURE) / _SPREAD_TEMPERATURE) ** 2
            + (np.log(from_energies / from_forces) / _SPREAD_TEMPERATURES) ** 2
            + (np.log(ratio) / spread_work) ** 2
        )
        fits.append((float(misfit), energy_unit, force_unit, from_energies, ratio))
    fits.sort()
    misfit, energy_unit, force_unit, temperature, ratio = fits[0]
    if misfit > WORST_FIT or fits[1][0] - misfit < LEAST_MARGIN:
        return None
    rms = size * FORCE_UNITS[force_unit]
    return RecognisedUnits(
        energy=energy_unit,
        forces=force_unit,
        energy_factor=ENERGY_UNITS[energy_unit],
        forces_factor=FORCE_UNITS[force_unit],
        evidence=(
            f"read so, force components are {rms:.2f} eV/Angstrom (rms), energies spread as at "
            f"{temperature:.0f} K and change {ratio:.2f} times as the forces say "
            f"({agreement.frames} frames)"
        ),
    )


def _pairs() -> Iterator[tuple[str, str]]:
    """Yield the pairs of units that numbers tell apart."""
    for energy_unit in ENERGY_UNITS:
        for force_unit in FORCE_UNITS:
            kilojoules = energy_unit == "kJ/mol"
            if force_unit.endswith("/nm") and not (kilojoules and force_unit == "kJ/mol/nm"):
                continue
            if kilojoules and force_unit == "meV/Angstrom":
                continue
            yield energy_unit, force_unit
