"""Predictions of the frames of a gallery, from the gallery itself."""

from __future__ import annotations

import numpy as np

from mlip_compose.core.records import PredictedFrames, SplitKey
from mlip_compose.evaluation.gallery import FAILED, FORCE_STEP, GallerySet, decode
from mlip_compose.predictions.file import PredictionHeader, Predictions
from mlip_compose.predictions.target import tested_on
from mlip_compose.store.reader import Store


def restored(kept: GallerySet, potential: str, store: Store) -> Predictions | None:
    """Return what a potential predicted of the frames of a gallery's set.

    Forces are those that the gallery holds, in whole steps of ``FORCE_STEP``; energies are zero, or
    NaN where the prediction failed.

    Parameters
    ----------
    kept
        The set.
    potential
        Name of its row.
    store
        The data set, whose reference forces the set's are relative to.

    Returns
    -------
    Predictions | None
        None where the set does not have this potential.
    """
    names = [each.name for each in kept.potentials]
    if potential not in names:
        return None
    row = names.index(potential)
    role = kept.potentials[row].role
    codes = decode(kept.values).reshape(2 + len(names), -1, 3)[2 + row]
    frames, start = [], 0
    for member in kept.members:
        atoms = store.molecules[member.molecule].n_atoms
        for frame in member.frames:
            mine = codes[start : start + atoms]
            start += atoms
            reference = store.frames(member.molecule, frame.trajectory, np.array([frame.frame]))
            forces = np.where(mine == FAILED, np.nan, mine * FORCE_STEP)
            if role != "scale":
                forces = reference.forces[0] + forces
            failed = bool(np.isnan(forces).any())
            frames.append(
                PredictedFrames(
                    member.molecule,
                    frame.trajectory,
                    reference.indices,
                    np.array([np.nan if failed else 0.0]),
                    forces[None],
                )
            )
    header = PredictionHeader(
        potential=potential,
        role=role,
        settings={},
        **tested_on(store, SplitKey(kept.task, kept.level, kept.seed)),
        train_frames=0,
        software={},
    )
    return Predictions(header, _joined(frames), store.molecule_checksums)


def _joined(frames: list[PredictedFrames]) -> list[PredictedFrames]:
    """Put frames of one trajectory together."""
    groups: dict[tuple[str, str], list[PredictedFrames]] = {}
    for each in frames:
        groups.setdefault((each.molecule, each.trajectory), []).append(each)
    return [
        PredictedFrames(
            molecule,
            trajectory,
            np.concatenate([each.indices for each in same]),
            np.concatenate([each.energy for each in same]),
            np.concatenate([each.forces for each in same]),
        )
        for (molecule, trajectory), same in groups.items()
    ]
