"""Labels of a group of frames, in a file of their own until the data set is whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlip_compose.core.errors import ChecksumError
from mlip_compose.core.hdf5 import create_hdf5, open_hdf5
from mlip_compose.core.records import Failure, FloatArray, Frames, IntArray, Molecule
from mlip_compose.references.base import Reference


@dataclass(frozen=True, eq=False)
class FrameLabels:
    """Labels of some frames of one trajectory.

    Attributes
    ----------
    energy : (F,) float64
        eV; NaN where a label failed.
    forces : (F, N, 3) float64
        eV/Angstrom; NaN where a label failed.
    reasons
        Why labels failed, by the index of the frame in its trajectory.
    """

    energy: FloatArray
    forces: FloatArray
    reasons: Mapping[int, str]


def label_frames(molecule: Molecule, frames: Frames, reference: Reference) -> FrameLabels:
    """Label each frame from a cold start."""
    energy = np.full(len(frames), np.nan)
    forces = np.full(frames.positions.shape, np.nan)
    reasons: dict[int, str] = {}
    for row, (index, positions) in enumerate(zip(frames.indices, frames.positions, strict=True)):
        label = reference.label(
            molecule.numbers, positions.astype(np.float64), molecule.charge, molecule.spin
        )
        if isinstance(label, Failure):
            reasons[int(index)] = f"{label.stage}: {label.reason}"
        else:
            energy[row], forces[row] = label.energy, label.forces
    return FrameLabels(energy, forces, reasons)


def write_labels(path: Path, labels: FrameLabels) -> None:
    """Write labels to a file, which appears when it is complete."""
    with create_hdf5(path) as file:
        file["energy"] = labels.energy
        file["forces"] = labels.forces
        file.attrs["sha256"] = _checksum(labels)
        file.attrs["reasons"] = json.dumps({str(k): v for k, v in labels.reasons.items()})


def read_labels(path: Path) -> FrameLabels:
    """Read labels back.

    Raises
    ------
    UnreadableError, ChecksumError
        The file is damaged.
    """
    with open_hdf5(path, "labels") as file:
        reasons = json.loads(file.attrs["reasons"])
        labels = FrameLabels(
            energy=file["energy"][:],
            forces=file["forces"][:],
            reasons={int(index): reason for index, reason in reasons.items()},
        )
        expected = str(file.attrs["sha256"])
    if (checksum := _checksum(labels)) != expected:
        raise ChecksumError(f"sha256 {expected[:12]}... of {path}", f"{checksum[:12]}...")
    return labels


def _checksum(labels: FrameLabels) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(labels.energy).tobytes())
    digest.update(np.ascontiguousarray(labels.forces).tobytes())
    return digest.hexdigest()


def joined(groups: list[tuple[IntArray, FrameLabels]]) -> tuple[IntArray, FrameLabels]:
    """Join the labels of the groups of a trajectory; return the frames' indices with them."""
    reasons: dict[int, str] = {}
    for _, labels in groups:
        reasons |= labels.reasons
    return (
        np.concatenate([indices for indices, _ in groups]),
        FrameLabels(
            energy=np.concatenate([labels.energy for _, labels in groups]),
            forces=np.concatenate([labels.forces for _, labels in groups]),
            reasons=reasons,
        ),
    )
