"""Energies per element, fitted to training labels, also where compositions are rank-deficient.

Molecules of a homologous series differ by CH2. Their compositions often leave a combination of
elements undetermined, and plain least squares would give it any value. Here a combination that the
labels do not determine keeps a physical starting value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from mlip_compose.core.errors import CoverageError
from mlip_compose.core.host import single_threaded
from mlip_compose.core.records import FloatArray, Frames, IntArray, Molecule, TrainingSet

_CORE_ELECTRONS = (0, 2, 10, 18, 36, 54, 86)
_PRIOR_SPREAD = 0.3  # fraction of the starting value
_SAME_ZERO = 0.1  # largest distance from 1 of a guess's factor where both count the same electrons
_RESIDUAL = 0.1  # eV: less than a composition leaves unexplained, so labels outweigh the prior


def fit_reference_energies(data: TrainingSet) -> dict[int, float]:
    """Fit one energy per element to the mean training energy of each molecule.

    Minimises, over energies e_Z,

        sum_m (E_m - sum_Z n_mZ e_Z)^2 / s^2  +  sum_Z (e_Z - e0_Z)^2 / (0.3 e0_Z)^2,

    with E_m the mean energy of molecule m, n_mZ its count of element Z and s = 0.1 eV. There are
    two choices of starting values e0: c v_Z for labels of valence-only methods (v_Z counts valence
    electrons), and c Z^(7/3) for all-electron labels (the Thomas-Fermi energy of an atom). The
    number c is fitted. The choice nearer to the labels is taken.

    Parameters
    ----------
    data
        Training set; only its training frames are used.

    Returns
    -------
    dict
        Atomic number to energy, eV, for every element of the training molecules.

    Raises
    ------
    CoverageError
        There is no training frame.
    """
    molecules, energies = molecule_means(data, lambda frames: frames.energy)
    if not molecules:
        raise CoverageError("at least one training frame", "none")
    numbers = [molecule.numbers for molecule in molecules]
    return fit_element_energies(numbers, energies, np.unique(np.concatenate(numbers)))


def molecule_means(
    data: TrainingSet, energies: Callable[[Frames], FloatArray]
) -> tuple[list[Molecule], FloatArray]:
    """Average energies over the training frames of each molecule.

    Parameters
    ----------
    data
        Training set; only its training frames are used.
    energies
        Function that returns an energy for each of F frames, (F,), eV.

    Returns
    -------
    molecules
        The M molecules that have training frames.
    means : (M,)
        Mean energy of each, eV.
    """
    parts: dict[str, list[FloatArray]] = {}
    for frames in data.train:
        if len(frames):
            parts.setdefault(frames.molecule, []).append(energies(frames))
    means = np.array([np.concatenate(blocks).mean() for blocks in parts.values()])
    return [data.molecules[name] for name in parts], means


@single_threaded
def fit_element_energies(
    numbers: list[IntArray],
    energies: FloatArray,
    elements: IntArray,
    guess: Mapping[int, float] | None = None,
) -> dict[int, float]:
    """Fit one energy per element, as :func:`fit_reference_energies` does.

    Parameters
    ----------
    numbers
        Atomic numbers of each of M molecules, (N,) each.
    energies : (M,)
        Energy of each molecule, eV.
    elements : (Z,)
        Atomic numbers to fit. An element that no molecule has keeps its starting value.
    guess
        Atomic number to energy, eV. One factor is fitted to it. If the factor is within 0.1 of 1,
        the guess times the factor gives the starting values. If not, the labels count other
        electrons than the guess, which is ignored.
    """
    counts = count_elements(numbers, elements)
    start = _starting_values(elements, counts, energies, guess)
    spread = _PRIOR_SPREAD * np.maximum(np.abs(start), _RESIDUAL)
    design = np.vstack([counts / _RESIDUAL, np.diag(1.0 / spread)])
    target = np.concatenate([(energies - counts @ start) / _RESIDUAL, np.zeros(len(elements))])
    shift = np.linalg.lstsq(design, target, rcond=None)[0]
    return {int(z): float(e) for z, e in zip(elements, start + shift, strict=True)}


def count_elements(numbers: list[IntArray], elements: IntArray) -> FloatArray:
    """Count atoms by element.

    Parameters
    ----------
    numbers
        Atomic numbers of each of M molecules, (N,) each.
    elements : (Z,)
        Atomic numbers to count.

    Returns
    -------
    (M, Z) float64
    """
    return np.array([(n[:, None] == elements).sum(axis=0) for n in numbers], dtype=np.float64)


def _starting_values(
    elements: IntArray,
    counts: FloatArray,
    energies: FloatArray,
    guess: Mapping[int, float] | None,
) -> FloatArray:
    def fit(shape: FloatArray) -> tuple[float, float]:
        size = counts @ shape
        factor = float((size @ energies) / (size @ size))
        return factor, float(np.sum((energies - factor * size) ** 2))

    if guess is not None and any(guess.values()):
        shape = np.array([guess[z] for z in elements.tolist()])
        factor, _ = fit(shape)
        if abs(factor - 1.0) < _SAME_ZERO:
            return factor * shape
    shapes = (_valence_electrons(elements), elements.astype(np.float64) ** (7 / 3))
    fits = [(*fit(shape), shape) for shape in shapes]
    factor, _, shape = min(fits, key=lambda candidate: candidate[1])
    return factor * shape


def _valence_electrons(elements: IntArray) -> FloatArray:
    core = np.array([max(c for c in _CORE_ELECTRONS if c < z) for z in elements.tolist()])
    electrons: FloatArray = elements.astype(np.float64) - core
    return electrons
