"""The frames of each molecule that are trained on, validated on and tested on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from mlip_compose.core.errors import CoverageError, RequestError
from mlip_compose.core.records import PRIMARY, SECONDARY, FrameSelection, IntArray, Split
from mlip_compose.tasks.base import check_not_empty

MIN_SECONDARY: Final = 2
"""Least number of secondary frames: one to validate on, one to test on."""
MIN_SINGLE: Final = 4
"""Least number of frames of an only trajectory: one to train on, one left out, two held out."""


def select_frames(
    split: Split,
    n_frames: Callable[[str, str], int],
    train_frames: int | None,
    seed: int,
) -> FrameSelection:
    """Choose the frames of a split.

    Training frames come from the primary trajectories of training molecules, ``train_frames`` in
    total, as evenly over the molecules as possible: none has two frames more than another molecule
    with frames left. A molecule's frames are the first in an order that depends on the seed and its
    name alone, so that a smaller budget is a subset of a larger one.

    The first fifth of the secondary trajectory of a training molecule (at least one frame) is for
    validation, the rest is the ID test. The OOD test is every primary frame of the OOD molecules.
    A split that trains on nothing has the OOD test alone, whatever the budget.

    A split whose molecules have one trajectory (``split.frames``) has no secondary. A fifth of the
    primary trajectory of a training molecule (at least two frames) is held out in its place: its
    end, one frame after the last one to train on (``blocks``), or frames in an order that depends
    on the molecule's name alone (``random``).

    Parameters
    ----------
    split
        The molecules.
    n_frames
        Returns the number of frames of a molecule and trajectory.
    train_frames
        Budget of training frames, where the task has none of its own (``split.train_frames``).
        None takes every primary frame of the training molecules. With
        fewer frames than training molecules some molecules get none. They are in no part, since
        frames of a molecule that was not trained on are no ID test.
    seed
        Seed of the choice of training frames.

    Returns
    -------
    FrameSelection
        Indices ascending, molecules in the order of the split.

    Raises
    ------
    CoverageError
        A training molecule has no primary or fewer than two secondary frames, an OOD molecule has
        no primary frames, or the budget is larger than the number of frames.
    RequestError
        The budget is below one frame.
    """
    check_not_empty(split)
    ood = {name: n_frames(name, PRIMARY) for name in split.ood}
    frames = {name: frames_of(split, name, n_frames) for name in split.train}
    available = {name: len(own.train) for name, own in frames.items()}
    has_secondary = split.frames == "secondary"
    if has_secondary:
        _require(available | ood, 1, "primary")
        secondary = {name: len(own.held_out) for name, own in frames.items()}
        _require(secondary, MIN_SECONDARY, "secondary")
    else:
        _require({name: n_frames(name, PRIMARY) for name in split.train}, MIN_SINGLE, "primary")
        _require(ood, 1, "primary")

    tested = {name: np.arange(n) for name, n in ood.items()}
    if not split.trains:
        return FrameSelection(train={}, validation={}, id={}, ood=tested)

    total = sum(available.values())
    train_frames = train_frames if split.train_frames is None else split.train_frames
    budget = total if train_frames is None else train_frames
    if budget < 1:
        raise RequestError("train_frames of 1 or more", str(budget))
    if budget > total:
        raise CoverageError(
            f"{budget} primary frames of the training molecules of {split.task!r}, "
            f"level {split.level}",
            f"{total} frames of {len(available)} molecules",
            "Lower train_frames, or build the data with more frames.",
        )

    shares = spread(budget, available, seed)
    trained = [name for name in split.train if shares[name]]
    held_out = {name: frames[name].held_out for name in trained}
    return FrameSelection(
        train={
            name: frames[name].train[sorted(ranked(seed, name, available[name])[: shares[name]])]
            for name in trained
        },
        validation={name: own[: _fifth(len(own))] for name, own in held_out.items()},
        id={name: own[_fifth(len(own)) :] for name, own in held_out.items()},
        ood=tested,
        held_out=SECONDARY if has_secondary else PRIMARY,
    )


class SplitFrames(NamedTuple):
    """Frames of a training molecule, (F,) int: to train on; to validate and to test on."""

    train: IntArray
    held_out: IntArray


def frames_of(split: Split, name: str, n_frames: Callable[[str, str], int]) -> SplitFrames:
    """Return the frames of a training molecule that may play each part.

    Frames to train on are of the primary trajectory. The others are of the secondary, or held out
    of the primary where molecules have one trajectory.
    """
    n = n_frames(name, PRIMARY)
    if split.frames == "secondary":
        return SplitFrames(np.arange(n), np.arange(n_frames(name, SECONDARY)))
    held_out = max(MIN_SECONDARY, _fifth(n))
    if split.frames == "blocks":
        return SplitFrames(np.arange(max(n - held_out - 1, 0)), np.arange(max(n - held_out, 0), n))
    order = np.array(ranked(0, name, n), dtype=np.int64)
    return SplitFrames(np.sort(order[held_out:]), np.sort(order[:held_out]))


def _require(counts: Mapping[str, int], least: int, trajectory: str) -> None:
    short = [name for name, n in counts.items() if n < least]
    if short:
        names = ", ".join(f"{name} ({counts[name]})" for name in short[:5])
        raise CoverageError(
            f"{least} or more {trajectory} frames of every molecule of the split",
            f"fewer for {names}{', ...' if len(short) > 5 else ''}",
            "Build the data with more frames."
            if trajectory == PRIMARY
            else "Build the data with more frames. Where molecules have one trajectory, say "
            "`frames: blocks` or `frames: random` in a task file.",
        )


def _fifth(n: int) -> int:
    return max(1, n // 5)


def spread(budget: int, available: Mapping[str, int], seed: int) -> dict[str, int]:
    """Share a budget out in rounds of one frame for each molecule.

    A round goes through the molecules in a seeded order, so that a larger budget only adds frames.

    Parameters
    ----------
    budget
        Number of frames to share out, at most the sum of ``available``.
    available
        Number of frames of each molecule, by name.
    seed
        Seed of the order.
    """
    order = sorted(available, key=lambda name: _hash(seed, name))
    shares = dict.fromkeys(available, 0)
    while budget:
        served = [name for name in order if shares[name] < available[name]][:budget]
        for name in served:
            shares[name] += 1
        budget -= len(served)
    return shares


@lru_cache(maxsize=1024)  # the splits of a study share molecules
def ranked(seed: int, name: str, n: int) -> tuple[int, ...]:
    """Return the numbers 0..n-1 in an order made by a hash, the same on every machine."""
    return tuple(sorted(range(n), key=lambda index: _hash(seed, f"{name}:{index}")))


def _hash(seed: int, text: str) -> bytes:
    return hashlib.sha256(f"{seed}:{text}".encode()).digest()
