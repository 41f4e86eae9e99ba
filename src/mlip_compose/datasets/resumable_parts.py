"""The parts of a data set that is being made, until it is whole and they are removed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from mlip_compose.core.errors import DataError
from mlip_compose.core.files import write_text, writing
from mlip_compose.engine.locks import CLAIM, LOCK, held
from mlip_compose.store.reader import Store

WHOLE: Final = "finished.h5"
SUM: Final = "finished.sha256"


def parts_of(out: Path) -> Path:
    """Return the directory of the parts of a data set."""
    return out.absolute().with_name(f"{out.name}.parts")


def finish(out: Path, write: Callable[[Path], str]) -> str:
    """Write a data set from its parts and remove them; return its checksum.

    The directory of the parts says which data set it is before that appears under its name, so that
    a process that is killed in between leaves no doubt.

    Parameters
    ----------
    out
        The HDF5 file.
    write
        Writes it under a name and returns its checksum.
    """
    parts = parts_of(out)
    checksum = write(parts / WHOLE)
    write_text(parts / SUM, checksum)
    with writing(out):
        (parts / WHOLE).replace(out)
    _remove(parts)
    return checksum


def finished_before(out: Path) -> Store | None:
    """Return a data set that was finished by a process that could not remove all of its parts.

    They are removed now. None where that is not so: ``out`` is another file then, or not there.
    """
    parts = parts_of(out)
    if not (out.is_file() and parts.is_dir()):
        return None
    with held(parts):
        left = {path.name for path in parts.iterdir()} - {LOCK, CLAIM}
        try:
            store = Store(out)
            said = (parts / SUM).read_text("utf-8") if SUM in left else ""
        except DataError:
            return None
        if left and said != store.checksum:
            return None
        _remove(parts)
    return store


def _remove(parts: Path) -> None:
    """Remove the directory of the parts, what says that they are not needed last."""
    for path in parts.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
    shutil.rmtree(parts)
