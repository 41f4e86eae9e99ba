"""What of the page waits, compressed, until it is asked for: figures' data, and hidden tables."""

from __future__ import annotations

import base64
import json
import re
import zlib
from typing import Any

_LATER = re.compile(
    r"(?P<start><div [^<>]*?)(?P<hidden> hidden)?><!--later-->(?P<part>.*?)<!--/later-->", re.S
)


def pack(document: Any) -> str:
    """Return a document as JSON, deflated (zlib) and in base64.

    Raises
    ------
    ValueError
        A number in it is not finite.
    """
    text = json.dumps(
        document, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False
    )
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")


def unpack(text: str) -> Any:
    """Return the document that ``pack`` was given."""
    return json.loads(zlib.decompress(base64.b64decode(text)))


def put_off(html: str) -> tuple[str, list[str]]:
    """Take the parts out of a page that are hidden at first.

    Returns
    -------
    str
        The page. What templates enclose in ``<!--later-->`` and ``<!--/later-->``, right inside of
        a ``div`` that is hidden, has become the number of a part in its ``data-later``; inside of
        one that is not, it stays.
    list
        The parts, by number.
    """
    parts: list[str] = []

    def replace(found: re.Match[str]) -> str:
        if not found["hidden"]:
            return f"{found['start']}>{found['part']}"
        parts.append(found["part"])
        return f'{found["start"]} data-later="{len(parts) - 1}" hidden>'

    return _LATER.sub(replace, html), parts
