"""Units from the numbers alone: the size of forces, and energies against the work of forces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from mlip_compose.core.host import single_threaded
from mlip_compose.core.records import FloatArray, IntArray
from mlip_compose.core.units import BOLTZMANN, ENERGY_UNITS, FORCE_UNITS
from mlip_compose.molecules.geometry import BONDED, covalent_sums

STIFFNESS: Final = (30.0, 6.0, 0.5)
"""eV/Angstrom^2, of distances over one, two and three bonds; the order of magnitude counts."""
FRAMES: Final = 40
"""No more frames of a trajectory are compared (all pairs of them), evenly taken."""

_RIDGE: Final = 1e-3  # eV/Angstrom^2; translations and rotations, which change no distance
_BATCH: Final = 8  # frames whose matrices are in memory together


class WorkAgreement(NamedTuple):
    """How energies and forces of one trajectory agree.

    Attributes
    ----------
    ratio
        Spread of the energy differences over that of the work: 1 where they agree.
    correlation
        Of energy differences and work over pairs of frames, about zero: -1 to 1.
    residual
        Root mean square of their difference, over that of the energy differences.
    frames
        How many were compared.
    worst
        The frame that agrees least with the others, as an index into the trajectory.
    """

    ratio: float
    correlation: float
    residual: float
    frames: int
    worst: int


@single_threaded
def work_agreement(
    numbers: IntArray, positions: FloatArray, energy: FloatArray, forces: FloatArray
) -> WorkAgreement | None:
    """Compare the energies of frames with the work of their forces, over all pairs of frames.

    Parameters
    ----------
    numbers : (N,) int
        Atomic numbers.
    positions : (F, N, 3) float
        Angstrom.
    energy : (F,) float
        Any unit.
    forces : (F, N, 3) float
        Any unit of force; ``ratio`` is then in the unit of energy over unit of force x Angstrom.

    Returns
    -------
    WorkAgreement or None
        None where there are fewer than three frames, or energies or forces do not vary.

    Notes
    -----
    On the 254 molecules of mini-v1 (GFN2-xTB, 500 K) the ratio is 0.86 to 1.13 over 40 frames and
    0.56 to 1.35 over 8; the correlation is above 0.76 and 0.5.
    """
    chosen = np.unique(np.linspace(0, len(energy) - 1, FRAMES).round().astype(int))
    if len(energy) < 3 or len(numbers) < 2:
        return None
    energy = np.asarray(energy, dtype=np.float64)[chosen]
    with np.errstate(divide="ignore", invalid="ignore"):  # two atoms in one place
        q, g = _distances_and_forces(
            numbers, np.asarray(positions[chosen], float), np.asarray(forces[chosen], float)
        )
    if not q.shape[1]:
        return None
    own = np.einsum("fk,fk->f", g, q)
    cross = g @ q.T
    # -1/2 (g_i + g_j).(q_j - q_i), antisymmetric in i and j
    work = -0.5 * (cross - cross.T - own[:, None] + own[None, :])
    rise = energy[None, :] - energy[:, None]
    over_work, over_rise = float(np.sum(work**2)), float(np.sum(rise**2))
    if not (np.isfinite(over_work + over_rise) and over_work > 0 and over_rise > 0):
        return None
    ratio = float(np.sqrt(over_rise / over_work))
    off = rise - ratio * work
    return WorkAgreement(
        ratio=ratio,
        correlation=float(np.sum(work * rise) / np.sqrt(over_work * over_rise)),
        residual=float(np.sqrt(np.sum(off**2) / over_rise)),
        frames=len(chosen),
        worst=int(chosen[np.argmax(np.sum(off**2, axis=1))]),
    )


def _distances_and_forces(
    numbers: IntArray, positions: FloatArray, forces: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the scaled distances and the forces along them, both (F, K)."""
    first, second, stiffness = _near_in_bonds(numbers, positions[0])
    scale = np.sqrt(stiffness)
    n_frames, n_atoms, _ = positions.shape
    along = positions[:, first] - positions[:, second]
    distance = np.linalg.norm(along, axis=-1)
    unit = along / distance[..., None] * scale[:, None]
    rows = np.arange(len(first))
    g = np.empty(distance.shape)
    for start in range(0, n_frames, _BATCH):
        part = slice(start, min(start + _BATCH, n_frames))
        b = np.zeros((part.stop - start, len(first), n_atoms, 3))
        b[:, rows, first] = unit[part]
        b[:, rows, second] = -unit[part]
        b = b.reshape(len(b), len(first), 3 * n_atoms)
        hessian = b.transpose(0, 2, 1) @ b + _RIDGE * np.eye(3 * n_atoms)
        g[part] = (b @ np.linalg.solve(hessian, forces[part].reshape(len(b), -1, 1)))[..., 0]
    return distance * scale, g


