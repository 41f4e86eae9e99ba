"""Files of ASE, read in pieces: extended XYZ, trajectories and databases."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import numpy as np
from ase.db.sqlite import SQLite3Database

from mlip_compose.core.errors import UnreadableError, one_line
from mlip_compose.store.formats.base import (
    CUSTOM_OF_ASE,
    SPLIT_WORDS,
    RawFrame,
    RawFrames,
    batched,
    missing_labels,
)

LABEL_KEYS: Final = (("REF_energy", "REF_forces"), ("energy", "forces"))
"""Keys of energies and forces that belong together; the first pair counts before the second."""
NAME_KEYS: Final = ("molecule", "name")
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


def read_ase_file(path: Path) -> Iterator[RawFrames]:
    """Read extended XYZ (``.xyz``, ``.extxyz``), an ASE trajectory or an ASE database (``.db``).

    Energies and forces are the values of ``REF_energy`` and ``REF_forces``, or of ``energy`` and
    ``forces``, in ``info`` and ``arrays``, or else the results of an attached calculator.

    Raises
    ------
    UnreadableError
        The file is truncated, or not of this format.
    MissingLabelsError
        A frame has no energy or no forces.
    """
    frames = (_frame(path, index, atoms, info) for index, atoms, info in structures(path))
    return batched(path, CUSTOM_OF_ASE, frames)


def structures(path: Path) -> Iterator[tuple[int, Any, Mapping[str, Any]]]:
    """Yield the structures of a file: the index of each, ASE's ``Atoms``, and its metadata.

    Raises
    ------
    UnreadableError
        The file is truncated, not of this format, or has no structure.
    """
    images = _images(path)
    index = 0
    while True:
        try:
            atoms, info = next(images)
        except StopIteration:
            break
        except DAMAGE as error:
            reason = one_line(error, 200)
            raise UnreadableError(
                f"a file that ASE reads to its end as {path.suffix[1:]}",
                f"{path}, {path.stat().st_size} bytes, after {index} frames: {reason}",
                "It is truncated, damaged or of another format.",
            ) from error
        yield index, atoms, info
        index += 1
    if not index:
        raise UnreadableError(f"frames in {path}", "none")


def _images(path: Path) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """Yield structures with their metadata."""
    if path.suffix == ".db":
        for row in _rows(path):
            yield row.toatoms(), {**row.data, **row.key_value_pairs}
        return
    from ase.io import iread

    if path.suffix == ".traj":
        for atoms in iread(path, index=":", format="traj", do_not_split_by_at_sign=True):
            yield atoms, atoms.info
        return
    with path.open("rb") as file:
        lines = _Lines(file, encoding="utf-8")
        for atoms in iread(lines, index=":", format="extxyz", properties_parser=_comment):
            yield atoms, atoms.info


class _Lines(io.TextIOWrapper):
    """Text that ends: ASE asks for as many lines as a frame states atoms, also behind the end."""

    _ends = 0

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]  # of bytes, in typeshed
        line = super().readline(size)
        self._ends = 0 if line else self._ends + 1
        if self._ends > 3:  # at the end of a whole file ASE looks for cell vectors, then a header
            raise EOFError("the file ends within a frame")
        return line


def _comment(line: str) -> dict[str, Any]:
    """Read the comment line of a frame; ASE makes a list of as many columns as it names."""
    from ase.io.extxyz import key_val_str_to_dict

    info: dict[str, Any] = key_val_str_to_dict(line)
    for columns in str(info.get("Properties", "")).split(":")[2::3]:
        if not 1 <= int(columns) <= MOST_COLUMNS:
            raise ValueError(f"a property of {columns} columns")
    return info


def _frame(path: Path, index: int, atoms: Any, info: Mapping[str, Any]) -> RawFrame:
    energy, forces = _labels(path, index, atoms, info)
    try:
        (value,) = np.asarray(energy, dtype=np.float64).ravel()
        vectors = np.asarray(forces, dtype=np.float64)
        stated = info.get(INDEX_KEY, -1)
        index_in_trajectory = (
            int(stated) if isinstance(stated, int | np.integer) and stated >= 0 else -1
        )
    except (TypeError, ValueError) as error:
        raise UnreadableError(
            f"one number as energy and numbers as forces in frame {index} of {path}", str(error)
        ) from error
    return RawFrame(
        numbers=np.asarray(atoms.numbers),
        positions=np.asarray(atoms.positions, dtype=np.float64),
        energy=float(value),
        forces=vectors,
        name=next((str(info[key]) for key in NAME_KEYS if key in info), ""),
        trajectory=_trajectory(info),
        index_in_trajectory=index_in_trajectory,
        charge=_charge(path, index, info),
    )


def _charge(path: Path, index: int, info: Mapping[str, Any]) -> int | None:
    """Return the total charge that metadata say, elementary charges."""
    if CHARGE_KEY not in info:
        return None
    try:
        charge = float(info[CHARGE_KEY])
    except (TypeError, ValueError):
        charge = float("nan")
    if not charge.is_integer():
        raise UnreadableError(
            f"a whole number as charge in frame {index} of {path}", repr(info[CHARGE_KEY])
        )
    return int(charge)


def _labels(path: Path, index: int, atoms: Any, info: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return energy and forces that belong together."""
    results = atoms.calc.results if atoms.calc is not None else {}
    lacking = ["energies", "forces"]
    for keys in LABEL_KEYS:
        energy, forces = (
            next((place[key] for place in (atoms.arrays, info, results) if key in place), None)
            for key in keys
        )
        if energy is not None and forces is not None:
            return energy, forces
        if energy is not None or forces is not None:
            lacking = ["energies"] if energy is None else ["forces"]
    raise missing_labels(path, index, lacking)


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
