"""Divergence: the distance of two sets of molecules by the distributions of their environments.

The measure is that of CFQ (Keysers et al., *Measuring Compositional Generalization: A Comprehensive
Method on Realistic Data*, ICLR 2020): with the Chernoff coefficient
C_a(P, Q) = sum_k p_k^a q_k^(1-a), p from training and q from OOD, the divergence is 1 - C_a. CFQ's
atoms (here environments of radius 0 and 1) are compared with a = 0.5, its compounds (radius 2 and
more) with a = 0.1: the occurrence of a compound in training matters more than its frequency.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from mlip_compose.core.records import Molecule
from mlip_compose.tasks.environments import MAX_RADIUS, environment_labels

ATOM_RADII: Final = (0, 1)
ATOM_ALPHA: Final = 0.5
COMPOUND_RADII: Final = tuple(range(2, MAX_RADIUS + 1))
COMPOUND_ALPHA: Final = 0.1

_DECIMALS: Final = 12  # machines differ in the last digit of pow, stored certificates must not


def divergence(p: Mapping[str, int], q: Mapping[str, int], alpha: float) -> float:
    """Return 1 - C_alpha(P, Q) of two distributions.

    Parameters
    ----------
    p, q
        Numbers of atoms with each label, in training and OOD; they are normalised here.
    alpha
        Weight of training, between 0 and 1.

    Returns
    -------
    float
        0 for equal distributions, 1 for distributions that share no label; to 12 decimals.
    """
    n_p, n_q = sum(p.values()), sum(q.values())
    shared = math.fsum(
        (p[label] / n_p) ** alpha * (q[label] / n_q) ** (1 - alpha) for label in p.keys() & q.keys()
    )
    return round(max(0.0, 1.0 - shared), _DECIMALS)


def environment_divergence(
    train: Sequence[Molecule], ood: Sequence[Molecule], radius: int, alpha: float
) -> float:
    """Return the divergence of the environments of ``radius`` bonds of OOD from those of training.

    Each molecule counts once, each of its atoms once.
    """
    p, q = (
        Counter(label for m in molecules for label in environment_labels(m, radius))
        for molecules in (train, ood)
    )
    return divergence(p, q, alpha)
