"""Leaks: molecules or frames that are trained on and tested on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal

import numpy as np

from mlip_compose.core.documents import Strict
from mlip_compose.core.records import Frames, FrameSelection, IntArray, Molecule, TestPart
from mlip_compose.tasks.fingerprints import DUPLICATE_TOLERANCE, Fingerprints

FrameSource = Callable[[str, str, IntArray], Frames]
"""Gives frames by molecule, trajectory and indices."""

_EXAMPLES: Final = 5


class Leak(Strict):
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
    Frames are compared (see ``tasks.fingerprints``) where the molecular formula is the same, so
    that isomers and renumbered molecules are compared too.
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
        for trained_on, where, which in sources:
            known = Fingerprints(
                molecules[trained_on].numbers, frames(trained_on, where, which).positions
            )
            for part, name, trajectory, indices in tests[formula]:
                found = Fingerprints(
                    molecules[name].numbers, frames(name, trajectory, indices).positions
                )
                same = known.pairs_with(found, tolerance)
                if pairs := [(int(which[i]), int(indices[j])) for i, j in same]:
                    leaks.append(_frames_leak(part, trained_on, name, pairs, tolerance))
    return leaks


def _formula(molecule: Molecule) -> bytes:
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
