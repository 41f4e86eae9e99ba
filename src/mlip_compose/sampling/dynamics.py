"""Langevin dynamics and relaxation by ASE, with the walker of a reference."""

from __future__ import annotations

from typing import Final

import numpy as np

from mlip_compose.core.records import Failure, FloatArray, Molecule
from mlip_compose.references.base import Reference, WalkError
from mlip_compose.sampling.protocol import SamplingProtocol

FMAX: Final = 2e-3
"""Largest force on an atom of a relaxed minimum, eV/Angstrom."""
RELAXATION_STEPS: Final = 1000


def sample_trajectory(
    molecule: Molecule,
    start: FloatArray,
    n_frames: int,
    reference: Reference,
    protocol: SamplingProtocol,
    rng: np.random.Generator,
) -> FloatArray | Failure:
    """Run Langevin dynamics and return its frames, centred and rounded.

    Parameters
    ----------
    molecule
        A molecule of N atoms.
    start : (N, 3) float
        Angstrom.
    n_frames
        Number of frames, one every ``protocol.stride_steps``.
    reference
        The level of theory of the forces.
    protocol
        Temperature, time step, friction and stride.
    rng
        Random numbers of velocities and of the thermostat.

    Returns
    -------
    (n_frames, N, 3) float64 or Failure
        Angstrom, the centroid at the origin. A Failure of stage ``dynamics`` where a step cannot be
        computed.
    """
    from ase import Atoms, units
    from ase.md.langevinbaoab import LangevinBAOAB
    from ase.md.velocitydistribution import thermalize_momenta

    atoms = Atoms(numbers=molecule.numbers, positions=start)
    masses = atoms.get_masses()
    masses[molecule.numbers == 1] = protocol.hydrogen_mass_u
    atoms.set_masses(masses)
    thermalize_momenta(atoms, temperature_K=protocol.temperature_K, rng=rng)
    atoms.calc = reference.walker(molecule.numbers, molecule.charge, molecule.spin)
    frames = np.empty((n_frames, molecule.n_atoms, 3))
    try:
        dynamics = LangevinBAOAB(
            atoms,
            timestep=protocol.timestep_fs * units.fs,
            temperature_K=protocol.temperature_K,
            T_tau=protocol.friction_time_fs * units.fs,
            rng=rng,
        )
        dynamics.run(protocol.equilibration_steps)
        for frame in range(n_frames):
            dynamics.run(protocol.stride_steps)
            frames[frame] = stored_positions(atoms.positions, protocol.position_decimals)
    except WalkError as error:
        return Failure("dynamics", molecule.name, str(error), retryable=True)
    return frames


def relax(molecule: Molecule, start: FloatArray, reference: Reference) -> FloatArray | Failure:
    """Relax a geometry to a minimum with forces below ``FMAX`` (BFGS).

    Returns
    -------
    (N, 3) float64 or Failure
        Angstrom. A Failure of stage ``relaxation`` where a step cannot be computed, or the forces
        are too large after ``RELAXATION_STEPS``.
    """
    from ase import Atoms
    from ase.optimize import BFGS

    atoms = Atoms(numbers=molecule.numbers, positions=start)
    atoms.calc = reference.walker(molecule.numbers, molecule.charge, molecule.spin)
    try:
        converged = BFGS(atoms, logfile=None).run(fmax=FMAX, steps=RELAXATION_STEPS)
    except WalkError as error:
        return Failure("relaxation", molecule.name, str(error))
    if not converged:
        reason = f"not below {FMAX} eV/Angstrom after {RELAXATION_STEPS} steps"
        return Failure("relaxation", molecule.name, reason)
    return np.asarray(atoms.positions)


def stored_positions(positions: FloatArray, decimals: int) -> FloatArray:
    """Return a geometry as it is stored: centred, rounded, and in single precision.

    The label is computed for the returned values, so that stored positions and labels belong
    together to the last bit.
    """
    centred = positions - positions.mean(axis=0)
    return np.asarray(np.round(centred, decimals), dtype=np.float32).astype(np.float64)
