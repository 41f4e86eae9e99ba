"""The units of energies and forces, recognised from the numbers alone.

Three measures serve, none of which needs the zero of the energy:

- The mean square of the force components over the mean stiffness of organic molecules is kT, so it
  gives a temperature that grows with the square of the unit of force.
- The spread of the energies over that of as many classical oscillators gives a temperature that
  grows with the unit of energy.
- Energies against the work of the forces (``slope``) give the ratio of the two units, and the sign.

Every reading (``readings``) is held against all three: units, energies per atom, gradients in place
of forces. The answer is the one reading that fits far better than every other. Where none does,
there is no answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from mlip_compose.core.units import BOLTZMANN
from mlip_compose.datasets.readings import Reading, readings
from mlip_compose.datasets.slope import PairSums, Slope, slope_of

TYPICAL_STIFFNESS: Final = 23.0
"""Mean diagonal of the Hessian, eV/Angstrom^2; 13 to 50 in the molecules of mini-v1."""
TYPICAL_TEMPERATURE: Final = 400.0
"""K; frames of 300 and of 500 K are both near."""
FEWEST_FRAMES: Final = 8
LEAST_CORRELATION: Final = 0.5
"""Size of the correlation of energies and work below which their ratio shows nothing."""
TOLD: Final = 6.6
"""Least misfit (see ``slope``) of the opposite sign at which a sign is told: p = 0.01."""
WORST_FIT: Final = 14.0
LEAST_MARGIN: Final = 10.0
"""The best reading is taken where its misfit (a sum of squared deviations over their spread)
is below ``WORST_FIT`` and the misfit of every other one is larger by ``LEAST_MARGIN``."""

# Spreads of logarithms:
_SPREAD_TEMPERATURE: Final = 0.7  # of a temperature; 100 to 1,600 K is two of it on either side
_SPREAD_TEMPERATURES: Final = 0.6  # of the ratio of both temperatures


class Fit(NamedTuple):
    """How well numbers fit a reading.

    Attributes
    ----------
    reading, slope
        The reading, and the slope of energies against work in it.
    size_misfit
        Misfit of the sizes of forces and energies with those of thermal frames.
    temperature
        That of the spread of the energies, K.
    force
        Root mean square of the components of forces, eV/Angstrom.
    """

    reading: Reading
    slope: Slope
    size_misfit: float
    temperature: float
    force: float

    @property
    def measured_misfit(self) -> float:
        """Misfit of all measures."""
        return self.slope.misfit + self.size_misfit

    @property
    def misfit(self) -> float:
        """Misfit of all measures, and of units that are rare."""
        return self.measured_misfit + self.reading.rarity

    @property
    def evidence(self) -> str:
        """The measurements, in words."""
        return (
            f"read so, force components are {self.force:.2f} eV/Angstrom (rms), energies spread as "
            f"at {self.temperature:.0f} K and change {self.slope} times as the forces say"
        )


def fit(sums: Sequence[PairSums], reading: Reading) -> Fit | None:
    """Hold a reading against the numbers; None where they show no slope (``slope.slope_of``)."""
    slope = slope_of(sums, reading)
    if slope is None:
        return None
    frames = sum(one.frames for one in sums)
    force = sum(one.frames * one.force for one in sums) / frames * reading.forces_factor**2
    squares = sum(
        one.rise * reading.energy_factor(one.n_atoms) ** 2 / (max(3 * one.n_atoms - 6, 1) / 2)
        for one in sums
    )
    from_forces = force / TYPICAL_STIFFNESS / BOLTZMANN
    from_energies = float(np.sqrt(squares / (slope.freedom + 1))) / BOLTZMANN
    spread = np.hypot(_SPREAD_TEMPERATURES, np.sqrt(0.5 / slope.freedom))
    misfit = (np.log(from_forces / TYPICAL_TEMPERATURE) / _SPREAD_TEMPERATURE) ** 2 + (
        np.log(from_energies / from_forces) / spread
    ) ** 2
    return Fit(reading, slope, float(misfit), from_energies, float(np.sqrt(force)))


def fits(sums: Sequence[PairSums], among: Iterable[Reading] = ()) -> list[Fit]:
    """Return how readings fit, the best first; all that are usual where none are named."""
    found = [one for reading in among or readings() if (one := fit(sums, reading)) is not None]
    return sorted(found, key=lambda one: one.misfit)


def recognise(sums: Sequence[PairSums]) -> Fit | None:
    """Find the reading of labels of thermal frames of organic molecules.

    Parameters
    ----------
    sums
        Of the numbers as they are (``slope.pair_sums``).

    Returns
    -------
    Fit or None
        None where the numbers show no reading: with too few frames, energies that do not follow
        from the forces, or frames that are not thermal.

    Notes
    -----
    meV/Angstrom and kJ/mol/nm differ by 4 % only. Such forces are taken for kJ/mol/nm where the
    energies are in kJ/mol, and for meV/Angstrom otherwise.
    """
    found = fits(sums)
    if not found or sum(one.frames for one in sums) < FEWEST_FRAMES:
        return None
    if not is_told(found[0].slope):
        return None
    best, second = (
        found[0],
        next(one for one in found[1:] if one.reading.gradients == found[0].reading.gradients),
    )
    if best.misfit > WORST_FIT or second.misfit - best.misfit < LEAST_MARGIN:
        return None
    return best


def is_told(slope: Slope) -> bool:
    """Return whether energies and work go together so closely that the sign is known."""
    return slope.sign_misfit >= TOLD and abs(slope.correlation) >= LEAST_CORRELATION
