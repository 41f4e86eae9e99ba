"""The references by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from mlip_compose.core.errors import UnknownNameError
from mlip_compose.references.base import Reference
from mlip_compose.references.calculator import AnyCalculator
from mlip_compose.references.dft import Dft
from mlip_compose.references.gfn2 import Gfn2Xtb

FORMS: Final = (Gfn2Xtb.name, "<functional>-d3bj/<basis>", "<functional>/<basis>")
CALCULATOR: Final = "<module>:<function>"


def get_reference(name: str, settings: Mapping[str, Any] | None = None) -> Reference:
    """Return the reference of this name.

    Parameters
    ----------
    name
        ``gfn2-xtb``, a functional and a basis such as ``pbe-d3bj/def2-svp``, or what makes an ASE
        calculator, such as ``tblite.ase:TBLite``.
    settings
        Those that differ from the defaults; arguments of the call where a calculator is named.

    Raises
    ------
    UnknownNameError
        Where there is none, or no such setting; names the nearest.
    RequestError
        Where a setting cannot be (see ``Dft`` and ``AnyCalculator``).
    """
    chosen = dict(settings or {})
    if ":" in name:
        return AnyCalculator(name, **chosen)
    if name == Gfn2Xtb.name:
        _check_settings(name, Gfn2Xtb, chosen)
        return Gfn2Xtb(**chosen)
    if "/" in name:
        _check_settings(name, Dft, chosen)
        return Dft(name, **chosen)
    raise UnknownNameError("reference", name, (*FORMS, CALCULATOR))


def _check_settings(name: str, kind: Callable[..., Any], settings: Mapping[str, Any]) -> None:
    known = [key for key in inspect.signature(kind).parameters if key != "name"]
    for key in settings:
        if key not in known:
            raise UnknownNameError(f"setting of {name}", key, known)
