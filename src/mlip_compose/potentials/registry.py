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

_MODULES = {
    "composition": "mlip_compose.potentials.composition",
    "additive": "mlip_compose.potentials.additive.kind",
    "mace-small": "mlip_compose.potentials.mace",
}


class _Kinds(Mapping[str, PotentialKind]):
    def __getitem__(self, name: str) -> PotentialKind:
        kind: PotentialKind = importlib.import_module(_MODULES[name]).KIND
        return kind

    def __iter__(self) -> Iterator[str]:
        return iter(_MODULES)

    def __len__(self) -> int:
        return len(_MODULES)

    def __contains__(self, name: object) -> bool:
        return name in _MODULES


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
