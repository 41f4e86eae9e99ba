"""Per-element energy offsets, fitted on training labels and on nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from mlip_compose.core.records import Comparison, Molecule
from mlip_compose.evaluation.metrics import usable_frames


def fit_offsets(comparisons: Iterable[Comparison]) -> dict[int, float] | None:
    """Fit one energy offset per element to the training frames.

    The offsets c minimise ``sum_f (E_ref,f - E_pred,f - sum_Z n_Z,f c_Z)^2`` over the training
    frames f, with n_Z,f the number of atoms of element Z. Where the compositions leave them
    undetermined (in a homologous series the number of hydrogens follows from the other atoms), the
    solution of least norm is taken: it adds nothing along directions in which the training
    molecules do not differ. Offsets fitted on test labels would hide the very error that is to be
    measured; comparisons of any other part than ``train`` are ignored.

    Parameters
    ----------
    comparisons
        Reference and prediction of any parts.

    Returns
    -------
    dict[int, float] | None
        Offset in eV, to be added to the prediction for each atom, by atomic number; None where no
        training frame has a usable prediction.
    """
    molecules: list[Molecule] = []
    means: list[float] = []
    frames: list[int] = []
    for comparison in comparisons:
        usable = usable_frames(comparison)
        if comparison.part != "train" or not usable.any():
            continue
        error = comparison.reference_energy[usable] - comparison.predicted_energy[usable]
        molecules.append(comparison.molecule)
        means.append(float(error.mean()))
        frames.append(int(usable.sum()))
    if not molecules:
        return None
    elements = sorted({int(number) for molecule in molecules for number in molecule.numbers})
    counts = np.array(
        [[np.sum(m.numbers == z) for z in elements] for m in molecules], dtype=np.float64
    )
    # The frames of a molecule share one row, so least squares over frames is least squares over the
    # molecules' means, weighted by frames; the row space, and with it the least norm, is the same.
    root = np.sqrt(np.array(frames, dtype=np.float64))
    solution = np.linalg.lstsq(counts * root[:, None], np.array(means) * root, rcond=None)[0]
    return {z: float(offset) for z, offset in zip(elements, solution, strict=True)}


def total_offset(molecule: Molecule, offsets: Mapping[int, float]) -> float:
    """Return the sum of the offsets of a molecule's atoms, in eV.

    An element that no training molecule has counts zero.
    """
    return sum(offsets.get(int(number), 0.0) for number in molecule.numbers)
