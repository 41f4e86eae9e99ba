"""Consent to code: what may run when a potential is loaded, remembered by what it is.

A saved potential can name code: weights that are pickles, or the function that makes a calculator.
Whoever trains one here says so, in a study, a card or on the command line. That is remembered in
the user's cache; a potential that came from elsewhere cannot bring the consent along.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlip_compose.core.errors import RequestError, UnwritableError
from mlip_compose.core.files import write_text
from mlip_compose.core.host import user_cache

_REMEMBERED: set[str] = set()


def place_of(digest: str) -> Path:
    """Return the file that stands for consent to what has this sha256."""
    return user_cache() / "trusted" / digest


def remember_function(function: str, arguments: Mapping[str, Any]) -> None:
    """Remember that the user wants this function called with these arguments.

    Where the cache cannot be written, as on some nodes of clusters, this process alone remembers.
    """
    digest = _digest(function, arguments)
    _REMEMBERED.add(digest)
    with suppress(UnwritableError):
        write_text(place_of(digest), f"{function}\n")


def require_remembered_function(function: str, arguments: Mapping[str, Any]) -> None:
    """Raise RequestError unless the user had this very call made before on this machine."""
    digest = _digest(function, arguments)
    place = place_of(digest)
    if digest not in _REMEMBERED and not place.is_file():
        words = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        raise RequestError(
            "a saved potential whose calculator you made before on this machine",
            f"one that calls {function}({words}), which can do anything",
            f"Predict with --calculator {function}, or, if you trust who saved it, make the empty "
            f"file {place}.",
        )


def _digest(function: str, arguments: Mapping[str, Any]) -> str:
    document = json.dumps([function, dict(arguments)], sort_keys=True)
    return hashlib.sha256(document.encode("utf-8", "backslashreplace")).hexdigest()
