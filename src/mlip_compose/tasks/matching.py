"""Like with like: how often the environments of the ID atoms are met in the OOD frames.

ID and OOD frames have the same environments out to r* bonds, but not equally often: in molecules
with two end groups a larger share of the atoms is near one, in long chains a smaller share. A ratio
of plain averages mixes that with what a potential knows. With these weights the ID average is over
the mix of environments that the OOD frames have (importance weighting under covariate shift:
Shimodaira, J. Stat. Plan. Inference 90, 227, 2000; the weights of a discrete covariate are ratios
of counts).
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
        Molecules, and how many frames of each are tested.
    radius
        r*, in bonds: atoms are alike if env(a, r*) is the same.

    Returns
    -------
    dict of (N,) float64
        By molecule, the share of OOD atoms with this environment over the share of ID atoms with
        it; 0 where no OOD atom has it. The mean over all ID atoms of all frames is 1. Empty where
        an OOD atom has an environment that no ID atom has, or ``radius`` is negative.
    """
    known = list(id_frames)
    if radius < 0:
        return {}
    there, wanted = _counts(known, radius), _counts(ood_frames, radius)
    if not wanted or wanted.keys() - there.keys():
        return {}
    scale = there.total() / wanted.total()
    return {
        molecule.name: np.array(
            [
                scale * wanted.get(label, 0) / there[label]
                for label in environment_labels(molecule, radius)
            ]
        )
        for molecule, frames in known
        if frames
    }


def _counts(frames: Iterable[tuple[Molecule, int]], radius: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for molecule, number in frames:
        if number:
            for label in environment_labels(molecule, radius):
                found[label] += number
    return found
