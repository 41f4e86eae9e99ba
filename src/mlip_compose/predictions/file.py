"""Predictions on disk: the layout of a store, with frame indices in place of positions.

============================  ===============  ============
path                          shape, type      unit
============================  ===============  ============
``/`` attributes              see ``PredictionHeader``, and ``schema``, ``sha256``
``/<molecule>`` attributes    sha256, that of the molecule in the data set
``<trajectory>/frames``       (F,) int32       index in the data set's trajectory
``<trajectory>/energy``       (F,) float64     eV
``<trajectory>/forces``       (F, N, 3) float32  eV/Angstrom
``relaxed/positions``         (1, N, 3) float32  Angstrom
============================  ===============  ============

``<trajectory>`` is ``primary``, ``secondary``, ``minimum`` or ``relaxed``; failed predictions are
NaN. A file has ``relaxed`` where the potential relaxed the minima: from the data set's minimum
(frame 0) to the positions, which the data set does not have. Whatever made the predictions,
evaluation reads nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from mlip_compose.core.documents import canonical_json
from mlip_compose.core.errors import ChecksumError, MissingLabelsError, SchemaError, one_line
from mlip_compose.core.hdf5 import check_stored, create_hdf5, open_hdf5
from mlip_compose.core.records import MINIMUM, PRIMARY, RELAXED, SECONDARY, PredictedFrames
from mlip_compose.core.rows import PredictedRow

SCHEMA: Final = "mlip-compose/predictions/1"
POSITIONS: Final = "positions"
TYPES: Final = {"frames": np.int32, "energy": np.float64, "forces": np.float32}

WRITTEN: Final = (
    "potential",
    "role",
    "settings",
    "seed",
    "dataset",
    "dataset_sha256",
    "reference",
    "task",
    "level",
    "train_frames",
    "unseen_terms",
    "failed_relaxations",
    "level_of_theory",
    "pretrained_on",
    "failures",
    "software",
)
"""Fields of a header in the order of their attributes, which the bytes of a file depend on."""

LATER: Final = ("failed_relaxations", "level_of_theory", "pretrained_on", "failures")
"""Fields of a header that older files do not have; empty ones are not written."""


class PredictionHeader(PredictedRow):
    """The row of results that predictions are of, with the settings and the software.

    Attributes
    ----------
    settings
        Settings of the potential.
    software
        Versions by name of the programs that made the predictions.
    """

    settings: dict[str, Any]
    software: dict[str, str]

    def document(self) -> dict[str, Any]:
        """Return what is written, in order; older files keep their checksum (``LATER``)."""
        fields = self.model_dump(mode="json")
        return {key: fields[key] for key in WRITTEN if fields[key] or key not in LATER}


class Predictions:
    """Predictions in memory.

    Parameters
    ----------
    header
        The row that they are of, with settings and software.
    frames
        Predicted energies (F,) in eV and forces (F, N, 3) in eV/Angstrom; later they are kept by
        molecule and trajectory.
    molecule_sums
        sha256 of the data set's molecules, by name; at least of those that were predicted.
    """

    def __init__(
        self,
        header: PredictionHeader,
        frames: Iterable[PredictedFrames],
        molecule_sums: Mapping[str, str],
    ) -> None:
        self.header = header
        self.molecule_sums = molecule_sums
        self.frames: Mapping[tuple[str, str], PredictedFrames] = {
            (own.molecule, own.trajectory): own for own in frames
        }

    @property
    def molecules(self) -> frozenset[str]:
        """Names of the molecules that were predicted."""
        return frozenset(molecule for molecule, _ in self.frames)


def write_predictions(path: str | Path, predictions: Predictions) -> None:
    """Write predictions; the file appears under its name when it is complete.

    Parameters
    ----------
    path
        HDF5 file, replaced where it exists.
    predictions
        Predictions of one potential on one split.

    Raises
    ------
    UnwritableError
        No room or no permission.

    Examples
    --------
    >>> import mlip_compose as mc
    >>> mc.write_predictions("mine.h5", predictions)  # doctest: +SKIP
    """
    with create_hdf5(Path(path)) as file:
        write_group(file, predictions)


def write_group(group: Any, predictions: Predictions) -> None:
    """Write predictions into an empty group of an HDF5 file, or into the file itself."""
    for (molecule, trajectory), frames in sorted(predictions.frames.items()):
        member = group.require_group(molecule)
        member.attrs["sha256"] = predictions.molecule_sums[molecule]
        for name, array in _arrays(frames).items():
            member.create_dataset(f"{trajectory}/{name}", data=array, track_times=False)
    for key, value in predictions.header.document().items():
        group.attrs[key] = json.dumps(value) if isinstance(value, dict) else value
    group.attrs["schema"] = SCHEMA
    group.attrs["sha256"] = content_checksum(predictions)


def read_predictions(path: str | Path) -> Predictions:
    """Read predictions of one split, strictly.

    Returns
    -------
    Predictions
        The header, and energies (F,) in eV and forces (F, N, 3) in eV/Angstrom by molecule and
        trajectory.

    Raises
    ------
    UnreadableError, SchemaError, MissingLabelsError, ChecksumError
        As for a store.

    Examples
    --------
    >>> import mlip_compose as mc
    >>> predictions = mc.read_predictions("mine.h5")  # doctest: +SKIP
    >>> predictions.frames["OH-7-H", "primary"].energy  # eV  # doctest: +SKIP
    """
    with open_hdf5(Path(path), "predictions") as file:
        return read_group(str(path), file)


def read_group(where: str, group: Any) -> Predictions:
    """Read predictions from a group of an HDF5 file, or from the file itself.

    Parameters
    ----------
    where
        The file, and the place in it, for messages.
    group
        The ``h5py.Group``.

    Raises
    ------
    SchemaError, MissingLabelsError, ChecksumError
        As for a store.
    """
    predictions = read_unverified(where, group)
    if (checksum := content_checksum(predictions)) != group.attrs["sha256"]:
        raise ChecksumError(
            f"sha256 {str(group.attrs['sha256'])[:12]}... of {where}",
            f"{checksum[:12]}...",
            "The predictions were altered after they were written; predict again.",
        )
    return predictions


def read_unverified(where: str, group: Any) -> Predictions:
    """Read predictions as :func:`read_group` does, whatever their checksum is.

    Raises
    ------
    SchemaError, MissingLabelsError
        As for a store.
    """
    header, sums = read_header(where, group)
    frames = []
    for molecule in group:
        trajectories = group[molecule]
        for trajectory in trajectories:
            place = f"{where}, {molecule}/{trajectory}"
            frames.append(_frames(place, molecule, trajectory, trajectories[trajectory]))
    return Predictions(header, frames, sums)


def read_header(where: str, group: Any) -> tuple[PredictionHeader, dict[str, str]]:
    """Read the header of predictions, and of each molecule its sha256 in the data set; no numbers.

    Raises
    ------
    SchemaError
        Another schema, or a header that is not in it.
    """
    schema = group.attrs.get("schema")
    if schema != SCHEMA:
        raise SchemaError(f"predictions of schema {SCHEMA!r}", f"{schema!r} in {where}")
    sums = {molecule: str(group[molecule].attrs["sha256"]) for molecule in group}
    return _header(where, group), sums


def predictions_checksum(path: Path) -> str:
    """Return the checksum that predictions were written with.

    Raises
    ------
    UnreadableError, SchemaError
        There is no such file, or it is none of predictions.
    """
    with open_hdf5(path, "predictions") as file:
        if file.attrs.get("schema") != SCHEMA or "sha256" not in file.attrs:
            raise SchemaError(f"predictions of schema {SCHEMA!r}", f"something else in {path}")
        return str(file.attrs["sha256"])


def _header(where: str, group: Any) -> PredictionHeader:
    attributes = {
        key: value.item() if isinstance(value, np.generic) else value
        for key, value in group.attrs.items()
        if key not in ("schema", "sha256")
    }
    try:
        for key in ("settings", "software", "unseen_terms"):
            attributes[key] = json.loads(attributes[key])
        for key in ("failed_relaxations", "failures"):
            attributes[key] = json.loads(attributes.get(key, "{}"))
        return PredictionHeader.model_validate(attributes)
    except (KeyError, ValueError, TypeError, ValidationError) as error:
        reason = one_line(error)
        raise SchemaError(f"the header of predictions in {where}", reason) from error


def _frames(where: str, molecule: str, trajectory: str, group: Any) -> PredictedFrames:
    if trajectory not in (PRIMARY, SECONDARY, MINIMUM, RELAXED):
        raise SchemaError(f"primary, secondary, minimum or relaxed in {where}", repr(trajectory))
    types = TYPES | ({POSITIONS: np.float32} if trajectory == RELAXED else {})
    arrays = {}
    for name, dtype in types.items():
        if name not in group:
            raise MissingLabelsError(f"{', '.join(types)} in {where}", f"no {name}")
        dataset = group[name]  # once: to find it takes as long as to read it
        if (kind := getattr(dataset, "dtype", "no numbers")) != dtype:
            raise SchemaError(f"{name} as {np.dtype(dtype).name} in {where}", f"{kind}")
        arrays[name] = check_stored(f"{where}, {name}", dataset)[:]
    indices, energy, forces = (arrays[name] for name in TYPES)
    n_frames = len(indices)
    if indices.ndim != 1 or (trajectory in (MINIMUM, RELAXED) and n_frames != 1):
        raise SchemaError(f"a list of frames, one of a minimum, in {where}", f"{indices.shape}")
    if (indices < 0).any() or len(np.unique(indices)) < n_frames:
        raise SchemaError(f"frames from 0, each once, in {where}", "others, or one twice")
    if energy.shape != (n_frames,) or forces.ndim != 3 or forces.shape[::2] != (n_frames, 3):
        raise SchemaError(
            f"energy ({n_frames},) and forces ({n_frames}, N, 3) in {where}",
            f"{energy.shape} and {forces.shape}",
        )
    positions = arrays.get(POSITIONS)
    if positions is not None and positions.shape != forces.shape:
        raise SchemaError(f"positions {forces.shape} in {where}", f"{positions.shape}")
    return PredictedFrames(molecule, trajectory, indices, energy, forces, positions)


def _arrays(frames: PredictedFrames) -> dict[str, Any]:
    values = {"frames": frames.indices, "energy": frames.energy, "forces": frames.forces}
    arrays = {name: np.ascontiguousarray(values[name], dtype=kind) for name, kind in TYPES.items()}
    if frames.positions is not None:
        arrays[POSITIONS] = np.ascontiguousarray(frames.positions, dtype=np.float32)
    return arrays


def content_checksum(predictions: Predictions) -> str:
    """Return the sha256 of header and arrays: the attribute ``sha256`` of a file."""
    digest = hashlib.sha256(canonical_json(predictions.header.document()).encode())
    for (molecule, trajectory), frames in sorted(predictions.frames.items()):
        digest.update(f"\n{molecule}/{trajectory}\n".encode())
        for name, array in _arrays(frames).items():
            digest.update(f"{name} {array.shape}".encode())
            digest.update(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()
