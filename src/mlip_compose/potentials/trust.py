"""Consent to code, remembered on this machine by the sha256 of what may run.

A saved potential can name code: the function that makes a calculator, weights that are pickles, or
a model card of the user's. The user agrees to it when a potential is made, in a study, a card or on
the command line. The user's cache then holds a file named by the sha256, so the potential can be
loaded on the same machine. A potential from elsewhere cannot bring the consent along.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlip_compose.core.errors import RequestError, UnwritableError
from mlip_compose.core.files import write_text
from mlip_compose.core.host import user_cache

_ONLY_HERE: set[str] = set()


def remember(digest: str, name: str) -> None:
    """Remember that the user agreed to what has this sha256, called ``name``.

    Where the cache cannot be written, as on some nodes of clusters, this process alone remembers.
    """
    try:
        write_text(_place(digest), f"{name}\n")
    except UnwritableError:
        _ONLY_HERE.add(digest)


def require_remembered(digest: str, expected: str, actual: str, advice: str) -> None:
    """Raise RequestError unless the user agreed to what has this sha256 on this machine before.

    Parameters
    ----------
    digest
        The sha256, 64 hexadecimal digits.
    expected, actual
        First parts of the message.
    advice
        Start of a sentence that ends with how to agree, such as ``If you trust who saved it``.
    """
    place = _place(digest)
    if digest not in _ONLY_HERE and not place.is_file():
        raise RequestError(expected, actual, f"{advice}, make the empty file {place}.")


def remember_function(function: str, arguments: Mapping[str, Any]) -> None:
    """Remember that the user wants this function called with these arguments."""
    remember(_digest(function, arguments), function)


def require_remembered_function(function: str, arguments: Mapping[str, Any]) -> None:
    """Raise RequestError unless the user had this very call made before on this machine."""
    words = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
    require_remembered(
        _digest(function, arguments),
        "a saved potential whose calculator you made before on this machine",
        f"a potential that calls {function}({words}), which can do anything",
        f"Predict with --calculator {function}, or, if you trust who saved it",
    )


def _place(digest: str) -> Path:
    """Return the file that stands for consent to what has this sha256."""
    return user_cache() / "trusted" / digest


def _digest(function: str, arguments: Mapping[str, Any]) -> str:
    document = json.dumps([function, dict(arguments)], sort_keys=True)
    return hashlib.sha256(document.encode("utf-8", "backslashreplace")).hexdigest()
