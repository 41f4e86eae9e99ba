"""npz files in the layouts of MD17 and rMD17, read in pieces."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final

import numpy as np

from mlip_compose.core.arrays import DAMAGE, Header, members, read_exactly, read_member
from mlip_compose.core.errors import MissingLabelsError, SchemaError, UnreadableError, one_line
from mlip_compose.core.records import FloatArray, IntArray
from mlip_compose.core.units import ENERGY_UNITS, LENGTH_UNITS
from mlip_compose.store.formats.base import BATCH, CUSTOM_OF_MD17, RawFrames, Units

LAYOUTS: Final = (
    {"numbers": "z", "positions": "R", "energy": "E", "forces": "F"},
    {
        "numbers": "nuclear_charges",
        "positions": "coords",
        "energy": "energies",
        "forces": "forces",
    },
)
"""Keys of MD17 and of rMD17."""

_LENGTH_NAMES: Final = {"ang": "Angstrom", "angstrom": "Angstrom", "bohr": "Bohr", "nm": "nm"}


LARGEST_NUMBERS: Final = 80_000
"""Most bytes of atomic numbers, those of 10,000 atoms."""
LONGEST_NAME: Final = 4000
"""Most bytes of the name of a unit."""


def read_npz(path: Path) -> Iterator[RawFrames]:
    """Read an npz file in the layout of MD17 (z, R, E, F) or of rMD17 (nuclear_charges, ...).

    Units are kcal/mol and Angstrom by the custom of these files, or those that ``e_unit`` and
    ``r_unit`` name, which sGDML writes. Arrays of Python objects are never read.

    Raises
    ------
    SchemaError
        The file has other keys, or units of other names.
    MissingLabelsError
        The file has no energies or no forces.
    UnreadableError
        The file is truncated, no npz, or has shapes that do not fit each other.
    """
    try:
        with ExitStack() as stack:
            archive = stack.enter_context(zipfile.ZipFile(path))
            names = members(archive)
            layout = _layout(path, names)
            units = _units(path, archive, names)
            numbers = _numbers(path, archive, names[layout["numbers"]])
            arrays = {
                label: _Stream(stack.enter_context(archive.open(names[layout[label]])))
                for label in ("positions", "energy", "forces")
            }
            n_frames = _check_shapes(path, len(numbers), arrays)
            for first in range(0, n_frames, BATCH):
                count = min(BATCH, n_frames - first)
                yield RawFrames(
                    source=path,
                    first=first,
                    units=units,
                    numbers=numbers,
                    positions=arrays["positions"].rows(count),
                    energy=arrays["energy"].rows(count).reshape(count),
                    forces=arrays["forces"].rows(count),
                    name="",
                    trajectory="",
                    indices=np.full(count, -1),
                )
    except DAMAGE as error:
        raise UnreadableError(
            "an npz file of numbers that can be read to its end",
            f"{path}, {path.stat().st_size} bytes: {one_line(error, 200)}",
            "It is truncated, damaged or holds something else.",
        ) from error


class _Stream:
    """An array in an npz file, read from its first row to its last.

    Raises
    ------
    ValueError
        The array holds no numbers.
    """

    def __init__(self, file: IO[bytes]) -> None:
        header = Header(file)
        self.shape, self.dtype = header.shape, header.dtype
        if self.dtype.kind not in "iuf" or header.fortran:
            kind = "in Fortran order" if header.fortran else f"of type {self.dtype}"
            raise ValueError(f"an array {kind}")
        self._file = file

    def rows(self, count: int) -> FloatArray:
        """Return the next rows as float64."""
        shape = (count, *self.shape[1:])
        read = read_exactly(self._file, math.prod(shape) * int(self.dtype.itemsize))
        return np.frombuffer(read, dtype=self.dtype).reshape(shape).astype(np.float64)


def _layout(path: Path, names: dict[str, str]) -> dict[str, str]:
    """Return the layout of a file, from the names of its arrays."""
    for layout in LAYOUTS:
        if {layout["numbers"], layout["positions"]} <= names.keys():
            absent = [label for label in ("energy", "forces") if layout[label] not in names]
            if absent:
                raise MissingLabelsError(
                    f"energies and forces in {path} ({layout['energy']}, {layout['forces']})",
                    f"no {' and no '.join(layout[label] for label in absent)}",
                )
            return layout
    layouts = " or ".join(", ".join(layout.values()) for layout in LAYOUTS)
    first_names = ", ".join(sorted(names)[:12]) or "none"
    raise SchemaError(f"arrays {layouts} in {path} (MD17, rMD17)", first_names)


def _check_shapes(path: Path, n_atoms: int, arrays: dict[str, _Stream]) -> int:
    n_frames = int(arrays["positions"].shape[0]) if arrays["positions"].shape else 0
    expected: dict[str, tuple[tuple[int, ...], ...]] = {
        "positions": ((n_frames, n_atoms, 3),),
        "energy": ((n_frames,), (n_frames, 1)),
        "forces": ((n_frames, n_atoms, 3),),
    }
    for label, shapes in expected.items():
        if arrays[label].shape not in shapes or not n_frames:
            raise UnreadableError(
                f"{label} of shape {shapes[0]} in {path} (frames, atoms, 3)",
                f"shape {arrays[label].shape}",
            )
    return n_frames


def _numbers(path: Path, archive: zipfile.ZipFile, member: str) -> IntArray:
    numbers = read_member(archive, member, LARGEST_NUMBERS)
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu":
        raise SchemaError(
            f"atomic numbers as whole numbers, one an atom, in {path}",
            f"type {numbers.dtype}, shape {numbers.shape}",
        )
    return np.asarray(numbers, dtype=np.int64)


def _units(path: Path, archive: zipfile.ZipFile, names: dict[str, str]) -> Units:
    stated = {}
    for key in ("e_unit", "r_unit"):
        if key in names:
            value = read_member(archive, names[key], LONGEST_NAME)
            text = value.item() if value.size == 1 else ""
            stated[key] = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    if "e_unit" not in stated:
        return CUSTOM_OF_MD17
    energy_names = {name.lower(): name for name in ENERGY_UNITS}
    energy = energy_names.get(stated["e_unit"].lower())
    length = _LENGTH_NAMES.get(stated.get("r_unit", "ang").lower())
    if energy is None or length is None:
        raise SchemaError(
            f"units among {', '.join([*ENERGY_UNITS, *LENGTH_UNITS])} in {path}",
            " and ".join(f"{key} {text!r}" for key, text in stated.items()),
        )
    return Units(energy, f"{energy}/{length}", length, stated=True)
