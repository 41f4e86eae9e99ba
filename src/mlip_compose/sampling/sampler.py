"""The sampling of one molecule: from its graph to labelled and checked frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from mlip_compose.core.records import (
    MINIMUM,
    PRIMARY,
    SECONDARY,
    Failure,
    FloatArray,
    Frames,
    Molecule,
)
from mlip_compose.molecules.geometry import force_outliers, topology_kept
from mlip_compose.references.base import Reference
from mlip_compose.sampling.conformers import conformer_pool, draw_starts, starts_of_minimum
from mlip_compose.sampling.dynamics import relax, sample_trajectory, stored_positions
from mlip_compose.sampling.protocol import SamplingProtocol

ATTEMPTS: Final = 3
"""Most starts of a trajectory, each with other random numbers."""

MINIMUM_DECIMALS: Final = 6
"""Decimals of the positions of a minimum: fewer would leave a visible force on stiff bonds."""

SAME_ENERGY: Final = 1e-4
"""Minima that differ by less than this, in eV, are the same or mirror images."""


@dataclass(frozen=True, eq=False)
class SampledMolecule:
    """The frames of a molecule for a store.

    Attributes
    ----------
    molecule
        The molecule.
    trajectories
        Its trajectories, labelled.
    minimum
        Its relaxed minimum, one frame with the residual forces.
    rejected
        Trajectories that failed a check and were started anew, each with the reason.
    """

    molecule: Molecule
    trajectories: tuple[Frames, ...]
    minimum: Frames
    rejected: tuple[Failure, ...]


def sample_molecule(
    molecule: Molecule, reference: Reference, protocol: SamplingProtocol
) -> SampledMolecule | Failure:
    """Sample, label and check the frames of one molecule.

    Returns
    -------
    SampledMolecule or Failure
        A Failure where conformers, the relaxation or ``ATTEMPTS`` starts of a trajectory fail.
    """
    pool = conformer_pool(molecule, protocol.rng(molecule.name, "conformers"))
    if isinstance(pool, Failure):
        return pool
    minimum = relaxed_minimum(molecule, starts_of_minimum(molecule, pool), reference)
    if isinstance(minimum, Failure):
        return minimum
    names: tuple[Literal["primary", "secondary"], ...] = (PRIMARY, SECONDARY)
    starts = draw_starts(
        molecule, pool, protocol.temperature_K, protocol.rng(molecule.name, "starts")
    )
    trajectories: list[Frames] = []
    rejected: list[Failure] = []
    for name, start in zip(names, starts, strict=True):
        n_frames = protocol.frames(name, molecule)
        if n_frames == 0:
            continue
        for attempt in range(ATTEMPTS):
            rng = protocol.rng(molecule.name, name, attempt)
            outcome = _trajectory(molecule, name, start, n_frames, reference, protocol, rng)
            if isinstance(outcome, Frames):
                trajectories.append(outcome)
                break
            rejected.append(outcome)
        else:
            return rejected[-1]
    return SampledMolecule(molecule, tuple(trajectories), minimum, tuple(rejected))


def _trajectory(
    molecule: Molecule,
    name: str,
    start: FloatArray,
    n_frames: int,
    reference: Reference,
    protocol: SamplingProtocol,
    rng: np.random.Generator,
) -> Frames | Failure:
    positions = sample_trajectory(molecule, start, n_frames, reference, protocol, rng)
    if isinstance(positions, Failure):
        return positions
    kept = topology_kept(molecule, positions)
    if not kept.all():
        reason = f"bonds changed in frame {int(np.argmin(kept))} of {name}"
        return Failure("topology", molecule.name, reason, retryable=True)
    frames = _labelled(molecule, name, positions, reference)
    if isinstance(frames, Frames) and force_outliers(frames.forces).any():
        frame = int(np.argmax(force_outliers(frames.forces)))
        reason = f"a force that cannot be right in frame {frame} of {name}"
        return Failure("forces", molecule.name, reason, retryable=True)
    return frames


def relaxed_minimum(
    molecule: Molecule, starts: FloatArray, reference: Reference
) -> Frames | Failure:
    """Relax several geometries and return the lowest minimum, labelled; the first of equal ones.

    Parameters
    ----------
    starts : (K, N, 3) float
        Angstrom; at least one geometry.
    """
    outcomes = [_minimum(molecule, start, reference) for start in starts]
    minima = [outcome for outcome in outcomes if isinstance(outcome, Frames)]
    if not minima:
        return outcomes[-1]
    lowest = minima[0]
    for minimum in minima[1:]:
        if minimum.energy[0] < lowest.energy[0] - SAME_ENERGY:
            lowest = minimum
    return lowest


def _minimum(molecule: Molecule, start: FloatArray, reference: Reference) -> Frames | Failure:
    relaxed = relax(molecule, start, reference)
    if isinstance(relaxed, Failure):
        return relaxed
    positions = stored_positions(relaxed, MINIMUM_DECIMALS)[None]
    if not topology_kept(molecule, positions).all():
        return Failure("topology", molecule.name, "bonds changed in the relaxation")
    return _labelled(molecule, MINIMUM, positions, reference)


def _labelled(
    molecule: Molecule, name: str, positions: FloatArray, reference: Reference
) -> Frames | Failure:
    energies = np.empty(len(positions))
    forces = np.empty(positions.shape)
    for frame, geometry in enumerate(positions):
        label = reference.label(molecule.numbers, geometry, molecule.charge, molecule.spin)
        if isinstance(label, Failure):
            reason = f"frame {frame} of {name}: {label.reason}"
            return Failure(label.stage, molecule.name, reason, retryable=True)
        energies[frame], forces[frame] = label.energy, label.forces
    return Frames(
        molecule=molecule.name,
        trajectory=name,
        indices=np.arange(len(positions)),
        positions=positions.astype(np.float32),
        energy=energies,
        forces=forces.astype(np.float32),
    )
