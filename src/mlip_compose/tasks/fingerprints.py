"""Fingerprints of frames, by which copies are found however they are turned, shifted or numbered.

The fingerprint of a frame is its interatomic distances, sorted within each pair of elements. It
does not change with rotation, translation, reflection or the exchange of like atoms. Two frames are
duplicates where the root mean square of the difference of their fingerprints is at most a
tolerance. Means over blocks of the fingerprint, weighted by the blocks' sizes, differ by no more
(they are an orthogonal projection of it), so that a search tree of few dimensions misses none.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from mlip_compose.core.records import FloatArray, IntArray

DUPLICATE_TOLERANCE: Final = 0.002
"""Frames whose sorted interatomic distances differ by no more (rms, Angstrom) are the same frame.

A copy rounded to three decimals differs by about 0.0005. Independent frames of fluoromethane at
500 K, the molecule with the fewest degrees of freedom (9), come within 0.01 in one pair of 10^5,
and so within 0.002 in one of 10^11: the number of pairs goes with the 9th power.
"""

_SKETCH: Final = 12  # numbers that stand for a frame's distances in the search tree
_NEIGHBOURS: Final = 8
_BLOCK: Final = 1024  # frames whose distance vectors are in memory together


class Fingerprints:
    """The sorted distances of frames of one molecule, and a search tree over them.

    Parameters
    ----------
    numbers : (N,) int
        Atomic numbers.
    positions : (F, N, 3) float
        Angstrom.
    """

    def __init__(self, numbers: IntArray, positions: FloatArray) -> None:
        self.distances = sorted_distances(numbers, positions)
        width = self.distances.shape[1]
        starts = np.unique(np.arange(_SKETCH) * width // _SKETCH)
        sizes = np.diff(np.append(starts, width))
        means = np.add.reduceat(self.distances, starts, axis=1) / sizes
        self.tree = cKDTree(means * np.sqrt(sizes / width))

    def pairs_with(self, other: Fingerprints, tolerance: float) -> list[tuple[int, int]]:
        """Return the pairs (frame of these, frame of the other) that are the same frame."""
        pairs = []
        near = other.tree.query_ball_tree(self.tree, tolerance * (1 + 1e-9))
        for j, candidates in enumerate(near):
            off = self.distances[candidates] - other.distances[j]
            same = np.sqrt(np.mean(off**2, axis=1)) <= tolerance
            pairs += [(int(i), j) for i in np.array(candidates, dtype=int)[same]]
        return sorted(pairs)

    def copies(self, tolerance: float) -> list[tuple[int, int, float]]:
        """Return the pairs of these frames that are the same: each frame with its nearest copy.

        Only the nearest few frames are looked at, so that the work is not quadratic where all
        frames are copies of one.

        Returns
        -------
        list of (earlier, later, distance in Angstrom)
        """
        near = min(_NEIGHBOURS + 1, len(self.distances))
        bound = tolerance * (1 + 1e-9)
        # a frame is its own nearest neighbour; the tree says len(frames) where there is no other
        _, neighbours = self.tree.query(
            self.tree.data, k=[*range(1, near + 1)], distance_upper_bound=bound
        )
        n_frames = len(neighbours)
        copies = []
        for frame in np.flatnonzero((neighbours < n_frames).sum(axis=1) > 1):
            row = neighbours[frame]
            others = row[(row != frame) & (row < n_frames)]
            off = np.sqrt(np.mean((self.distances[others] - self.distances[frame]) ** 2, axis=1))
            if len(off) and off.min() <= tolerance:
                nearest = int(np.argmin(off))
                pair = sorted((int(others[nearest]), int(frame)))
                copies.append((pair[0], pair[1], float(off[nearest])))
        return sorted(set(copies))


def sorted_distances(numbers: IntArray, positions: FloatArray) -> FloatArray:
    """Return (F, N(N-1)/2) distances in Angstrom, sorted within each pair of elements."""
    first, second = np.triu_indices(len(numbers), 1)
    kinds = np.sort(np.stack([numbers[first], numbers[second]]), axis=0).astype(int)
    kind = kinds[0] * 256 + kinds[1]
    order = np.argsort(kind, kind="stable")
    first, second, kind = first[order], second[order], kind[order]
    distances = np.empty((len(positions), len(first)))
    for start in range(0, len(positions), _BLOCK):
        block = positions[start : start + _BLOCK].astype(float)
        distances[start : start + _BLOCK] = np.linalg.norm(
            block[:, first] - block[:, second], axis=2
        )
    for part in np.split(distances, np.flatnonzero(np.diff(kind)) + 1, axis=1):
        part.sort(axis=1)  # np.split gives views: this sorts ``distances``
    return distances
