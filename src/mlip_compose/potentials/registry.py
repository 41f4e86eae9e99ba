"""The kinds of potential by name. A kind's module is imported when the kind is asked for.

No module named here imports torch when it is imported: a kind that needs it does so inside its
``fit`` and ``load``, so kinds can be listed without the extra ``train``.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from mlip_compose.errors import UnknownNameError
from mlip_compose.potentials.base import Potential, PotentialKind
from mlip_compose.potentials.files import read_kind

_PLACES = {
    "composition": ("composition", "KIND"),
    "additive": ("additive.kind", "KIND"),
    "schnet-small": ("schnet", "SMALL"),
    "schnet-standard": ("schnet", "STANDARD"),
    "painn-small": ("painn", "SMALL"),
    "painn-standard": ("painn", "STANDARD"),
    "tensornet-small": ("tensornet", "SMALL"),
    "tensornet-standard": ("tensornet", "STANDARD"),
    "nequip-small": ("nequip", "SMALL"),
    "nequip-standard": ("nequip", "STANDARD"),
    "mace-small": ("mace", "SMALL"),
    "mace-standard": ("mace", "STANDARD"),
    "mace-short": ("mace", "SHORT"),
    "additive+mace-small": ("residual", "SMALL"),
    "additive+mace-standard": ("residual", "STANDARD"),
    "calculator": ("calculator", "KIND"),
}


class _Kinds(Mapping[str, PotentialKind]):
    def __getitem__(self, name: str) -> PotentialKind:
        module, attribute = _PLACES[name]
        kind: PotentialKind = getattr(
            importlib.import_module(f"mlip_compose.potentials.{module}"), attribute
        )
        return kind

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)

    def __contains__(self, name: object) -> bool:
        return name in _PLACES


KINDS: Mapping[str, PotentialKind] = _Kinds()
"""Every kind of potential by name; iterating over names imports nothing."""


def get_kind(name: str) -> PotentialKind:
    """Return the kind called ``name``, or raise UnknownNameError with the nearest one."""
    if name not in KINDS:
        raise UnknownNameError("potential", name, KINDS)
    return KINDS[name]


def load_potential(directory: Path) -> Potential:
    """Restore a potential of whatever kind from the directory that its ``save`` wrote."""
    return get_kind(read_kind(directory)).load(directory)
