"""The frames of a ceiling: the same budget, with the OOD molecules included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from mlip_compose.core.errors import CoverageError
from mlip_compose.core.records import PRIMARY, FrameSelection, IntArray, Split
from mlip_compose.tasks.selection import frames_of, ranked, spread

MIN_PRIMARY: Final = 4
"""Least number of primary frames: one to train on, one left out at the cut, two to test on."""


def halves(n_frames: int) -> tuple[IntArray, IntArray]:
    """Cut the primary trajectory of an OOD molecule into a half to train on and one to test on.

    Both are contiguous, so that no test frame has a neighbour in time among the training frames but
    at the cut; there the last frame of the first half is in neither.

    Parameters
    ----------
    n_frames
        Length F of the trajectory.

    Returns
    -------
    train, test : (F // 2 - 1,), (F - F // 2,) int
        Ascending indices.
    """
    cut = n_frames // 2
    return np.arange(max(cut - 1, 0)), np.arange(cut, n_frames)


def ceiling_selection(
    split: Split, ordinary: FrameSelection, n_frames: Callable[[str, str], int], seed: int
) -> FrameSelection:
    """Choose the frames of a ceiling, which shows what training with the OOD molecules reaches.

    A ceiling trains on as many frames as the ordinary selection has. They are spread over training
    and OOD molecules together, as :func:`~mlip_compose.tasks.selection.select_frames` spreads them
    over the training molecules: primary frames of training molecules, and frames of the first half
    of the primary trajectory of OOD molecules (see :func:`halves`). The test (part ``ood``) is the
    second half of these trajectories. An OOD molecule without a training frame is not tested.
    Validation frames are those of the ordinary selection whose molecules have training frames.
    There is no ID test.

    Parameters
    ----------
    split
        The molecules.
    ordinary
        The frames that potentials of this split are trained on.
    n_frames
        Returns the number of frames of a molecule and trajectory.
    seed
        Seed of the choice of training frames.

    Returns
    -------
    FrameSelection
        Indices ascending, molecules in the order of the split. OOD molecules of the training are in
        ``train`` and in ``ood``, with different frames.

    Raises
    ------
    CoverageError
        An OOD molecule has fewer than four primary frames, or the budget reaches none of them.
    """
    lengths = {name: n_frames(name, PRIMARY) for name in split.ood}
    if short := [name for name, n in lengths.items() if n < MIN_PRIMARY]:
        names = ", ".join(f"{name} ({lengths[name]})" for name in short[:5])
        raise CoverageError(
            f"{MIN_PRIMARY} or more primary frames of every OOD molecule, to cut for a ceiling",
            f"fewer for {names}{', ...' if len(short) > 5 else ''}",
            "Build the data with more frames, or leave out ceiling: true.",
        )
    cut = {name: halves(n) for name, n in lengths.items()}
    open_frames = {name: frames_of(split, name, n_frames).train for name in split.train}
    open_frames |= {name: train for name, (train, _) in cut.items()}
    available = {name: len(frames) for name, frames in open_frames.items()}
    budget = sum(len(indices) for indices in ordinary.train.values())
    shares = spread(budget, available, seed)
    included = [name for name in split.ood if shares[name]]
    if not included:
        raise CoverageError(
            f"a budget that gives the OOD molecules of {split.task!r}, level {split.level}, "
            "training frames, for a ceiling",
            f"a budget of {budget} over {len(available)} molecules",
            "Raise train_frames, or leave out ceiling: true.",
        )
    trained = [name for name in (*split.train, *split.ood) if shares[name]]
    return FrameSelection(
        train={
            name: open_frames[name][sorted(ranked(seed, name, available[name])[: shares[name]])]
            for name in trained
        },
        validation={name: ordinary.validation[name] for name in split.train if shares[name]},
        id={},
        ood={name: cut[name][1] for name in included},
        held_out=ordinary.held_out,
    )
