"""Relax minima with a potential: from the reference's minimum to its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from mlip_compose.core.evaluating import Evaluation, Walker
from mlip_compose.core.records import RELAXED, Failure, FloatArray, Molecule, PredictedFrames
from mlip_compose.molecules.geometry import superposed_rmsd, topology_kept
from mlip_compose.potentials.base import Potential
from mlip_compose.store.reader import Store

FMAX: Final = 0.01
"""Largest force on an atom of a relaxed minimum, eV/Angstrom."""
MOST_STEPS: Final = 200


def relax(
    potential: Potential, molecule: Molecule, start: FloatArray
) -> tuple[PredictedFrames, Failure | None]:
    """Relax a molecule with a potential (BFGS).

    A relaxation has failed, and its energy and forces are NaN, where a prediction is not finite,
    the largest force is above ``FMAX`` after ``MOST_STEPS`` steps, the search breaks down, or bonds
    broke or formed. A potential without forces ends where it begins.

    Parameters
    ----------
    potential
        The potential.
    molecule
        The molecule, of N atoms.
    start : (N, 3) float
        Positions to begin at, Angstrom.

    Returns
    -------
    frames
        The trajectory ``relaxed`` with one frame and its positions. A failure has the positions of
        the last step whose prediction was finite.
    failure
        Failure of the stage ``relaxation``; None for a minimum.
    """
    from ase import Atoms
    from ase.optimize import BFGS

    atoms = Atoms(numbers=molecule.numbers, positions=np.asarray(start, dtype=np.float64))
    atoms.calc = _PotentialWalker(potential, molecule)
    last, reason = atoms.positions.copy(), f"no minimum after {MOST_STEPS} steps"
    try:
        with np.errstate(all="ignore"), BFGS(atoms, logfile=None) as optimiser:
            for converged in optimiser.irun(fmax=FMAX, steps=MOST_STEPS):
                if not np.isfinite(atoms.get_potential_energy() + atoms.get_forces().sum()):
                    reason = f"the prediction is not finite after {optimiser.nsteps} steps"
                    break
                last = atoms.positions.copy()
                if converged:
                    reason = ""
                    break
    except np.linalg.LinAlgError:  # forces that no curvature explains
        reason = f"the search for a minimum broke down after {optimiser.nsteps} steps"
    if not reason and not topology_kept(molecule, last[None]).all():
        reason = "bonds broke or formed"
    energy = np.array([np.nan if reason else atoms.get_potential_energy()])
    forces = np.full_like(last, np.nan) if reason else atoms.get_forces()
    frames = PredictedFrames(
        molecule.name, RELAXED, np.zeros(1, dtype=np.int32), energy, forces[None], last[None]
    )
    return frames, Failure("relaxation", molecule.name, reason) if reason else None


def relax_minima(
    potential: Potential, store: Store, names: Iterable[str]
) -> tuple[list[PredictedFrames], dict[str, str]]:
    """Relax molecules from the minima of a store; those without one are passed over.

    Returns
    -------
    frames
        The trajectory ``relaxed`` of each molecule.
    failed
        Reasons of the failed relaxations, by molecule.
    """
    relaxed, failed = [], {}
    for name in names:
        if store.has_minimum(name):
            frames, failure = relax(
                potential, store.molecules[name], store.minimum(name).positions[0]
            )
            relaxed.append(frames)
            if failure is not None:
                failed[name] = failure.reason
    return relaxed, failed


def relaxed_rmsd(relaxed: PredictedFrames, store: Store) -> float | None:
    """Return the distance of a relaxed minimum from the store's, superposed, in Angstrom.

    None for a failed relaxation.
    """
    if relaxed.positions is None or not np.isfinite(relaxed.energy).all():
        return None
    reference = store.minimum(relaxed.molecule).positions[0]
    return superposed_rmsd(
        relaxed.positions[0].astype(np.float64), np.asarray(reference, dtype=np.float64)
    )


class _PotentialWalker(Walker):
    """A potential, asked one geometry of a molecule at a time."""

    def __init__(self, potential: Potential, molecule: Molecule) -> None:
        super().__init__()
        self._potential, self._molecule = potential, molecule

    def compute(self, atoms: Any) -> Evaluation:
        energy, forces = self._potential.predict(self._molecule, atoms.positions.copy()[None])
        return Evaluation(float(energy[0]), np.asarray(forces[0], dtype=np.float64))
