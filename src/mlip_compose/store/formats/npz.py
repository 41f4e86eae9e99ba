"""npz files, in the layouts of MD17 and rMD17 or with other names, read in pieces."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import numpy as np

from mlip_compose.core.arrays import (
    DAMAGE,
    Header,
    header_of,
    members,
    read_exactly,
    read_member,
)
from mlip_compose.core.errors import MissingLabelsError, SchemaError, UnreadableError, one_line
from mlip_compose.core.records import FloatArray, IntArray
from mlip_compose.store.formats.base import (
    BATCH,
    CUSTOM_OF_ASE,
    CUSTOM_OF_MD17,
    Arrays,
    RawFrames,
    Units,
    runs_of,
)
from mlip_compose.store.formats.keys import (
    ANY,
    CHARGE_WORDS,
    NUMBERS_WORDS,
    POSITIONS_WORDS,
    SPIN_WORDS,
    Keys,
    geometry_key,
    label_keys,
    state_key,
    there,
)
from mlip_compose.store.formats.state import charge_of, spin_of
from mlip_compose.store.formats.unit_names import energy_unit, length_unit

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
LARGEST_NUMBERS: Final = 80_000
"""Most bytes of atomic numbers, those of 10,000 atoms."""
LONGEST_NAME: Final = 4000
"""Most bytes of the name of a unit."""
LARGEST_TURNED: Final = 2**30
"""Most bytes of an array in Fortran order, which is read whole."""


class _Layout(NamedTuple):
    """Names of the arrays of a file; ``charge`` and ``spin`` may be empty."""

    numbers: str
    positions: str
    energy: str
    forces: str
    charge: str = ""
    spin: str = ""
    units: Units = CUSTOM_OF_ASE
    notes: tuple[str, ...] = ()


def read_npz(path: Path, keys: Keys = ANY) -> Iterator[RawFrames]:
    """Read an npz file in the layout of MD17 (z, R, E, F), of rMD17 (nuclear_charges, ...), or any.

    In another layout names are those that the user gives, or that people use, such as
    ``atomic_numbers``, ``positions``, ``energy`` and ``forces``. Atomic numbers are (N,), or (F, N)
    with zeros behind the atoms of smaller molecules. A charge and a spin multiplicity are one
    number, or one a frame. Units are kcal/mol and Angstrom by the custom of MD17 and rMD17, or
    those that ``e_unit`` and ``r_unit`` name, which sGDML writes
    (``scripts/sgdml_dataset_from_aims.py`` of stefanch/sGDML). Arrays of Python objects are never
    read.

    Raises
    ------
    SchemaError
        The file has other names.
    MissingLabelsError
        The file has no energies or no forces.
    DataError
        Several pairs of energies and forces fit.
    UnreadableError
        The file is truncated, no npz, or has shapes that do not fit each other.
    """
    try:
        with ExitStack() as stack:
            archive = stack.enter_context(zipfile.ZipFile(path))
            names = members(archive)
            layout = _layout(path, archive, names, keys)
            units = _units(archive, names, layout.units)
            streams = {
                label: _Stream(archive, names[getattr(layout, label)], stack)
                for label in ("positions", "energy", "forces")
            }
            header = header_of(archive, names[layout.numbers])
            common = (
                read_member(archive, names[layout.numbers], LARGEST_NUMBERS)
                if len(header.shape) == 1
                else None
            )
            n_frames = _check_shapes(path, header, streams)
            numbers = (
                _Stream(archive, names[layout.numbers], stack)
                if common is None
                else _numbers(path, common)
            )
            said = {
                label: _Stream(archive, names[key], stack, fits=n_frames)
                for label in ("charge", "spin")
                if (key := getattr(layout, label))
            }
            for first in range(0, n_frames, BATCH):
                count = min(BATCH, n_frames - first)
                own = (
                    numbers
                    if isinstance(numbers, np.ndarray)
                    else _numbers(path, numbers.rows(count))
                )
                where = f"frame {first} and later of {path}"
                charge, spin = _states(where, layout, said, own, count)
                arrays = Arrays(
                    numbers=own,
                    positions=streams["positions"].rows(count),
                    energy=streams["energy"].rows(count).reshape(count),
                    forces=streams["forces"].rows(count),
                    charge=charge,
                    spin=spin,
                )
                yield from runs_of(path, first, units, arrays, notes=layout.notes)
    except DAMAGE as error:
        raise UnreadableError(
            "an npz file of numbers that can be read to its end",
            f"{path}, {path.stat().st_size} bytes: {one_line(error, 200)}",
            "It is truncated, damaged or holds something else.",
        ) from error


class _Stream:
    """An array in an npz file, read from its first row to its last.

    Parameters
    ----------
    archive, member
        The file, and the name in it.
    stack
        Closes the array.
    fits
        Number of rows that a single number is repeated for; 0 for an array that is read as it is.

    Raises
    ------
    ValueError
        The array holds no numbers.
    """

    def __init__(
        self, archive: zipfile.ZipFile, member: str, stack: ExitStack, fits: int = 0
    ) -> None:
        self._file: IO[bytes] = stack.enter_context(archive.open(member))
        header = Header(self._file)
        self.shape, self.dtype = header.shape, header.dtype
        self._whole: Any = None
        self._row = 0
        if self.dtype.kind not in "iuf":
            raise ValueError(f"an array of type {self.dtype}")
        if fits and math.prod(self.shape) == 1:
            self._whole = np.full(fits, read_member(archive, member, LONGEST_NAME).ravel()[0])
        elif header.fortran:
            self._whole = read_member(archive, member, LARGEST_TURNED)
        if fits and self._whole is None and self.shape not in ((fits,), (fits, 1)):
            raise ValueError(f"{member} of shape {self.shape} where {fits} numbers should be")

    def rows(self, count: int) -> FloatArray:
        """Return the next rows as float64."""
        if self._whole is not None:
            self._row += count
            return np.asarray(self._whole[self._row - count : self._row], dtype=np.float64)
        shape = (count, *self.shape[1:])
        read = read_exactly(self._file, math.prod(shape) * int(self.dtype.itemsize))
        return np.frombuffer(read, dtype=self.dtype).reshape(shape).astype(np.float64)


def _layout(path: Path, archive: zipfile.ZipFile, names: dict[str, str], keys: Keys) -> _Layout:
    """Return the layout of a file, from what the user says and the names of its arrays."""
    charge = state_key(names, CHARGE_WORDS, keys.charge) or ""
    spin = state_key(names, SPIN_WORDS, keys.spin) or ""
    if not keys.given.keys() & {"numbers", "positions", "energy", "forces"}:
        for known in LAYOUTS:
            if {known["numbers"], known["positions"]} <= names.keys():
                absent = [label for label in ("energy", "forces") if known[label] not in names]
                if absent:
                    raise MissingLabelsError(
                        f"energies and forces in {path} ({known['energy']}, {known['forces']})",
                        f"no {' and no '.join(known[label] for label in absent)}; there are "
                        f"{', '.join(sorted(names)[:12])}",
                        "Name them with --energy-key and --forces-key.",
                    )
                return _Layout(
                    known["numbers"],
                    known["positions"],
                    known["energy"],
                    known["forces"],
                    charge,
                    spin,
                    CUSTOM_OF_MD17,
                )
    numbers = geometry_key(names, NUMBERS_WORDS, keys.numbers)
    positions = geometry_key(names, POSITIONS_WORDS, keys.positions)
    if numbers is None or positions is None:
        layouts = " or ".join(", ".join(layout.values()) for layout in LAYOUTS)
        first_names = ", ".join(sorted(names)[:12]) or "none"
        raise SchemaError(
            f"arrays {layouts} in {path} (MD17, rMD17), or others whose names say what they are",
            first_names,
            "Name them in a YAML file, such as {numbers: species, positions: x}, with --keys.",
        )
    shapes = {name: header_of(archive, member).shape for name, member in names.items()}
    vectors = [name for name, shape in shapes.items() if len(shape) == 3 and name != positions]
    scalars = [name for name, shape in shapes.items() if shape and math.prod(shape[1:]) == 1]
    labels = label_keys(str(path), scalars, vectors, keys)
    if labels is None:
        raise MissingLabelsError(
            f"energies and forces in {path}",
            f"no pair of them; {there(scalars, vectors)}",
            "Name them with --energy-key and --forces-key.",
        )
    note = (
        f"atomic numbers are {numbers}, positions {positions}, energies {labels.energy}, "
        f"forces {labels.forces}"
    )
    return _Layout(numbers, positions, *labels, charge, spin, notes=(note,))


def _states(
    where: str, layout: _Layout, said: Mapping[str, _Stream], numbers: IntArray, count: int
) -> tuple[IntArray | None, IntArray | None]:
    """Return total charges (F,) and spin multiplicities (F,); None where the file has none."""
    charge = spin = None
    if "charge" in said:
        values = said["charge"].rows(count).ravel()
        charge = np.array([charge_of(where, (layout.charge, value)) for value in values])
    if "spin" in said:
        values = said["spin"].rows(count).ravel()
        rows = np.broadcast_to(numbers, (count, numbers.shape[-1]))
        charges = np.zeros(count, dtype=int) if charge is None else charge
        spin = np.array(
            [
                spin_of(where, (layout.spin, value), row, int(total))
                for value, row, total in zip(values, rows, charges, strict=True)
            ]
        )
    return charge, spin


def _check_shapes(path: Path, numbers: Header, arrays: Mapping[str, _Stream]) -> int:
    shape = arrays["positions"].shape
    n_frames = int(shape[0]) if shape else 0
    n_atoms = int(numbers.shape[-1]) if numbers.shape else 0
    if len(numbers.shape) not in (1, 2) or (
        len(numbers.shape) == 2 and numbers.shape[0] != n_frames
    ):
        raise SchemaError(
            f"atomic numbers of shape (atoms,) or ({n_frames}, atoms) in {path}",
            f"type {numbers.dtype}, shape {numbers.shape}",
        )
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


def _numbers(path: Path, numbers: Any) -> IntArray:
    """Return atomic numbers as whole numbers."""
    whole = np.asarray(numbers, dtype=np.int64) if numbers.dtype.kind in "iu" else None
    if numbers.dtype.kind == "f" and np.isfinite(numbers).all() and (abs(numbers) < 1000).all():
        whole = numbers.astype(np.int64)
    if whole is None or not np.array_equal(whole, numbers):
        raise SchemaError(
            f"atomic numbers as whole numbers in {path}",
            f"type {numbers.dtype}, shape {numbers.shape}",
        )
    return whole


def _units(archive: zipfile.ZipFile, names: dict[str, str], custom: Units) -> Units:
    """Return the units that sGDML states, as they stand where they have no known name."""
    stated = {}
    for key in ("e_unit", "r_unit"):
        if key in names:
            value = read_member(archive, names[key], LONGEST_NAME)
            text = value.item() if value.size == 1 else ""
            stated[key] = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    if "e_unit" not in stated:
        return custom
    energy = energy_unit(stated["e_unit"]) or stated["e_unit"]
    length = stated.get("r_unit", "Ang")
    length = length_unit(length) or length
    return Units(energy, f"{energy}/{length}", length, stated=True)
