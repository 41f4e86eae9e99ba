"""Features of a molecule's frames, in which energies and forces are linear.

T counts terms, U types, K functions of a kind, S coordinates of a term, F frames, N atoms. The
columns of a molecule are the functions of its types, kind by kind: type after type, K for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from mlip_compose.core.records import FloatArray, IntArray
from mlip_compose.potentials.additive.coordinates import Coordinates, measure
from mlip_compose.potentials.additive.equilibrium import Equilibrium
from mlip_compose.potentials.additive.term_kinds import SCALES
from mlip_compose.potentials.additive.terms import TermBlock, Terms


@dataclass(frozen=True, eq=False)
class Features:
    """Features of F frames of a molecule, C columns.

    Attributes
    ----------
    energies : (C, F)
        Sum of each function over the terms of its type, no unit.
    gradients : (C, N, F, 3)
        Derivatives of the sums with respect to positions, per Angstrom.
    """

    energies: FloatArray
    gradients: FloatArray


def compute_features(terms: Terms, equilibrium: Equilibrium, positions: FloatArray) -> Features:
    """Compute every column for frames of a molecule with positions (F, N, 3), Angstrom."""
    n_frames, n_atoms = positions.shape[:2]
    coordinates = measure(terms.topology, positions)
    energies, gradients = [], []
    for block, values, slopes in _evaluate(terms, equilibrium, coordinates):
        kind, n_types, n_terms = block.kind, len(block.types), len(block.type_of)
        n_functions = len(kind.quantities)
        of_type = _selection(block.type_of, np.arange(n_terms), n_types, n_terms)
        energy = np.empty((n_types, n_functions, n_frames))
        gradient = np.zeros((n_types, n_functions, n_atoms, n_frames * 3))
        for k in range(n_functions):
            energy[:, k] = of_type @ values[k]
        for s, sort in enumerate(kind.coordinates):
            index = block.slots[:, s]
            atoms = coordinates[sort].atoms[index]
            target = (block.type_of[:, None] * n_atoms + atoms).ravel()
            place = _selection(target, np.arange(target.size), n_types * n_atoms, target.size)
            along = coordinates[sort].gradients[index]
            for k in range(n_functions):
                pulls = slopes[k, s][:, None, :, None] * along
                summed = place @ pulls.reshape(target.size, -1)
                gradient[:, k] += summed.reshape(n_types, n_atoms, -1)
        energies.append(energy.reshape(-1, n_frames))
        gradients.append(gradient.reshape(-1, n_atoms, n_frames, 3))
    return Features(np.concatenate(energies), np.concatenate(gradients))


def contract(
    terms: Terms,
    equilibrium: Equilibrium,
    coefficients: Sequence[FloatArray],
    positions: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Compute energies and forces for given coefficients, without the columns in between.

    Parameters
    ----------
    terms
        Terms of the molecule.
    equilibrium
        Equilibrium values of bonds and angles.
    coefficients
        Coefficients (U, K), eV, of each block of terms.
    positions : (F, N, 3)
        Angstrom.

    Returns
    -------
    energies : (F,)
        eV.
    forces : (F, N, 3)
        eV/Angstrom.
    """
    n_frames, n_atoms = positions.shape[:2]
    coordinates = measure(terms.topology, positions)
    energies = np.zeros(n_frames)
    pulls = {sort: np.zeros_like(c.values) for sort, c in coordinates.items()}
    evaluated = _evaluate(terms, equilibrium, coordinates)
    for weights, (block, values, slopes) in zip(coefficients, evaluated, strict=True):
        weight = weights[block.type_of].T[:, :, None]
        energies += (weight * values).sum(axis=(0, 1))
        for s, sort in enumerate(block.kind.coordinates):
            n = len(pulls[sort])
            place = _selection(block.slots[:, s], np.arange(len(block.slots)), n, len(block.slots))
            pulls[sort] += place @ (weight * slopes[:, s]).sum(axis=0)
    gradient = np.zeros((n_atoms, n_frames * 3))
    for sort, c in coordinates.items():
        target = c.atoms.ravel()
        place = _selection(target, np.arange(target.size), n_atoms, target.size)
        pulled = pulls[sort][:, None, :, None] * c.gradients
        gradient += place @ pulled.reshape(target.size, n_frames * 3)
    return energies, -gradient.reshape(n_atoms, n_frames, 3).transpose(1, 0, 2)


def _evaluate(
    terms: Terms, equilibrium: Equilibrium, coordinates: Mapping[str, Coordinates]
) -> Iterator[tuple[TermBlock, FloatArray, FloatArray]]:
    """Yield each block with its functions (K, T, F) and their slopes (K, S, T, F)."""
    centred = {sort: c.values for sort, c in coordinates.items()}
    for sort, centre in equilibrium.values(terms).items():
        centred[sort] = (coordinates[sort].values - centre[:, None]) / SCALES[sort]
    for block in terms.blocks:
        sorts = block.kind.coordinates
        x = [centred[sort][block.slots[:, s]] for s, sort in enumerate(sorts)]
        values, slopes = block.kind.basis(x)
        units = np.array([SCALES.get(sort, 1.0) for sort in sorts])
        yield block, values, slopes / units[:, None, None]


def _selection(rows: IntArray, columns: IntArray, n_rows: int, n_columns: int) -> csr_matrix:
    """Return the matrix (n_rows, n_columns) that adds columns to rows, always in one order."""
    return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(n_rows, n_columns))
