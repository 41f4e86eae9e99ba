"""The data sets of others that are fetched by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mlip_compose.core.errors import UnknownNameError


@dataclass(frozen=True)
class Published:
    """A data set that others published on the hub.

    Attributes
    ----------
    repository
        Its name on the hub, ``owner/name``.
    reference
        Level of theory of its labels, as it is published.
    licence
        Under which it may be used, as far as it is known here.
    text
        One line on what it is.
    revision
        Commit that is fetched where the caller names none. None: what ``main`` points to at the
        first fetch, which the manifest beside the download then keeps.
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
        None of this name.
    """
    if name not in PUBLISHED:
        raise UnknownNameError("published data set", name, PUBLISHED)
    return PUBLISHED[name]
