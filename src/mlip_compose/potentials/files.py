"""A fitted potential on disk: ``model.json`` for facts and ``model.npz`` for arrays; no code.

A kind that has its own format for parameters (a torch state) keeps it beside ``model.json``.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlip_compose.errors import SchemaError, UnreadableError
from mlip_compose.files import write_bytes, write_text

HEADER = "model.json"
ARRAYS = "model.npz"


def write_model(
    directory: Path,
    kind: str,
    version: int,
    facts: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]] | None = None,
) -> None:
    """Write a potential of ``kind``; ``version`` is that of the kind's own schema.

    Parameters
    ----------
    facts
        What JSON can hold.
    arrays
        Arrays by name; without any, no ``model.npz`` is written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    header = {"kind": kind, "version": version, "facts": dict(facts)}
    text = json.dumps(header, indent=1, sort_keys=True, allow_nan=False)
    write_text(directory / HEADER, text + "\n")
    if arrays:
        content = io.BytesIO()
        np.savez(content, allow_pickle=False, **dict(arrays))
        write_bytes(directory / ARRAYS, content.getvalue())


def read_kind(directory: Path) -> str:
    """Name of the kind of the potential in ``directory``."""
    return str(_read_header(directory)["kind"])


def read_facts(directory: Path) -> dict[str, Any]:
    """Facts of the potential in ``directory``, of whatever kind."""
    facts = _read_header(directory)["facts"]
    if not isinstance(facts, dict):
        raise SchemaError(f"facts of a fitted potential in {directory}", f"{str(facts)[:80]}")
    return facts


def read_model(
    directory: Path, kind: str, version: int
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read what :func:`write_model` wrote.

    Returns
    -------
    facts, arrays
        As they were given; no arrays when there are none.

    Raises
    ------
    UnreadableError
        When a file is missing or damaged.
    SchemaError
        When it is of another kind or version.
    """
    header = _read_header(directory)
    if (header["kind"], header["version"]) != (kind, version):
        raise SchemaError(
            f"a potential of kind {kind!r}, version {version}, in {directory}",
            f"kind {header['kind']!r}, version {header['version']!r}",
            "Train it again with this version of the program.",
        )
    return header["facts"], _read_arrays(directory / ARRAYS)


def check_model(directory: Path) -> None:
    """Read the potential in ``directory``, of whatever kind, as far as it is the same for all.

    Raises
    ------
    UnreadableError, SchemaError
        As :func:`read_model`.
    """
    read_facts(directory)
    _read_arrays(directory / ARRAYS)


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    if not path.exists():
        return {}
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, RuntimeError, KeyError, zipfile.BadZipFile) as error:
        reason = str(error) or type(error).__name__
        raise UnreadableError(f"arrays of a potential in {path}", reason) from error


def _read_header(directory: Path) -> dict[str, Any]:
    path = directory / HEADER
    expected = f"a fitted potential in {directory} (a file {HEADER})"
    try:
        header = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UnreadableError(expected, "no such file") from error
    except (OSError, ValueError) as error:
        raise UnreadableError(expected, str(error)) from error
    if not isinstance(header, dict) or set(header) != {"kind", "version", "facts"}:
        raise SchemaError(f"{expected} with keys kind, version, facts", f"{str(header)[:80]}")
    return header
