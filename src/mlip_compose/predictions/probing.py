"""Whether a potential fails throughout on a target, found out on a few of its frames."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from itertools import islice

from mlip_compose.core.probing import TRIALS, common_reason, failed_throughout
from mlip_compose.core.records import Frames, Molecule
from mlip_compose.potentials.base import FailsFrames, Potential
from mlip_compose.predictions.predict import (
    molecules_of,
    predict_frames,
    unsupported,
    wanted_frames,
)
from mlip_compose.predictions.target import Target
from mlip_compose.store.reader import Store


def refuse_throughout(name: str, potential: Potential, store: Store, target: Target) -> None:
    """Raise FailedThroughoutError where a potential fails on every frame of a target alike."""
    if reason := reason_throughout(potential, store, target):
        raise failed_throughout(name, reason)


def reason_throughout(potential: Potential, store: Store, target: Target) -> str:
    """Return why a potential fails on every frame of a target; empty where it does not.

    It may know none of the molecules. Otherwise a potential whose frames can fail is tried on one
    frame of the smallest molecule, and where that fails on some more, of other molecules if there
    are some. A calculator is made for that alone: what it keeps of these frames is nowhere else.
    """
    molecules = [store.molecules[name] for name in molecules_of(target)]
    unknown = {molecule.name: unsupported(potential, molecule) for molecule in molecules}
    known = [molecule for molecule in molecules if not unknown[molecule.name]]
    if not known:
        return next(iter(unknown.values()), "")
    if not isinstance(potential, FailsFrames):
        return ""
    trial = copy(potential)
    frames = islice(_in_turns(store, target, known), TRIALS)
    return common_reason(_reason(trial, store.molecules[f.molecule], f) for f in frames)


def _in_turns(store: Store, target: Target, molecules: list[Molecule]) -> Iterator[Frames]:
    """Yield frames one by one: the first of each molecule, the smallest first, then the others."""
    molecules = sorted(molecules, key=lambda molecule: molecule.n_atoms)
    for row in range(TRIALS):
        for molecule in molecules:
            for frames in wanted_frames(store, target, molecule.name):
                if row < len(frames):
                    yield _frame(frames, row)
                break


def _frame(frames: Frames, row: int) -> Frames:
    one = slice(row, row + 1)
    return replace(
        frames,
        indices=frames.indices[one],
        positions=frames.positions[one],
        energy=frames.energy[one],
        forces=frames.forces[one],
    )


def _reason(potential: Potential, molecule: Molecule, frames: Frames) -> str:
    _, reasons = predict_frames(potential, molecule, frames)
    return next(iter(reasons.values()), "")
