"""Bytes as text in JSON and HTML: deflated by zlib and written in base64, or their hash."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib


def pack(content: bytes) -> str:
    """Return bytes as text, compressed as far as zlib can."""
    return base64.b64encode(zlib.compress(content, 9)).decode("ascii")


def unpack(text: str, most: int | None = None) -> bytes:
    """Return the bytes that ``pack`` was given.

    Parameters
    ----------
    text
        What ``pack`` returned.
    most
        Number of bytes that a text of others may hold; None for a text of our own.

    Raises
    ------
    ValueError
        The text is damaged, or holds more bytes.
    """
    try:
        inflated = zlib.decompressobj()
        limit = 0 if most is None else most + 1  # 0 is no limit
        content = inflated.decompress(base64.b64decode(text, validate=True), limit)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise ValueError(f"damaged values: {error}") from error
    if not inflated.eof or (most is not None and len(content) > most):
        size = "" if most is None else f", or more than {most} bytes"
        raise ValueError(f"damaged values: cut off{size}")
    return content


def script_hash(script: str) -> str:
    """Return the source by which a Content-Security-Policy names a script: ``'sha256-...'``."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
