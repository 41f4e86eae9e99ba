"""Writing a store: whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.hdf5 import create_hdf5
from mlip_compose.core.records import MINIMUM, Frames, Molecule
from mlip_compose.store.schema import (
    AT_REST,
    FRAME_TYPES,
    GRAPH_TYPES,
    MINIMUM_FORCES,
    MINIMUM_TYPES,
    OPEN_SCHEMA,
    OPEN_TYPES,
    SCHEMA,
    StoreHeader,
    file_checksum,
    is_closed,
    molecule_checksum,
)

COMPRESSION_LEVEL: Final = 9
WHOLE: Final = 4 * 2**20
"""Bytes up to which an array of a trajectory is one chunk."""
CHUNK: Final = 2**20
"""Bytes of a chunk, of whole frames, where the array is larger."""


def write_store(
    path: Path, header: StoreHeader, molecules: Iterable[tuple[Molecule, Iterable[Frames]]]
) -> str:
    """Write a store and return its checksum.

    The file appears under its name when it is complete. Equal content gives equal bytes.

    Parameters
    ----------
    path
        The file; an existing one is replaced.
    header
        Name, reference, sampling and origin of the data set.
    molecules
        Molecules with their trajectories, written in this order, one at a time. The trajectory
        ``minimum`` has one frame. Its positions and energy are stored, and its forces where the
        largest component exceeds ``AT_REST``.

    Returns
    -------
    str
        The checksum of the content, sha256.
    """
    schema = SCHEMA
    checksums = []
    with create_hdf5(path) as file:
        for molecule, trajectories in molecules:
            schema = schema if is_closed(molecule) else OPEN_SCHEMA
            checksums.append((molecule.name, _write_molecule(file, molecule, trajectories)))
        checksum = file_checksum(header, checksums, schema)
        for key, value in header.model_dump(mode="json").items():
            file.attrs[key] = value if isinstance(value, str) else json.dumps(value)
        file.attrs["schema"] = schema
        file.attrs["sha256"] = checksum
    return checksum


def _write_molecule(file: Any, molecule: Molecule, trajectories: Iterable[Frames]) -> str:
    parts = {} if molecule.parts is None else molecule.parts._asdict()
    attributes = {
        "smiles": molecule.smiles,
        "inchikey": molecule.inchikey,
        **{key: parts[key] for key in ("left", "right", "chain") if parts},
        "charge": molecule.charge,
        "spin": molecule.spin,
    }
    arrays = dict(_arrays(molecule, trajectories))
    checksum = molecule_checksum(attributes, arrays)
    group = file.create_group(molecule.name, track_order=False)
    for key, value in attributes.items():
        group.attrs[key] = value
    group.attrs["sha256"] = checksum
    for name, array in arrays.items():
        packed: dict[str, Any] = {}
        if array.ndim == 3:
            packed = {"compression": "gzip", "compression_opts": COMPRESSION_LEVEL}
            packed |= {"shuffle": True, "chunks": _chunks(array)}
        group.create_dataset(name, data=array, track_times=False, **packed)
    return checksum


def _chunks(array: NDArray[Any]) -> tuple[int, ...]:
    """Return the shape of the chunks of an array (F, N, 3), so that some frames are read alone."""
    frames = array.shape[0]
    if array.nbytes > WHOLE:
        frames = max(1, CHUNK * frames // array.nbytes)
    return (frames, *array.shape[1:])


def _arrays(
    molecule: Molecule, trajectories: Iterable[Frames]
) -> Iterator[tuple[str, NDArray[Any]]]:
    types = GRAPH_TYPES if is_closed(molecule) else OPEN_TYPES
    for name in types:
        yield name, np.asarray(getattr(molecule, name), dtype=types[name])
    for frames in trajectories:
        if frames.trajectory == MINIMUM:
            for name, dtype in MINIMUM_TYPES.items():
                yield f"{MINIMUM}/{name}", np.asarray(getattr(frames, name)[0], dtype=dtype)
            if np.abs(frames.forces).max() > AT_REST:
                yield f"{MINIMUM}/{MINIMUM_FORCES}", np.asarray(frames.forces[0], dtype=np.float32)
        else:
            for name, dtype in FRAME_TYPES.items():
                yield f"{frames.trajectory}/{name}", np.asarray(getattr(frames, name), dtype=dtype)
