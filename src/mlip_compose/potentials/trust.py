"""Consent to code: what may run when a potential is loaded, remembered by what it is.

A saved potential can name code: weights that are pickles, or the function that makes a calculator.
Whoever trains one here says so, in a study, a card or on the command line. That is remembered in
the user's cache; a potential that came from elsewhere cannot bring the consent along.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlip_compose.errors import RequestError
from mlip_compose.files import write_text


def user_cache() -> Path:
    """Return the directory of what this program may download again."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "mlip-compose"


def place_of(digest: str) -> Path:
    """Return the file that stands for consent to what has this sha256."""
    return user_cache() / "trusted" / digest


def remember_function(function: str, arguments: Mapping[str, Any]) -> None:
    """Remember that the user wants this function called with these arguments."""
    write_text(place_of(_digest(function, arguments)), f"{function}\n")


def require_remembered_function(function: str, arguments: Mapping[str, Any]) -> None:
    """Raise RequestError unless the user had this very call made before on this machine."""
    place = place_of(_digest(function, arguments))
    if not place.is_file():
        shown = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        raise RequestError(
            "a saved potential whose calculator you made before on this machine",
            f"one that calls {function}({shown}), which can do anything",
            f"Predict with --calculator {function}, or, if you trust who saved it, make the empty "
            f"file {place}.",
        )


def _digest(function: str, arguments: Mapping[str, Any]) -> str:
    document = json.dumps([function, dict(arguments)], sort_keys=True)
    return hashlib.sha256(document.encode("utf-8", "backslashreplace")).hexdigest()
