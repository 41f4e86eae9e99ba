"""A report with the parts in place that its script puts there when they are asked for."""

import re

from mlip_compose.report.page import unpack


def island(page):
    """Return what the script of a page of one study starts from."""
    (packed,) = re.findall(r'class="report-data"[^>]*>(.*?)</script>', page, re.S)
    return unpack(packed)


def whole(page):
    """Return a page of one study with all of its levels, metrics and views."""
    parts = island(page)["later"]
    return re.sub(r' data-later="(\d+)" hidden>', lambda m: f" hidden>{parts[int(m[1])]}", page)
