"""Langevin dynamics and relaxation by ASE, on a reference's walker."""

from __future__ import annotations

import numpy as np

from mlip_compose.core.records import Failure, FloatArray, Molecule
from mlip_compose.references.base import Reference, WalkError
from mlip_compose.sampling.protocol import SamplingProtocol

FMAX = 2e-3  # eV/Angstrom, the largest force that a relaxed minimum may have
RELAXATION_STEPS = 1000


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
    start : (N, 3) float
        Angstrom.
    n_frames
        How many frames to take, one every ``protocol.stride_steps``.

    Returns
    -------
    (n_frames, N, 3) float64 or Failure
        Angstrom, the centroid at the origin. A Failure of stage ``dynamics`` where a step could
        not be computed.
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
        Angstrom.
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
    """Centre a geometry, round it, and return exactly what single precision keeps of it.

    The label is computed for the returned values, so that what is stored is what was labelled.
    """
    centred = positions - positions.mean(axis=0)
    return np.asarray(np.round(centred, decimals), dtype=np.float32).astype(np.float64)
