"""Predictions of the frames of a gallery, from the gallery itself."""

from __future__ import annotations

import numpy as np

from mlip_compose.core.records import PredictedFrames, SplitKey
from mlip_compose.evaluation.gallery import FAILED, FORCE_STEP, GallerySet, decode
from mlip_compose.predictions.file import PredictionHeader, Predictions
from mlip_compose.predictions.target import tested_on
from mlip_compose.store.reader import Store


def restored_predictions(
    gallery_set: GallerySet, potential: str, store: Store
) -> Predictions | None:
    """Return the predictions of the frames of a set that the gallery has of a potential.

    Forces are those of the gallery, in whole steps of ``FORCE_STEP``. Energies are zero, or NaN
    where the prediction failed.

    Parameters
    ----------
    gallery_set
        The frames of one task and level.
    potential
        Name of the potential in results.
    store
        The data set; the forces of the set are relative to its reference.

    Returns
    -------
    Predictions | None
        None where the set does not have this potential.
    """
    names = [member.name for member in gallery_set.potentials]
    if potential not in names:
        return None
    column = names.index(potential)
    role = gallery_set.potentials[column].role
    codes = decode(gallery_set.values).reshape(2 + len(names), -1, 3)[2 + column]
    frames, start = [], 0
    for member in gallery_set.members:
        atoms = store.molecules[member.molecule].n_atoms
        for frame in member.frames:
            frame_codes = codes[start : start + atoms]
            start += atoms
            reference = store.frames(member.molecule, frame.trajectory, np.array([frame.frame]))
            forces = np.where(frame_codes == FAILED, np.nan, frame_codes * FORCE_STEP)
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
        **tested_on(store, SplitKey(gallery_set.task, gallery_set.level, gallery_set.seed)),
        train_frames=0,
        software={},
    )
    return Predictions(header, _by_trajectory(frames), store.molecule_checksums)


def _by_trajectory(frames: list[PredictedFrames]) -> list[PredictedFrames]:
    """Put frames of one trajectory together."""
    groups: dict[tuple[str, str], list[PredictedFrames]] = {}
    for frame in frames:
        groups.setdefault((frame.molecule, frame.trajectory), []).append(frame)
    return [
        PredictedFrames(
            molecule,
            trajectory,
            np.concatenate([frame.indices for frame in group]),
            np.concatenate([frame.energy for frame in group]),
            np.concatenate([frame.forces for frame in group]),
        )
        for (molecule, trajectory), group in groups.items()
    ]
