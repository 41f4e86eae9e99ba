"""Readers of files of predictions, by the suffix of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from mlip_compose.core.errors import SchemaError, UnreadableError
from mlip_compose.predictions.exchange.arrays import (
    Sizes,
    origin_of_hdf5,
    origin_of_npz,
    read_predicted_hdf5,
    read_predicted_npz,
)
from mlip_compose.predictions.exchange.claims import Claim, origin_in
from mlip_compose.predictions.exchange.xyz import Keys, read_predicted_xyz
from mlip_compose.store.formats.ase import structures
from mlip_compose.store.formats.registry import HDF5_SUFFIXES

STRUCTURES: Final = (".xyz", ".extxyz", ".traj")
NPZ: Final = ".npz"
SUFFIXES: Final = (*STRUCTURES, NPZ, *HDF5_SUFFIXES)


def read_predicted(path: Path, sizes: Sizes, keys: Keys | None) -> Iterator[Claim]:
    """Read predictions of others, in the format that the suffix says.

    Parameters
    ----------
    path
        The file.
    sizes
        Sizes of the data set, which bound what is read.
    keys
        Keys of the predictions in extended XYZ; None takes the only pair of the first frame.

    Raises
    ------
    DataError
        The file is empty, truncated, without predictions, or not of its format.
    RequestError
        Extended XYZ has several pairs of keys, and none is named.
    """
    suffix = _suffix(path)
    if suffix in STRUCTURES:
        return read_predicted_xyz(path, keys)
    if suffix == NPZ:
        return read_predicted_npz(path, sizes)
    return read_predicted_hdf5(path, sizes)


def origin_of(path: Path) -> Mapping[str, str | int]:
    """Return the origin that a file of predictions states (see ``claims.ORIGIN``).

    In extended XYZ it is that of the first frame.

    Raises
    ------
    DataError
        See ``read_predicted``.
    """
    suffix = _suffix(path)
    if suffix in STRUCTURES:
        return origin_in(next(iter(structures(path))).info)
    return origin_of_npz(path) if suffix == NPZ else origin_of_hdf5(path)


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise SchemaError(
            f"a file of predictions ({', '.join(SUFFIXES)})",
            f"{path}, of the type {suffix or 'that has no suffix'}",
        )
    if not path.stat().st_size:
        raise UnreadableError(f"predictions in {path}", "a file of no bytes")
    return suffix
