"""The data sets that come with the package, by name."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from mlip_compose.errors import UnknownNameError
from mlip_compose.store.reader import Store

FROZEN: Final[dict[str, str]] = {
    "mini-v1": "the 254 molecules of the full list, few frames each; GFN2-xTB, 500 K",
}


def dataset_path(name: str) -> Path:
    """Return the path of a frozen data set by its name, or of a file by its path.

    Raises
    ------
    UnknownNameError
        Neither the name of a frozen data set nor an existing file.
    """
    if name in FROZEN:
        return Path(str(files("mlip_compose") / "data" / f"{name}.h5"))
    path = Path(name)
    if path.is_file():
        return path
    raise UnknownNameError("frozen data set or the path of an HDF5 file", name, FROZEN)


def open_store(name: str) -> Store:
    """Open a frozen data set by its name, or a store by its path (see ``Store``)."""
    return Store(dataset_path(name))
