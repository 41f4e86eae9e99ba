"""What may differ between two recordings of the same behaviour, each with the reason.

A mask gives a value of the same form, so that a document is still one: the results of a run, masked
(``steps.settle``), make the same page each time.
"""

import re
from fnmatch import fnmatch
from typing import NamedTuple


class Mask(NamedTuple):
    """A pattern of text, what takes its place, and why it varies."""

    pattern: re.Pattern[str]
    replacement: str
    reason: str


MASKS = (
    Mask(
        re.compile(r"""((?:wall_s|cpu_s|peak_memory_mb)["']: ?)[0-9.e+-]+"""),
        r"\g<1>1.0",
        "cost of a training: seconds and megabytes",
    ),
    Mask(
        re.compile(r"""("finished": ?")[^"]+"""),
        r"\g<1>2026-01-01T00:00:00+00:00",
        "the time when results were made",
    ),
    Mask(
        re.compile(r"""((?:mlip-compose|"program")"?:? "?)\d+\.\d+\.\d+[\w.+]*"""),
        r"\g<1>0.0.0",
        "the version of the tree",
    ),
    Mask(
        re.compile(r"/[\w./-]*/snapshot-[a-z0-9_]{8}"),
        "SNAPSHOT",
        "the temporary directory of a recording",
    ),
    Mask(
        re.compile(r"^(?!.* 100% ).*\d:\d\d:\d\d left .*\n", re.MULTILINE),
        "",
        "progress bars that did not reach the end: what they show depends on when",
    ),
    Mask(
        re.compile(r"\d:\d\d:\d\d left 0:00:00"),
        "0:00:00 left 0:00:00",
        "the time that a progress bar took",
    ),
    Mask(
        re.compile(r"^.* % after \d:\d\d:\d\d.*\n", re.MULTILINE),
        "",
        "lines that stand for a progress bar, one a minute",
    ),
)

UNRECORDED = {
    "*/.lock": "empty; says that a run held a directory",
    "*/__pycache__/*": "made by Python",
    "runs/*/report.html": "shows costs; the page is recorded of results with fixed costs",
    "inputs/*": "made by the recording itself",
}
"""Files that are not recorded, by pattern, each with the reason."""

FRAMES = re.compile("[━─]{2,}| {2,}")
"""What has another width in a table when one of its cells has."""


def masked(text: str) -> str:
    """Return a text with everything masked that varies; a table with it loses its widths."""
    clean = text
    for mask in MASKS:
        clean = mask.pattern.sub(mask.replacement, clean)
    if clean != text and "│" in clean:
        clean = FRAMES.sub(lambda found: found[0][0], clean)
    return clean


def is_recorded(path: str) -> bool:
    """Return whether a file that commands left is part of a recording."""
    return not any(fnmatch(path, pattern) for pattern in UNRECORDED)
