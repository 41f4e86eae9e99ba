"""Leaks: molecules or frames that are trained on and tested on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy.spatial import cKDTree

from mlip_compose.records import FloatArray, Frames, FrameSelection, IntArray, Molecule

DUPLICATE_TOLERANCE: Final = 0.002
"""Frames whose sorted interatomic distances differ by no more (rms, Angstrom) are the same frame.

A copy rounded to three decimals differs by about 0.0005. Independent frames of fluoromethane at
500 K, the molecule with the fewest degrees of freedom (9), come within 0.01 in one pair of 10^5,
and so within 0.002 in one of 10^11: the number of pairs goes with the 9th power.
"""

FrameSource = Callable[[str, str, IntArray], Frames]
"""Gives frames by molecule, trajectory and indices."""

_EXAMPLES: Final = 5
_SKETCH: Final = 12  # numbers that stand for a frame's distances in the search tree


class Leak(BaseModel):
    """A molecule, or frames, found on both sides of a split.

    Attributes
    ----------
    kind
        ``molecule``: the same InChIKey. ``frames``: the same geometry, or nearly.
    part
        Which test part has what training has: ``id`` or ``ood``.
    train_molecule, test_molecule
        Names.
    reason
        In words.
    frame_pairs
        Number of (training frame, test frame) pairs that are the same; 0 for a molecule.
    examples
        The first of these pairs, as indices into the trajectories that the parts come from.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["molecule", "frames"]
    part: Literal["id", "ood"]
    train_molecule: str
    test_molecule: str
    reason: str
    frame_pairs: int = 0
    examples: tuple[tuple[int, int], ...] = ()

    def __str__(self) -> str:
        return self.reason


def shared_molecules(train: Iterable[Molecule], ood: Iterable[Molecule]) -> list[Leak]:
    """Find the OOD molecules that are trained on, by InChIKey."""
    known = {molecule.inchikey: molecule.name for molecule in train}
    return [
        Leak(
            kind="molecule",
            part="ood",
            train_molecule=known[molecule.inchikey],
            test_molecule=molecule.name,
            reason=(
                f"OOD molecule {molecule.name} is training molecule {known[molecule.inchikey]}: "
                f"both are {molecule.inchikey}"
            ),
        )
        for molecule in ood
        if molecule.inchikey in known
    ]


def shared_frames(
    molecules: Mapping[str, Molecule],
    selection: FrameSelection,
    frames: FrameSource,
    tolerance: float = DUPLICATE_TOLERANCE,
) -> list[Leak]:
    """Find the training frames that are, exactly or nearly, frames of the ID or OOD test.

    Parameters
    ----------
    molecules
        By name, those of the selection.
    selection
        Which frames play which part.
    frames
        Where to get them.
    tolerance
        Angstrom, see Notes.

    Returns
    -------
    list of Leak
        One for each training molecule, test molecule and part that share frames.

    Notes
    -----
    Frames are compared where the molecular formula is the same, so that isomers and renumbered
    molecules are compared too. A frame's fingerprint is its interatomic distances, sorted within
    each pair of elements: it does not change with rotation, translation, reflection or the exchange
    of like atoms. Two frames are duplicates where the root mean square of the difference of their
    fingerprints is at most ``tolerance``. Means over blocks of the fingerprint, weighted by the
    blocks' sizes, differ by no more (they are an orthogonal projection of it), so that a search
    tree of few dimensions misses none.
    """
    tests: dict[bytes, list[tuple[Literal["id", "ood"], str, str, IntArray]]] = defaultdict(list)
    for part, name, trajectory, indices in selection.wanted():
        if part == "id" or part == "ood":
            tests[_formula(molecules[name])].append((part, name, trajectory, indices))
    trained: dict[bytes, list[tuple[str, str, IntArray]]] = defaultdict(list)
    for part, name, trajectory, indices in selection.wanted():
        if part == "train" and _formula(molecules[name]) in tests:
            trained[_formula(molecules[name])].append((name, trajectory, indices))

    leaks = []
    for formula, sources in trained.items():
        for trained_on, where, which in sources:
            known = _Fingerprints(molecules[trained_on], frames(trained_on, where, which))
            for part, name, trajectory, indices in tests[formula]:
                found = _Fingerprints(molecules[name], frames(name, trajectory, indices))
                if pairs := known.pairs_with(found, tolerance):
                    leaks.append(_frames_leak(part, trained_on, name, pairs, tolerance))
    return leaks


def _formula(molecule: Molecule) -> bytes:
    return np.sort(molecule.numbers).astype(np.uint8).tobytes()


def _frames_leak(
    part: Literal["id", "ood"],
    train_name: str,
    name: str,
    pairs: Sequence[tuple[int, int]],
    tolerance: float,
) -> Leak:
    first, second = pairs[0]
    return Leak(
        kind="frames",
        part=part,
        train_molecule=train_name,
        test_molecule=name,
        reason=(
            f"{len(pairs)} pairs of a training frame of {train_name} and a frame of {name} in the "
            f"{part.upper()} test are the same within {tolerance} Angstrom, "
            f"the first of them frames {first} and {second}"
        ),
        frame_pairs=len(pairs),
        examples=tuple(pairs[:_EXAMPLES]),
    )


class _Fingerprints:
    """The sorted distances of frames of one molecule, and a search tree over them."""

    def __init__(self, molecule: Molecule, frames: Frames) -> None:
        self.indices = frames.indices
        self.distances = _sorted_distances(molecule.numbers, frames.positions)
        width = self.distances.shape[1]
        starts = np.unique(np.arange(_SKETCH) * width // _SKETCH)
        sizes = np.diff(np.append(starts, width))
        means = np.add.reduceat(self.distances, starts, axis=1) / sizes
        self.tree = cKDTree(means * np.sqrt(sizes / width))

    def pairs_with(self, other: _Fingerprints, tolerance: float) -> list[tuple[int, int]]:
        """Return the pairs of frame indices, here and there, that are the same."""
        pairs = []
        near = other.tree.query_ball_tree(self.tree, tolerance * (1 + 1e-9))
        for j, candidates in enumerate(near):
            off = self.distances[candidates] - other.distances[j]
            same = np.sqrt(np.mean(off**2, axis=1)) <= tolerance
            pairs += [
                (int(self.indices[i]), int(other.indices[j]))
                for i in np.array(candidates, dtype=int)[same]
            ]
        return sorted(pairs)


def _sorted_distances(numbers: IntArray, positions: FloatArray) -> FloatArray:
    """Return (F, N(N-1)/2) distances in Angstrom, sorted within each pair of elements."""
    first, second = np.triu_indices(len(numbers), 1)
    kinds = np.sort(np.stack([numbers[first], numbers[second]]), axis=0).astype(int)
    kind = kinds[0] * 256 + kinds[1]
    order = np.argsort(kind, kind="stable")
    first, second, kind = first[order], second[order], kind[order]
    distances: FloatArray = np.linalg.norm(
        positions[:, first].astype(float) - positions[:, second].astype(float), axis=2
    )
    for block in np.split(distances, np.flatnonzero(np.diff(kind)) + 1, axis=1):
        block.sort(axis=1)  # a view
    return distances
