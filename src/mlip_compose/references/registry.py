"""References by their names; other packages add some through ``mlip_compose.references``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from mlip_compose.core.errors import PluginError, RequestError, UnknownNameError, one_line
from mlip_compose.core.plugins import Plugin, Registry
from mlip_compose.core.scratch import where_the_user_is
from mlip_compose.references.base import Reference
from mlip_compose.references.calculator import AnyCalculator
from mlip_compose.references.dft import Dft
from mlip_compose.references.gfn2 import Gfn2Xtb

FORMS: Final = (Gfn2Xtb.name, "<functional>-d3bj/<basis>", "<functional>/<basis>")
CALCULATOR: Final = "<module>:<function>"

REFERENCES: Final[Registry[Callable[..., Reference]]] = Registry(
    "reference",
    "mlip_compose.references",
    {Gfn2Xtb.name: Gfn2Xtb},
    "a class or function that makes a Reference",
    lambda name, make: callable(make),
)
"""What makes the references that have a name of their own, from their settings."""


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
    PluginError
        The reference of another package cannot be used.
    RequestError
        A setting has a wrong value (see ``Dft`` and ``AnyCalculator``).
    """
    chosen = dict(settings or {})
    if ":" in name:
        return AnyCalculator(name, **chosen)
    if "/" in name:
        _check_settings(name, Dft, chosen)
        return Dft(name, **chosen)
    if name not in REFERENCES:
        others = [other for other in REFERENCES if other not in FORMS]
        raise UnknownNameError("reference", name, (*FORMS, CALCULATOR, *others))
    make, plugin = REFERENCES[name], REFERENCES.plugin(name)
    if plugin is None:
        _check_settings(name, make, chosen)
        return make(**chosen)
    with where_the_user_is():
        return _made_by_plugin(name, make, plugin, chosen)


def software_of(reference: Reference) -> dict[str, str]:
    """Return the versions of the software that makes labels, the package of a plugin included."""
    plugin = REFERENCES.plugin(reference.name)
    package = {} if plugin is None else {plugin.package: plugin.version}
    return {**package, **reference.versions()}


def _made_by_plugin(
    name: str, make: Callable[..., Reference], plugin: Plugin, settings: Mapping[str, Any]
) -> Reference:
    try:
        _check_settings(name, make, settings)
        reference = make(**settings)
    except RequestError:
        raise
    except Exception as error:  # a function of others may raise what it likes
        raise RequestError(
            f"settings of {name} that {plugin.words} takes", one_line(error, 200)
        ) from error
    if getattr(reference, "name", None) != name:
        actual = f"{type(reference).__name__} of the name {getattr(reference, 'name', None)!r}"
        raise PluginError(f"a reference {name!r} from {plugin.words}", actual, plugin.package)
    return reference


def _check_settings(name: str, kind: Callable[..., Any], settings: Mapping[str, Any]) -> None:
    keys = [key for key in inspect.signature(kind).parameters if key != "name"]
    for key in settings:
        if key not in keys:
            raise UnknownNameError(f"setting of {name}", key, keys)
