"""References by their names."""

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
        ``gfn2-xtb``, a functional and a basis such as ``pbe-d3bj/def2-svp``, or the function or
        class of an ASE calculator, such as ``tblite.ase:TBLite``.
    settings
        Settings that differ from the defaults, such as ``{"accuracy": 1.0}``; for a calculator the
        arguments of the call.

    Raises
    ------
    UnknownNameError
        No reference or no setting has this name; the message offers the nearest.
    RequestError
        A setting has a wrong value (see ``Dft`` and ``AnyCalculator``).
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
    keys = [key for key in inspect.signature(kind).parameters if key != "name"]
    for key in settings:
        if key not in keys:
            raise UnknownNameError(f"setting of {name}", key, keys)
