"""Energies against forces: the work that forces do between frames of one molecule.

Along a straight path in some coordinates q the energy rises by -1/2 (g1 + g2).(q2 - q1), where g
are the forces along q; this is exact where the energy is quadratic in q. Cartesian coordinates do
not serve for frames far apart, since rotors turn. Here q are the distances between atoms one, two
and three bonds apart, scaled by the stiffness that is usual for them. The forces g along q are the
smallest that, so scaled, give the Cartesian forces (the minimum-norm solution of B^T g = F).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from mlip_compose.core.host import single_threaded
from mlip_compose.core.records import FloatArray, IntArray
from mlip_compose.molecules.geometry import BONDED, covalent_sums

STIFFNESS: Final = (30.0, 6.0, 0.5)
"""Stiffness of distances over one, two and three bonds, eV/Angstrom^2; the magnitude counts."""
FRAMES: Final = 40
"""Most frames of a trajectory that are compared (all pairs of them), evenly spread."""

_RIDGE: Final = 1e-3  # eV/Angstrom^2; translations and rotations, which change no distance
_BATCH: Final = 8  # frames whose matrices are in memory together


class WorkAgreement(NamedTuple):
    """How energies and forces of one trajectory agree.

    Attributes
    ----------
    ratio
        Spread of the energy differences over that of the work: 1 where they agree.
    correlation
        Correlation of energy differences and work over pairs of frames, about zero: -1 to 1.
    residual
        Root mean square of their difference, over that of the energy differences.
    frames
        Number of frames that were compared.
    worst
        Index in the trajectory of the frame that agrees least with the others.
    """

    ratio: float
    correlation: float
    residual: float
    frames: int
    worst: int


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
    if len(energy) < 3:
        return None
    pairs = rise_and_work(numbers, positions, energy, forces)
    if pairs is None:
        return None
    rise, work, chosen = pairs
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


def evenly(available: int, most: int) -> IntArray:
    """Return at most ``most`` of the indices 0 ... available - 1, evenly spread, with both ends."""
    return np.unique(np.linspace(0, available - 1, most).round().astype(int))


@single_threaded
def rise_and_work(
    numbers: IntArray,
    positions: FloatArray,
    energy: FloatArray,
    forces: FloatArray,
    most: int = FRAMES,
) -> tuple[FloatArray, FloatArray, IntArray] | None:
    """Return the rise of the energy and the work of the forces from frame to frame.

    Parameters
    ----------
    numbers, positions, energy, forces
        See :func:`work_agreement`.
    most
        Most frames that are compared, evenly spread.

    Returns
    -------
    rise, work : (C, C) float
        From the frame of the row to that of the column; both are antisymmetric. ``work`` is that
        against the forces, so that it is the rise where energies belong to forces.
    chosen : (C,) int
        Indices of the frames that are compared.

    None in place of them where no two atoms are near each other.
    """
    chosen = evenly(len(energy), most)
    if len(energy) < 1 or len(numbers) < 2:
        return None
    energy = np.asarray(energy[chosen], dtype=np.float64)
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
    return energy[None, :] - energy[:, None], work, chosen


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
