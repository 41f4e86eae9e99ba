"""Leaks: molecules or frames on both sides of a split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal

import numpy as np

from mlip_compose.core.documents import Strict
from mlip_compose.core.records import Frames, FrameSelection, IntArray, Molecule, TestPart
from mlip_compose.tasks.fingerprints import DUPLICATE_TOLERANCE, Fingerprints

FrameSource = Callable[[str, str, IntArray], Frames]
"""Returns frames of a molecule and trajectory by their indices."""

_EXAMPLES: Final = 5


class Leak(Strict):
    """A molecule, or frames, found on both sides of a split.

    Attributes
    ----------
    kind
        ``molecule``: the same InChIKey. ``frames``: the same geometry, or nearly.
    part
        The part of the test: ``id`` or ``ood``.
    train_molecule, test_molecule
        Names of the molecules.
    reason
        The leak in words.
    frame_pairs
        Number of (training frame, test frame) pairs that are the same; 0 for a molecule.
    examples
        The first of these pairs, as indices in the trajectories of their parts.
    """

    kind: Literal["molecule", "frames"]
    part: TestPart
    train_molecule: str
    test_molecule: str
    reason: str
    frame_pairs: int = 0
    examples: tuple[tuple[int, int], ...] = ()

    def __str__(self) -> str:
        return self.reason


def shared_molecules(train: Iterable[Molecule], ood: Iterable[Molecule]) -> list[Leak]:
    """Find the OOD molecules that are trained on, by InChIKey."""
    train_names = {molecule.inchikey: molecule.name for molecule in train}
    return [
        Leak(
            kind="molecule",
            part="ood",
            train_molecule=train_names[molecule.inchikey],
            test_molecule=molecule.name,
            reason=(
                f"OOD molecule {molecule.name} is training molecule "
                f"{train_names[molecule.inchikey]}: both are {molecule.inchikey}"
            ),
        )
        for molecule in ood
        if molecule.inchikey in train_names
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
        The molecules of the selection, by name.
    selection
        The frames of each part of the split.
    frames
        Returns the frames.
    tolerance
        Angstrom; see ``tasks.fingerprints``.

    Returns
    -------
    list of Leak
        One leak for each training molecule, test molecule and part that share frames.

    Notes
    -----
    Frames are compared where the molecular formula is the same, so that isomers and renumbered
    molecules are compared too.
    """
    tests: dict[bytes, list[tuple[TestPart, str, str, IntArray]]] = defaultdict(list)
    for part, name, trajectory, indices in selection.wanted():
        if part == "id" or part == "ood":
            tests[_formula(molecules[name])].append((part, name, trajectory, indices))
    trained: dict[bytes, list[tuple[str, str, IntArray]]] = defaultdict(list)
    for part, name, trajectory, indices in selection.wanted():
        if part == "train" and _formula(molecules[name]) in tests:
            trained[_formula(molecules[name])].append((name, trajectory, indices))

    leaks = []
    for formula, sources in trained.items():
        for train_name, train_trajectory, train_indices in sources:
            train_prints = Fingerprints(
                molecules[train_name].numbers,
                frames(train_name, train_trajectory, train_indices).positions,
            )
            for part, name, trajectory, indices in tests[formula]:
                test_prints = Fingerprints(
                    molecules[name].numbers, frames(name, trajectory, indices).positions
                )
                same = train_prints.pairs_with(test_prints, tolerance)
                if pairs := [(int(train_indices[i]), int(indices[j])) for i, j in same]:
                    leaks.append(_frames_leak(part, train_name, name, pairs, tolerance))
    return leaks


def _formula(molecule: Molecule) -> bytes:
    """Return the sorted atomic numbers, which isomers share."""
    return np.sort(molecule.numbers).astype(np.uint8).tobytes()


def _frames_leak(
    part: TestPart,
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
