"""Where each atom stands in its molecule: bonds from the end group, or from the nearest novel atom.

Both are read from the molecular graph alone. An atom to which no path of bonds leads stands nowhere
(``NOWHERE``).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.records import BoolArray, Molecule

NOWHERE: Final = -1
_HYDROGEN, _CARBON = 1, 6


def distance_from_end_group(molecule: Molecule) -> NDArray[np.int64]:
    """Return how many bonds each atom is away from the nearest end group other than H.

    An atom of an end group is at 0, whichever it is; the k-th carbon of the chain, counted from the
    end group, is at k, and its hydrogens with it: CH2 is one part. The far end of X-(CH2)n-H is no
    end group in this sense but CH3 at n. An alkane has no other end group than H, which is one of
    three alike hydrogens of CH3; here the two CH3 are at 1, as beside any end group, and nothing
    is at 0.

    Chain carbons are the carbons with four neighbours; an end group is whatever else there is, its
    hydrogens included.

    Returns
    -------
    (N,) int64
    """
    neighbours = _neighbours(molecule)
    numbers = molecule.numbers.tolist()
    heavy = [atom for atom, number in enumerate(numbers) if number != _HYDROGEN]
    chain = {a for a in heavy if numbers[a] == _CARBON and len(neighbours[a]) == 4}
    ends = [atom for atom in heavy if atom not in chain]
    tips = [atom for atom in chain if sum(numbers[b] == _HYDROGEN for b in neighbours[atom]) > 2]
    away = _spread(neighbours, ends) if ends else _spread(neighbours, tips, at=1)
    for atom, number in enumerate(numbers):
        bearer = next((b for b in neighbours[atom] if numbers[b] != _HYDROGEN), None)
        if number == _HYDROGEN:
            away[atom] = NOWHERE if bearer is None else away[bearer]
    return away


def distance_from_novel_atom(molecule: Molecule, novel: BoolArray) -> NDArray[np.int64] | None:
    """Return how many bonds each atom, hydrogens like any other, is from the nearest novel atom.

    Parameters
    ----------
    molecule
        Of N atoms.
    novel : (N,) bool
        Atoms whose environment of radius r* + 1 occurs in no training molecule; they are at 0.

    Returns
    -------
    (N,) int64 | None
        None of a molecule without a novel atom.
    """
    if not novel.any():
        return None
    return _spread(_neighbours(molecule), np.flatnonzero(novel).tolist())


def _neighbours(molecule: Molecule) -> list[list[int]]:
    neighbours: list[list[int]] = [[] for _ in range(molecule.n_atoms)]
    for i, j in molecule.bonds.tolist():
        neighbours[i].append(j)
        neighbours[j].append(i)
    return neighbours


def _spread(neighbours: list[list[int]], start: list[int], at: int = 0) -> NDArray[np.int64]:
    """Return ``at`` plus the bonds from the nearest start (breadth first)."""
    away = np.full(len(neighbours), NOWHERE, dtype=np.int64)
    away[start] = at
    queue = list(start)
    for atom in queue:  # grows while it is walked
        for other in neighbours[atom]:
            if away[other] == NOWHERE:
                away[other] = away[atom] + 1
                queue.append(other)
    return away
