"""A fitted potential on disk: ``model.json`` for facts and ``model.npz`` for arrays, no code."""

from __future__ import annotations

import io
import json
import math
import pickle
import struct
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mlip_compose.core.arrays import DAMAGE, members, read_member
from mlip_compose.core.documents import parse_json
from mlip_compose.core.errors import SchemaError, UnreadableError, class_and_line, excerpt, one_line
from mlip_compose.core.files import write_bytes, write_text

HEADER = "model.json"
ARRAYS = "model.npz"

UNREADABLE: Final = (
    OSError,
    RuntimeError,
    EOFError,
    pickle.UnpicklingError,
    struct.error,
    zipfile.BadZipFile,
    LookupError,
    AttributeError,
    TypeError,
    ValueError,
    ArithmeticError,
    AssertionError,
    ImportError,  # a class of a module that there is not
    MemoryError,
)
"""Errors that torch raises for a damaged file. A damaged pickle can raise almost any."""


def write_model(
    directory: str | Path,
    kind: str,
    version: int,
    facts: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]] | None = None,
) -> None:
    """Write a potential.

    Parameters
    ----------
    directory
        Directory of the potential; made where there is none.
    kind
        Name of its kind.
    version
        Version of the schema of ``facts`` and ``arrays``.
    facts
        Facts that JSON can hold.
    arrays
        Arrays by name; ``model.npz`` is written only where there are some.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    header = {"kind": kind, "version": version, "facts": dict(facts)}
    text = json.dumps(header, indent=1, sort_keys=True, allow_nan=False)
    write_text(directory / HEADER, text + "\n")
    if arrays:
        content = io.BytesIO()
        np.savez(content, allow_pickle=False, **dict(arrays))
        write_bytes(directory / ARRAYS, content.getvalue())


def read_kind(directory: Path) -> str:
    """Return the name of the kind of the potential in ``directory``."""
    return str(_read_header(directory)["kind"])


def read_facts(directory: Path) -> dict[str, Any]:
    """Return the facts of the potential in ``directory``, of any kind."""
    facts: dict[str, Any] = _read_header(directory)["facts"]
    return facts


def read_model(
    directory: Path, kind: str, version: int
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read what :func:`write_model` wrote.

    Returns
    -------
    facts, arrays
        Facts, and arrays by name; no arrays where there is no ``model.npz``.

    Raises
    ------
    UnreadableError
        A file is missing or damaged.
    SchemaError
        The potential is of another kind or version.
    """
    header = _read_header(directory)
    if (header["kind"], header["version"]) != (kind, version):
        raise SchemaError(
            f"a potential of kind {kind!r}, version {version}, in {directory}",
            f"kind {header['kind']!r}, version {excerpt(header['version'])}",
            "Train it again with this version of the program.",
        )
    return header["facts"], _read_arrays(directory / ARRAYS)


def check_model(directory: Path) -> None:
    """Check what files of potentials of all kinds have in common.

    Raises
    ------
    UnreadableError
        A file is missing or damaged.
    SchemaError
        ``model.json`` lacks a key, or has one more.
    """
    read_facts(directory)
    _read_arrays(directory / ARRAYS)


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    if not path.exists():
        return {}
    try:
        most = path.stat().st_size  # nothing in it is compressed
        with zipfile.ZipFile(path) as archive:
            return {
                name: read_member(archive, member, most)
                for name, member in members(archive).items()
            }
    except DAMAGE as error:
        reason = one_line(error, 200)
        raise UnreadableError(f"arrays of a potential in {path}", reason) from error


@contextmanager
def restoring(kind: str, directory: Path) -> Iterator[None]:
    """Turn errors of wrong facts or arrays into one that names the potential.

    Raises
    ------
    SchemaError
        A key, a type, a shape or a value is wrong.
    """
    try:
        yield
    except (
        LookupError,
        AttributeError,
        TypeError,
        ValueError,
        ArithmeticError,
        RuntimeError,  # torch's, of arrays that do not fit
    ) as error:
        raise SchemaError(
            f"a potential of kind {kind!r} in {directory}",
            class_and_line(error, 300),
            "Train it again with this version of the program.",
        ) from error


def energies_by_number(facts: Any) -> dict[int, float]:
    """Return energies of atoms, atomic number to eV, from a mapping of JSON.

    Raises
    ------
    ValueError, TypeError, AttributeError
        ``facts`` are no such mapping, or an energy is not finite.
    """
    energies = {int(number): float(energy) for number, energy in facts.items()}
    if not energies or not all(math.isfinite(energy) for energy in energies.values()):
        raise ValueError("no energies of atoms, or some that are not finite")
    if not all(1 <= number <= 118 for number in energies):
        raise ValueError("energies of atoms that are no elements")
    return energies


def finite(arrays: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
    """Return ``arrays``, all of finite real numbers.

    Raises
    ------
    ValueError
        An array has another type, or a value that is not finite.
    """
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
            raise ValueError(f"array {name!r} of {array.dtype}, or with values that are not finite")
    return arrays


def _read_header(directory: Path) -> dict[str, Any]:
    path = directory / HEADER
    expected = f"a fitted potential in {directory} (a file {HEADER})"
    try:
        header = parse_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UnreadableError(expected, "no such file") from error
    except (OSError, ValueError) as error:
        raise UnreadableError(expected, str(error)) from error
    if (
        not isinstance(header, dict)
        or set(header) != {"kind", "version", "facts"}
        or not isinstance(header["kind"], str)
        or not isinstance(header["facts"], dict)
    ):
        raise SchemaError(f"{expected} with keys kind, version, facts", excerpt(header))
    return header
