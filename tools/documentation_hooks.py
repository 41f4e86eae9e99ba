"""A hook of mkdocs: a page of the site loads nothing from elsewhere, or the build fails."""

import logging
import re
from typing import Any

LOG = logging.getLogger("mkdocs.hooks.offline")
LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio)\b[^>]*\bsrc=["']?(?:https?:)?//[^"'\s>]+"""
    r"""|<link\b[^>]*\brel=["']?(?:stylesheet|preconnect|preload|icon)[^>]*\bhref=["']?"""
    r"""(?:https?:)?//[^"'\s>]+""",
    re.IGNORECASE,
)


def on_post_page(output: str, page: Any, config: Any) -> str:
    """Warn, which ``strict`` makes an error, of whatever a page would load from elsewhere."""
    for found in LOADED.findall(output):
        LOG.warning("%s loads something from elsewhere: %s", page.file.src_uri, found)
    return output
