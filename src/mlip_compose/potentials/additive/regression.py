"""Regularised linear least squares on forces, and on energies within each trajectory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from mlip_compose.core.records import FloatArray, Molecule, TrainingSet
from mlip_compose.potentials.additive.equilibrium import Equilibrium
from mlip_compose.potentials.additive.features import compute_features
from mlip_compose.potentials.additive.parameters import ParameterSpace
from mlip_compose.potentials.additive.terms import find_terms

FORCE_NOISE = 0.1  # eV/Angstrom: expected residual of a force component
ENERGY_NOISE = 0.05  # eV: expected residual of an energy
_CHUNK = 64  # frames whose features are in memory at once


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """A (P, P) and b (P,) of A x = b for the P parameters of a space."""

    matrix: FloatArray
    target: FloatArray


def accumulate(
    data: TrainingSet,
    space: ParameterSpace,
    equilibrium: Equilibrium,
    couplings: bool,
    advance: Callable[[float], None],
) -> NormalEquations:
    """Add up the normal equations of all training frames, with or without coupling terms.

    The rows are force components over ``FORCE_NOISE``, and energies over ``ENERGY_NOISE``. The mean
    over the frames of a trajectory is subtracted from its energies. The terms thus never have to
    explain the difference between two molecules, and cannot trade constants along a series.
    """
    matrix = np.zeros((space.n_columns, space.n_columns))
    target = np.zeros(space.n_columns)
    done = 0
    for frames in data.train:
        if not len(frames):
            continue
        terms = find_terms(data.molecules[frames.molecule], couplings)
        columns = space.columns_of(terms)
        local = np.zeros((len(columns), len(columns)))
        local_target = np.zeros(len(columns))
        energies = []
        for start in range(0, len(frames), _CHUNK):
            part = slice(start, start + _CHUNK)
            positions = np.asarray(frames.positions[part], dtype=np.float64)
            features = compute_features(terms, equilibrium, positions)
            rows = features.gradients.reshape(len(columns), -1) / -FORCE_NOISE
            forces = np.asarray(frames.forces[part], dtype=np.float64).transpose(1, 0, 2)
            local += rows @ rows.T
            local_target += rows @ (forces.ravel() / FORCE_NOISE)
            energies.append(features.energies)
        rows = np.concatenate(energies, axis=1)
        rows = (rows - rows.mean(axis=1, keepdims=True)) / ENERGY_NOISE
        local += rows @ rows.T
        local_target += rows @ ((frames.energy - frames.energy.mean()) / ENERGY_NOISE)
        matrix[np.ix_(columns, columns)] += local
        target[columns] += local_target
        done += len(frames)
        advance(done / data.n_train)
    half = space.sums.T @ matrix
    return NormalEquations(space.sums.T @ half.T, space.sums.T @ target)


def solve(equations: NormalEquations, space: ParameterSpace, strength: float) -> FloatArray:
    """Solve for the parameters (P,), eV.

    The solution is the mode of the posterior under a Gaussian prior: x = D y with
    (D A D + 1) y = D b, where D are the spreads of the prior over sqrt(strength).
    """
    spread = space.spread / np.sqrt(strength)
    matrix = equations.matrix * (spread[:, None] * spread)
    matrix[np.diag_indices_from(matrix)] += 1.0
    factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    solution: FloatArray = spread * cho_solve(factor, spread * equations.target)
    return solution


def misfit(
    predict: Callable[[Molecule, FloatArray], tuple[FloatArray, FloatArray]],
    data: TrainingSet,
    limit: int,
) -> tuple[float, float]:
    """Compute the error on validation frames, at most ``limit`` of them, taken evenly.

    Returns
    -------
    loss
        Mean squared force error over the square of ``FORCE_NOISE``, plus mean squared energy error
        within a trajectory over the square of ``ENERGY_NOISE``; no unit.
    forces_mae
        Mean absolute error of force components, eV/Angstrom.
    """
    total = sum(len(frames) for frames in data.validation)
    step = -(-total // limit)
    squares, absolutes, energies = [], [], []
    for frames in data.validation:
        part = slice(None, None, step)
        if not len(frames):
            continue
        energy, forces = predict(data.molecules[frames.molecule], frames.positions[part])
        error = (forces - frames.forces[part]).ravel()
        squares.append(error**2)
        absolutes.append(np.abs(error))
        shift = energy - frames.energy[part]
        energies.append((shift - shift.mean()) ** 2)
    force_loss = float(np.concatenate(squares).mean()) / FORCE_NOISE**2
    energy_loss = float(np.concatenate(energies).mean()) / ENERGY_NOISE**2
    return force_loss + energy_loss, float(np.concatenate(absolutes).mean())
