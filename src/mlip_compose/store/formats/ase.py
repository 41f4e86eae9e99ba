"""Files of ASE, read in pieces: extended XYZ, trajectories and databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import numpy as np
from ase.db.sqlite import SQLite3Database

from mlip_compose.core.errors import UnreadableError, one_line
from mlip_compose.core.records import FloatArray
from mlip_compose.molecules.geometry import unwrapped
from mlip_compose.store.formats.base import (
    CUSTOM_OF_ASE,
    SPLIT_WORDS,
    RawFrame,
    RawFrames,
    Units,
    batched,
    missing_labels,
)
from mlip_compose.store.formats.keys import (
    ANY,
    ENERGY_WORDS,
    FORCES_WORDS,
    Keys,
    LabelKeys,
    label_keys,
    there,
    words_of,
)
from mlip_compose.store.formats.state import State, state_of
from mlip_compose.store.formats.text_lines import TextLines
from mlip_compose.store.formats.unit_names import energy_unit, force_unit, length_unit

USUAL_KEYS: Final = (
    LabelKeys("REF_energy", "REF_forces"),
    LabelKeys("energy", "forces"),
)
"""Names that are not worth a word."""
UNIT_KEYS: Final = (("energy-unit", "energy_unit"), ("force-unit", "force_unit"))
"""Names of units in the metadata of a frame, of energies and of forces, as dpdata reads them."""
NAME_KEYS: Final = ("molecule", "name")
LABEL_KEY: Final = "name"
"""A name under this key is that of a molecule, or a label of many."""
UNWRAPPED: Final = "molecules over the edge of a periodic box are put together by their bonds"
TRAJECTORY_KEYS: Final = ("trajectory", "split")
INDEX_KEY: Final = "frame"
CHARGE_KEY: Final = "charge"
MOST_COLUMNS: Final = 1000
"""Most columns of one property of an atom in extended XYZ."""

DAMAGE: Final = (
    OSError,  # ASE's XYZError is one
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    EOFError,
    RuntimeError,
    ArithmeticError,
    ImportError,
    SyntaxError,
    MemoryError,  # a length that the file does not have
    sqlite3.Error,
)
"""Errors that ASE raises for a file that is not of the format of its suffix."""


class Structure(NamedTuple):
    """A structure of a file.

    Attributes
    ----------
    position
        Index in the file.
    atoms
        ASE's ``Atoms``.
    info
        Metadata.
    deuterium
        Number of hydrogens that the file calls D or T.
    """

    position: int
    atoms: Any
    info: Mapping[str, Any]
    deuterium: int = 0

    @property
    def values(self) -> dict[str, Any]:
        """All values by name; those of arrays come before metadata, and these before results."""
        results = self.atoms.calc.results if self.atoms.calc is not None else {}
        return {**results, **self.info, **self.atoms.arrays}


def read_ase_file(path: Path, keys: Keys = ANY) -> Iterator[RawFrames]:
    """Read extended XYZ (``.xyz``, ``.extxyz``), an ASE trajectory or an ASE database (``.db``).

    Energies and forces are the values of one pair of names in ``info``, ``arrays`` or the results
    of an attached calculator (:func:`~mlip_compose.store.formats.keys.label_keys`); the first frame
    decides the names. Units are those that a database of SchNetPack states in its metadata
    (``_property_unit_dict`` and ``_distance_unit``, ``src/schnetpack/data/atoms.py`` of
    atomistic-machine-learning/schnetpack), or that a frame states as ``energy-unit`` and
    ``force-unit`` (``dpdata/formats/xyz/quip_gap_xyz.py`` of deepmodeling/dpdata), else ASE's.

    Raises
    ------
    UnreadableError
        The file is truncated, or not of this format.
    MissingLabelsError
        The first frame has no energy or no forces; a later one that has none has a ``fault``.
    DataError
        Several pairs of names fit, or the charge or spin of a frame is none.
    """
    reading = _Reading(path, keys)
    frames = (reading.frame(structure) for structure in structures(path))
    return batched(path, CUSTOM_OF_ASE, frames)


def structures(path: Path) -> Iterator[Structure]:
    """Yield the structures of a file.

    Raises
    ------
    UnreadableError
        The file is truncated, not of this format, or has no structure.
    """
    images = _images(path)
    index = 0
    while True:
        try:
            atoms, info, deuterium = next(images)
        except StopIteration:
            break
        except DAMAGE as error:
            reason = one_line(error, 200)
            raise UnreadableError(
                f"a file that ASE reads to its end as {path.suffix[1:]}",
                f"{path}, {path.stat().st_size} bytes, after {index} frames: {reason}",
                "It is truncated, damaged or of another format.",
            ) from error
        yield Structure(index, atoms, info, deuterium)
        index += 1
    if not index:
        raise UnreadableError(f"frames in {path}", "none")


def _images(path: Path) -> Iterator[tuple[Any, Mapping[str, Any], int]]:
    """Yield structures with their metadata, and the number of their atoms of D or T."""
    if path.suffix == ".db":
        for row in _rows(path):
            yield row.toatoms(), {**row.data, **row.key_value_pairs}, 0
        return
    from ase.io import iread

    if path.suffix == ".traj":
        for atoms in iread(path, index=":", format="traj", do_not_split_by_at_sign=True):
            yield atoms, atoms.info, 0
        return
    with path.open("rb") as file:
        lines: Any = TextLines(file)

        def comment(line: str) -> dict[str, Any]:
            info = _comment(line)
            lines.begin_atoms(str(info.get("Properties", "")))
            return info

        for atoms in iread(lines, index=":", format="extxyz", properties_parser=comment):
            yield atoms, atoms.info, lines.deuterium


def _comment(line: str) -> dict[str, Any]:
    """Read the comment line of a frame; ASE makes a list of as many columns as it names."""
    from ase.io.extxyz import key_val_str_to_dict

    info: dict[str, Any] = key_val_str_to_dict(line)
    for columns in str(info.get("Properties", "")).split(":")[2::3]:
        if not 1 <= int(columns) <= MOST_COLUMNS:
            raise ValueError(f"a property of {columns} columns")
    return info


class _Reading:
    """Makes frames of the structures of a file; the first one decides the names of the labels."""

    def __init__(self, path: Path, keys: Keys) -> None:
        self._path, self._keys = path, keys
        self._labels: LabelKeys | None = None
        self._units = _stated_by_database(path) if path.suffix == ".db" else {}

    def frame(self, structure: Structure) -> RawFrame:
        """Return a structure as a frame.

        Raises
        ------
        MissingLabelsError, UnreadableError, DataError
            See :func:`read_ase_file`.
        """
        index, atoms, info, _ = structure
        values = structure.values
        if self._labels is not None and (absent := self._absent(self._labels, values)):
            fault = f"no {' and no '.join(absent)}"
            numbers = np.asarray(atoms.numbers)
            nowhere = np.full((len(numbers), 3), np.nan)
            positions = np.asarray(atoms.positions, dtype=np.float64)
            return RawFrame(numbers, positions, np.nan, nowhere, "", "", -1, fault=fault)
        where = f"frame {index} of {self._path}"
        labels = self._label_keys(structure, values)
        try:
            (energy,) = np.asarray(values[labels.energy], dtype=np.float64).ravel()
            forces = np.asarray(values[labels.forces], dtype=np.float64)
            stated = info.get(INDEX_KEY, -1)
            index_in_trajectory = (
                int(stated) if isinstance(stated, int | np.integer) and stated >= 0 else -1
            )
        except (TypeError, ValueError) as error:
            raise UnreadableError(
                f"one number as energy and numbers as forces in {where}", str(error)
            ) from error
        name_keys = (self._keys.name,) if self._keys.name else NAME_KEYS
        state: State = state_of(where, structure.atoms, values, self._keys)
        positions = np.asarray(atoms.positions, dtype=np.float64)
        numbers = np.asarray(atoms.numbers)
        whole: FloatArray = positions
        if atoms.pbc.any() and np.isfinite(positions).all():
            whole = unwrapped(numbers, positions, np.asarray(atoms.cell[:]), np.asarray(atoms.pbc))
        was_wrapped = () if whole is positions else (UNWRAPPED,)
        key = next((key for key in name_keys if key in info), "")
        return RawFrame(
            numbers=numbers,
            positions=whole,
            energy=float(energy),
            forces=forces,
            name=str(info[key]) if key else "",
            trajectory=_trajectory(info),
            index_in_trajectory=index_in_trajectory,
            charge=state.charge,
            spin=state.spin,
            units=self._stated_units(info, labels),
            notes=(*_notes(structure, labels), *state.notes, *was_wrapped),
            is_label=key == LABEL_KEY and not self._keys.name,
        )

    def _label_keys(self, structure: Structure, values: Mapping[str, Any]) -> LabelKeys:
        """Return the names of energies and forces, which are in this frame."""
        labels = self._labels
        if labels is None:
            scalars, vectors = _scalars(values), _vectors(values)
            labels = label_keys(str(self._path), scalars, vectors, self._keys)
            if labels is None:
                lacking = [
                    label
                    for label, kind, names in (
                        ("energies", ENERGY_WORDS, scalars),
                        ("forces", FORCES_WORDS, vectors),
                    )
                    if not any(kind & set(words_of(name)) for name in names)
                ]
                names = there(scalars, _without_geometry(vectors))
                lacking = lacking or ["energies that go with the forces"]
                raise missing_labels(self._path, structure.position, lacking, names)
            self._labels = labels
        return labels

    @staticmethod
    def _absent(labels: LabelKeys, values: Mapping[str, Any]) -> list[str]:
        """Return which of energies and forces a frame lacks."""
        pairs = zip(("energies", "forces"), labels, strict=True)
        return [label for label, key in pairs if key not in values]

    def _stated_units(self, info: Mapping[str, Any], labels: LabelKeys) -> Units | None:
        """Return the units that the frame or the file states."""
        energy, forces = (
            next((str(info[key]) for key in names if key in info), None) for names in UNIT_KEYS
        )
        length = None
        if energy is None and forces is None:
            energy, forces = (self._units.get(key) for key in labels)
            length = self._units.get("")
        if energy is None and forces is None:
            return None
        custom = CUSTOM_OF_ASE
        length = custom.length if length is None else length_unit(length) or length
        energy = custom.energy if energy is None else energy_unit(energy) or energy
        usual = custom.forces if length == custom.length else f"{energy}/{length}"
        forces = usual if forces is None else force_unit(forces) or forces
        return Units(energy, forces, length, stated=True)


def _scalars(values: Mapping[str, Any]) -> list[str]:
    return [key for key, value in values.items() if _kind(value) in "iuf" and np.size(value) == 1]


def _vectors(values: Mapping[str, Any]) -> list[str]:
    return [
        key
        for key, value in values.items()
        if isinstance(value, np.ndarray) and value.dtype.kind in "iuf" and value.ndim == 2
    ]


def _without_geometry(vectors: list[str]) -> list[str]:
    return [key for key in vectors if key != "positions"]


def _kind(value: Any) -> str:
    """Return the kind of an array or a number, such as ``f``; a blank for what is neither."""
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind
    return "f" if isinstance(value, int | float) and not isinstance(value, bool) else " "


def _notes(structure: Structure, labels: LabelKeys) -> tuple[str, ...]:
    notes = []
    if labels not in USUAL_KEYS:
        notes.append(f"energies are {labels.energy}, forces {labels.forces}")
    if structure.deuterium:
        notes.append("D and T are hydrogen, whose energies and forces are the same")
    return tuple(notes)


def _stated_by_database(path: Path) -> dict[str, str]:
    """Return the units in the metadata of SchNetPack by name; the unit of length has none."""
    try:
        metadata = _ReadOnly(str(path), create_indices=False, use_lock_file=False).metadata
        units = metadata.get("_property_unit_dict", {})
        stated = {str(key): str(unit) for key, unit in units.items()}
        length = metadata.get("_distance_unit")
    except DAMAGE:  # the rows say better what is wrong
        return {}
    return {**stated, "": str(length)} if stated and length else stated


def _trajectory(info: Mapping[str, Any]) -> str:
    """Return the trajectory that metadata name; empty where they name none."""
    names = (SPLIT_WORDS.get(str(info[key]).lower(), "") for key in TRAJECTORY_KEYS if key in info)
    return next(filter(None, names), "")


def _rows(path: Path) -> Iterator[Any]:
    """Yield the rows of a database, as ASE's ``AtomsRow``.

    Nothing is written in the database or beside it, and no view in it is run.

    Raises
    ------
    UnreadableError
        Another program is writing the database.
    OSError, sqlite3.Error, and other errors of ASE (see ``DAMAGE``)
        The file is damaged, or no database of ASE.
    """
    journal = path.with_name(f"{path.name}-wal")
    if journal.is_file() and journal.stat().st_size:
        raise UnreadableError(
            f"a database that is closed in {path}",
            f"{journal.name}, with frames that are not in it yet",
            "Close the program that writes it.",
        )
    yield from _ReadOnly(str(path), create_indices=False, use_lock_file=False).select()


class _ReadOnly(SQLite3Database):
    """A database of ASE that is never written."""

    def _connect(self) -> sqlite3.Connection:
        # without mode=ro ASE makes its tables in a database that has none, and without
        # immutable=1 SQLite makes a journal beside it
        address = f"file:{quote(str(self.filename))}?mode=ro&immutable=1"
        connection = sqlite3.connect(address, uri=True, timeout=20)
        connection.set_authorizer(_authorise)
        return connection


def _authorise(
    action: int, first: str | None, second: str | None, base: str | None, view: str | None
) -> int:
    """Deny views and recursive queries, which need not come to an end."""
    if action == sqlite3.SQLITE_RECURSIVE or view is not None:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK
