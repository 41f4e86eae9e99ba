"""The references by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from mlip_compose.errors import UnknownNameError
from mlip_compose.references.base import Reference
from mlip_compose.references.gfn2 import Gfn2Xtb

REFERENCES: Final[Mapping[str, Callable[[], Reference]]] = {Gfn2Xtb.name: Gfn2Xtb}


def get_reference(name: str) -> Reference:
    """Return the reference of this name.

    Raises
    ------
    UnknownNameError
        Where there is none; names the nearest.
    """
    try:
        return REFERENCES[name]()
    except KeyError:
        raise UnknownNameError("reference", name, REFERENCES) from None