def _near_in_bonds(
    numbers: IntArray, positions: FloatArray
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the pairs of atoms at most three bonds apart, and the stiffness of each."""
    distance = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    step = distance < BONDED * covalent_sums(numbers)  # an atom is near itself
    reach = np.eye(len(numbers), dtype=bool)
    bonds_apart = np.where(reach, 0, len(STIFFNESS) + 1)
    for bonds in range(1, len(STIFFNESS) + 1):
        reach = (reach.astype(int) @ step.astype(int)) > 0
        bonds_apart[reach & (bonds_apart > len(STIFFNESS))] = bonds
    first, second = np.triu_indices(len(numbers), k=1)
    near = bonds_apart[first, second] <= len(STIFFNESS)
    first, second = first[near], second[near]
    return first, second, np.array(STIFFNESS)[bonds_apart[first, second] - 1]


TYPICAL_STIFFNESS: Final = 23.0
"""eV/Angstrom^2, the mean diagonal of the Hessian; 13 to 50 in the molecules of mini-v1."""
TYPICAL_TEMPERATURE: Final = 400.0
"""K; frames of 300 and of 500 K are both near."""
FEWEST_FRAMES: Final = 8
LEAST_CORRELATION: Final = 0.6
"""Of energies and work, below which their ratio says nothing."""
WORST_FIT: Final = 14.0
LEAST_MARGIN: Final = 10.0
"""The best pair of units is taken where its misfit (a sum of squared deviations over their spread)
is below ``WORST_FIT`` and that of any other pair larger by ``LEAST_MARGIN``."""

_SPREAD_TEMPERATURE: Final = 0.7  # of the logarithm; 100 to 1,600 K is two of it
_SPREAD_TEMPERATURES: Final = 0.6  # of the logarithm of their ratio
_SPREAD_WORK: Final = 0.15  # of the logarithm, with many frames
_SPREAD_WORK_FEW: Final = 0.8  # and this over their number


@dataclass(frozen=True)
class RecognisedUnits:
    """The units that energies and forces are in.

    Attributes
    ----------
    energy, forces
        Names, as in ``units.ENERGY_UNITS`` and ``units.FORCE_UNITS``.
    energy_factor, forces_factor
        What values are multiplied by to be in eV and eV/Angstrom.
    evidence
        The measurements that say so, in words.
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
        Of unknown unit, with any zero.
    forces : (F, N, 3) float
        Of unknown unit.

    Returns
    -------
    RecognisedUnits or None
        None where the numbers do not say: fewer than ``FEWEST_FRAMES`` frames, energies that do
        not follow from the forces, or frames that are not thermal.

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
    """Yield the pairs of units that can be told apart."""
    for energy_unit in ENERGY_UNITS:
        for force_unit in FORCE_UNITS:
            kilojoules = energy_unit == "kJ/mol"
            if force_unit.endswith("/nm") and not (kilojoules and force_unit == "kJ/mol/nm"):
                continue
            if kilojoules and force_unit == "meV/Angstrom":
                continue
            yield energy_unit, force_unit
