"""Predictions as arrays, in HDF5 and in npz.

Both have the layout of ``predictions.file``: ``<molecule>/<trajectory>/frames`` (F,), ``energy``
(F,) and ``forces`` (F, N, 3), and possibly ``positions`` (F, N, 3). An npz file may have five
arrays over all frames in its place: ``molecule``, ``trajectory`` (text) and ``frame`` (F,),
``energy`` (F,) and ``forces`` (F, M, 3) with M the most atoms of a molecule; beyond the atoms of a
frame's molecule the forces are zero or NaN. The keys ``claims.ORIGIN`` may be attributes of the
HDF5 file, or arrays of one value in an npz file. Nothing is ever unpickled.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.arrays import DAMAGE, members, read_member
from mlip_compose.core.errors import MissingLabelsError, SchemaError, UnreadableError, one_line
from mlip_compose.core.hdf5 import check_stored, open_hdf5
from mlip_compose.core.records import MINIMUM, PRIMARY, SECONDARY, FloatArray
from mlip_compose.predictions.exchange.claims import (
    FORCES_TOO,
    ORIGIN,
    Claim,
    NoPredictionsError,
    origin_in,
)
from mlip_compose.predictions.file import SCHEMA, read_predictions

ARRAYS: Final = ("frames", "energy", "forces")
POSITIONS: Final = "positions"
FLAT: Final = ("molecule", "trajectory", "frame", "energy", "forces")
TRAJECTORIES: Final = (PRIMARY, SECONDARY, MINIMUM)
SMALL: Final = 10_000
"""Most bytes of an array of one value."""
_WIDEST: Final = 16  # bytes of a number
_LONGEST_NAME: Final = 1024  # bytes of the text that names a molecule


class Sizes(NamedTuple):
    """Sizes of a data set: an array that is larger is not read.

    Attributes
    ----------
    atoms
        Number of atoms of each molecule, by name.
    frames
        Number of frames of all molecules and trajectories together.
    """

    atoms: Mapping[str, int]
    frames: int

    @property
    def most_bytes(self) -> int:
        """Most bytes of one array: components in the widest type, or names of frames."""
        atoms = max(self.atoms.values(), default=0)
        return self.frames * max(3 * atoms * _WIDEST, _LONGEST_NAME) + SMALL


def read_predicted_hdf5(path: Path, sizes: Sizes) -> Iterator[Claim]:
    """Read predictions from HDF5; predictions of this program are held against their checksum.

    Raises
    ------
    DataError
        The file is truncated, altered, or not in the layout.
    """
    with _reading(path, "HDF5"):
        with open_hdf5(path, "predictions") as file:
            origin = _origin_in_attributes(file)
            schema = _schema_in_attributes(file)
            shapes: dict[str, tuple[int, ...]] = {}
            file.visititems(
                lambda name, item: shapes.update({name: item.shape}) if _is_array(item) else None
            )
            _check_nested(path, shapes, sizes)
            arrays = {
                name: np.asarray(check_stored(f"{path}, {name}", file[name])[()]) for name in shapes
            }
        if schema == SCHEMA:
            read_predictions(path)  # raises where the checksum is another
        claims = list(_nested(path, arrays, origin))
    return iter(claims)


def read_predicted_npz(path: Path, sizes: Sizes) -> Iterator[Claim]:
    """Read predictions from npz.

    Raises
    ------
    DataError
        The file is truncated, has arrays of Python objects, or is in none of the layouts.
    """
    with _reading(path, "npz, without pickled objects"):
        with zipfile.ZipFile(path) as archive:
            arrays = {
                name: read_member(archive, member, sizes.most_bytes)
                for name, member in members(archive).items()
            }
        origin = _origin_in_arrays(arrays)
        arrays = {name: array for name, array in arrays.items() if name not in ORIGIN}
        if any("/" in name for name in arrays):
            _check_nested(path, {name: array.shape for name, array in arrays.items()}, sizes)
            claims = list(_nested(path, arrays, origin))
        else:
            claims = list(_flat(path, arrays, sizes, origin))
    return iter(claims)


def origin_of_hdf5(path: Path) -> dict[str, str | int]:
    """Return the origin that an HDF5 file states (see ``reading.origin_of``)."""
    with _reading(path, "HDF5"), open_hdf5(path, "predictions") as file:
        return _origin_in_attributes(file)


def origin_of_npz(path: Path) -> dict[str, str | int]:
    """Return the origin that an npz file states (see ``reading.origin_of``)."""
    with _reading(path, "npz, without pickled objects"), zipfile.ZipFile(path) as archive:
        names = members(archive)
        return _origin_in_arrays(
            {key: read_member(archive, names[key], SMALL) for key in ORIGIN if key in names}
        )


def schema_of(path: Path) -> str:
    """Return the schema that an HDF5 file names; empty where it names none."""
    with _reading(path, "HDF5"), open_hdf5(path, "predictions") as file:
        return _schema_in_attributes(file)


@contextmanager
def _reading(path: Path, kind: str) -> Iterator[None]:
    """Turn any error of a damaged file into one message."""
    try:
        yield
    except DAMAGE as error:
        raise UnreadableError(
            f"a file of predictions ({kind}) that can be read to its end",
            f"{path}, {path.stat().st_size} bytes: {one_line(error, 200)}",
            "It is truncated, damaged or holds something else.",
        ) from error


def _schema_in_attributes(file: Any) -> str:
    return str(file.attrs.get("schema", ""))


def _origin_in_attributes(file: Any) -> dict[str, str | int]:
    return origin_in({key: file.attrs[key] for key in ORIGIN if key in file.attrs})


def _origin_in_arrays(arrays: Mapping[str, NDArray[Any]]) -> dict[str, str | int]:
    return origin_in({key: _only_value(arrays[key]) for key in ORIGIN if key in arrays})


def _is_array(item: Any) -> bool:
    return hasattr(item, "dtype") and hasattr(item, "shape")


def _only_value(array: NDArray[Any]) -> Any:
    value = array.item()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _check_nested(path: Path, shapes: Mapping[str, tuple[int, ...]], sizes: Sizes) -> None:
    """Check names and shapes, before anything is read."""
    groups: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in shapes.items():
        group, _, array = name.rpartition("/")
        trajectory = group.partition("/")[2]
        if trajectory not in TRAJECTORIES or array not in (*ARRAYS, POSITIONS):
            raise SchemaError(
                f"arrays <molecule>/<trajectory>/{', '.join(ARRAYS)} in {path}, with a trajectory "
                f"that is {', '.join(TRAJECTORIES)}",
                name,
            )
        groups.setdefault(group, {})[array] = shape
    if not groups:
        raise NoPredictionsError(f"<molecule>/<trajectory>/{', '.join(ARRAYS)} in {path}", "none")
    for group, group_shapes in groups.items():
        absent = [array for array in ARRAYS if array not in group_shapes]
        if absent:
            raise MissingLabelsError(
                f"{', '.join(ARRAYS)} in {path}, {group}",
                f"no {', no '.join(absent)}",
                FORCES_TOO if absent == ["forces"] else "",
            )
        count = group_shapes["frames"][0] if group_shapes["frames"] else 0
        n_atoms = sizes.atoms.get(group.partition("/")[0])
        if n_atoms is None and len(group_shapes["forces"]) == 3:
            # the data set has no such molecule: matching says so, and this has no opinion
            n_atoms = group_shapes["forces"][1]
        _check_shapes(f"{path}, {group}", group_shapes, count, n_atoms or 0, sizes)


def _check_shapes(
    where: str, shapes: Mapping[str, tuple[int, ...]], count: int, n_atoms: int, sizes: Sizes
) -> None:
    if count > sizes.frames:
        raise SchemaError(f"{sizes.frames} frames at most in {where}", str(count))
    for array, shape in shapes.items():
        expected = (count, n_atoms, 3) if array in ("forces", POSITIONS) else (count,)
        if shape != expected:
            raise SchemaError(f"{array} of shape {expected} in {where}", f"shape {shape}")


def _nested(
    path: Path, arrays: Mapping[str, NDArray[Any]], origin: Mapping[str, str | int]
) -> Iterator[Claim]:
    for name in arrays:
        group, _, array = name.rpartition("/")
        if array != "frames":
            continue
        where = f"{path}, {group}"
        molecule, _, trajectory = group.partition("/")
        energy, forces = (_floats(where, arrays[f"{group}/{label}"]) for label in ARRAYS[1:])
        stored = arrays.get(f"{group}/{POSITIONS}")
        positions = None if stored is None else _floats(where, stored)
        for row, frame in enumerate(_indices(where, arrays[name])):
            yield Claim(
                where=f"{where}, row {row}",
                molecule=molecule,
                trajectory=trajectory,
                frame=frame,
                numbers=None,
                positions=None if positions is None else positions[row],
                energy=float(energy[row]),
                forces=forces[row],
                origin=origin,
            )


def _flat(
    path: Path,
    arrays: Mapping[str, NDArray[Any]],
    sizes: Sizes,
    origin: Mapping[str, str | int],
) -> Iterator[Claim]:
    if absent := [name for name in FLAT if name not in arrays]:
        kind = NoPredictionsError if {"energy", "forces"} & set(absent) else SchemaError
        raise kind(
            f"<molecule>/<trajectory>/{', '.join(ARRAYS)}, or {', '.join(FLAT)}, in {path}",
            ", ".join(sorted(arrays)[:12]) or "none",
            FORCES_TOO if absent == ["forces"] else "",
        )
    if other := [name for name in arrays if name not in FLAT]:
        raise SchemaError(f"no arrays but {', '.join((*FLAT, *ORIGIN))} in {path}", other[0])
    shapes = {name: array.shape for name, array in arrays.items()}
    count = shapes["frame"][0] if shapes["frame"] else 0
    most = shapes["forces"][1] if len(shapes["forces"]) == 3 else 0
    _check_shapes(str(path), shapes, count, most, sizes)
    names, trajectories = (_texts(path, arrays[name]) for name in FLAT[:2])
    frames = _indices(str(path), arrays["frame"])
    energy, forces = (_floats(str(path), arrays[name]) for name in FLAT[3:])
    for row in range(count):
        where = f"{path}, row {row}"
        if trajectories[row] not in TRAJECTORIES:
            raise SchemaError(f"{', '.join(TRAJECTORIES)} in {where}", repr(trajectories[row]))
        n_atoms = sizes.atoms.get(names[row], most)
        if n_atoms > most or np.nan_to_num(forces[row, n_atoms:], nan=0.0).any():
            raise SchemaError(
                f"forces of {n_atoms} atoms of {names[row]} in {where}",
                f"{most} rows of them, or others than zeros beyond",
            )
        yield Claim(
            where=where,
            molecule=names[row],
            trajectory=trajectories[row],
            frame=frames[row],
            numbers=None,
            positions=None,
            energy=float(energy[row]),
            forces=forces[row, :n_atoms],
            origin=origin,
        )


def _floats(where: str, array: NDArray[Any]) -> FloatArray:
    if array.dtype.kind not in "fiu":
        raise SchemaError(f"numbers as energies, forces and positions in {where}", f"{array.dtype}")
    return array.astype(np.float64)


def _indices(where: str, array: NDArray[Any]) -> list[int]:
    if array.dtype.kind not in "iu" or (array < 0).any():
        values = f"{array.dtype}, from {array.min()}" if array.size else f"{array.dtype}"
        raise SchemaError(f"frames as whole numbers from 0 in {where}", values)
    return [int(index) for index in array]


def _texts(path: Path, array: NDArray[Any]) -> list[str]:
    if array.dtype.kind not in "US":
        raise SchemaError(f"molecule and trajectory as text in {path}", f"{array.dtype}")
    return [
        text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        for text in array.tolist()
    ]
