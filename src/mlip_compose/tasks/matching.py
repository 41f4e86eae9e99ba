"""Like with like: weights of ID atoms, by how often their environments occur in the OOD frames.

ID and OOD frames have the same environments out to r* bonds, but not equally often: in molecules
with two end groups a larger share of the atoms is near one, in long chains a smaller share. A ratio
of plain averages mixes that with what a potential knows. With these weights the ID average is over
the mix of environments of the OOD frames (importance weighting under covariate shift: Shimodaira,
J. Stat. Plan. Inference 90, 227, 2000; the weights of a discrete covariate are ratios of counts).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from mlip_compose.core.records import FloatArray, Molecule
from mlip_compose.tasks.environments import environment_labels


def matching_weights(
    id_frames: Iterable[tuple[Molecule, int]],
    ood_frames: Iterable[tuple[Molecule, int]],
    radius: int,
) -> Mapping[str, FloatArray]:
    """Return the weight of each atom of the ID molecules.

    Parameters
    ----------
    id_frames, ood_frames
        Molecules, each with its number of test frames.
    radius
        r*, in bonds: atoms are alike if env(a, r*) is the same.

    Returns
    -------
    dict of (N,) float64
        Weights by molecule: the share of OOD atoms with the environment of an atom over the share
        of ID atoms with it; 0 where no OOD atom has it. The mean over all ID atoms of all frames is
        1. Empty where an OOD atom has an environment that no ID atom has, or ``radius`` is
        negative.
    """
    id_molecules = list(id_frames)
    if radius < 0:
        return {}
    id_counts, ood_counts = _counts(id_molecules, radius), _counts(ood_frames, radius)
    if not ood_counts or ood_counts.keys() - id_counts.keys():
        return {}
    scale = id_counts.total() / ood_counts.total()
    return {
        molecule.name: np.array(
            [
                scale * ood_counts.get(label, 0) / id_counts[label]
                for label in environment_labels(molecule, radius)
            ]
        )
        for molecule, frames in id_molecules
        if frames
    }


def _counts(frames: Iterable[tuple[Molecule, int]], radius: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for molecule, n_frames in frames:
        if n_frames:
            for label in environment_labels(molecule, radius):
                counts[label] += n_frames
    return counts
