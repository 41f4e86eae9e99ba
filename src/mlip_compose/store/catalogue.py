"""Data sets by name: those that come with the package, and those that others published."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from mlip_compose.core.documents import Strict, is_file
from mlip_compose.core.errors import UnknownNameError, UnreadableError
from mlip_compose.store.reader import Store


class FrozenData(Strict):
    """A data set that comes with the package: an entry of ``data/manifest.json``.

    Attributes
    ----------
    summary
        The data set in one line.
    reference
        Level of theory of its labels.
    molecules, frames
        Numbers of molecules and of frames; minima do not count as frames.
    bytes, sha256
        Size and checksum of the file.
    checksum
        sha256 of the content, which stands in the file and in everything that is made from it.
    licence
        Licence of the data.
    """

    summary: str
    reference: str
    molecules: int
    frames: int
    bytes: int
    sha256: str
    checksum: str
    licence: str


@cache
def manifest() -> Mapping[str, FrozenData]:
    """Return the frozen data sets by name."""
    document = json.loads((files("mlip_compose.data") / "manifest.json").read_text("utf-8"))
    return {name: FrozenData.model_validate(entry) for name, entry in document.items()}


def describe(path: Path, summary: str) -> FrozenData:
    """Return the entry of the manifest for a store."""
    store = Store(path)
    store.verify()
    content = path.read_bytes()
    return FrozenData(
        summary=summary,
        reference=store.reference,
        molecules=len(store.molecules),
        frames=store.total_frames,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        checksum=store.checksum,
        licence=store.header.licence,
    )


def dataset_path(name: str | Path) -> Path:
    """Return the path of a frozen data set by its name, or of a file by its path.

    Raises
    ------
    UnknownNameError
        There is neither a frozen data set nor a file of this name.
    UnreadableError
        A recipe of the package has this name, and its data set was not built yet.
    """
    if str(name) in manifest():
        return Path(str(files("mlip_compose.data") / f"{name}.h5"))
    path = Path(name)
    if is_file(path):
        return path
    recipes = (entry.name for entry in (files("mlip_compose.data") / "recipes").iterdir())
    if f"{path.stem}.yaml" in recipes:
        raise UnreadableError(
            f"the data set {path.stem}, which does not come with the package, as a file",
            f"no file {path}",
            f"Make it with `mlip-compose data build {path.stem}`, and name data/{path.stem}.h5.",
        )
    raise UnknownNameError("frozen data set or the path of an HDF5 file", str(name), manifest())


def open_dataset(name: str | Path) -> Store:
    """Open a data set.

    Parameters
    ----------
    name
        Name of a data set that comes with the package, such as ``core-v1``, or the path of a file
        that ``mlip-compose data build`` or ``data import`` wrote.

    Returns
    -------
    Store
        The data set, read-only: its molecules by name, and their frames with positions (F, N, 3) in
        Angstrom, energies (F,) in eV and forces (F, N, 3) in eV/Angstrom. Frames are read from disk
        when they are asked for.

    Raises
    ------
    UnknownNameError
        No data set of this name, and no such file.
    DataError
        The file cannot be read, or was altered since it was written.

    Examples
    --------
    >>> import mlip_compose as mc
    >>> dataset = mc.open_dataset("mini-v1")
    >>> dataset.reference
    'gfn2-xtb'
    >>> ethanol = dataset.frames("OH-2-H", "primary")
    >>> ethanol.forces.shape  # frames, atoms, x y z; eV/Angstrom
    (40, 9, 3)
    """
    return Store(dataset_path(name))


@dataclass(frozen=True)
class Published:
    """A data set that others published on the hub.

    Attributes
    ----------
    repository
        Name on the hub, ``owner/name``.
    reference
        Level of theory of the labels, as it was published.
    licence
        Licence of the data, as far as it is known.
    text
        The data set in one line.
    revision
        Commit that is fetched by default. None takes the commit that ``main`` points to at the
        first fetch, and keeps it in the manifest beside the download.
    """

    repository: str
    reference: str
    licence: str
    text: str
    revision: str | None = None


PUBLISHED: Final[dict[str, Published]] = {
    "gmd-26": Published(
        repository="AmirMasoud/GMD",
        reference="pbe-d3bj/def2-tzvp",
        licence="that of the data set's page on the hub",
        text="GMD-26 (arXiv 2605.08988): 118 molecules, 296,534 frames; PBE-D3(BJ)/def2-TZVP",
    ),
}


def get_published(name: str) -> Published:
    """Return a published data set by its name.

    Raises
    ------
    UnknownNameError
        No published data set has this name.
    """
    if name not in PUBLISHED:
        raise UnknownNameError("published data set", name, PUBLISHED)
    return PUBLISHED[name]
