"""Scripts of others that the page brings along: published files, kept with their licences.

``vendor/vendor.json`` says which package and version each is from; ``tools/vendor.py`` fetches them
anew.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

PLOTLY: Final = "plotly-cartesian.min.js"
TABULATOR: Final = "tabulator.min.js"
TABULATOR_STYLE: Final = "tabulator.min.css"
MOL3D: Final = "3Dmol-min.js"

FOLDER: Final = files("mlip_compose.report") / "vendor"
_SOURCE_MAP = re.compile(r"(//|/\*)# sourceMappingURL=\S+( ?\*/)?\s*$")


@cache
def vendored(file: str) -> str:
    """Return a vendored script or style, to be put into the page.

    The line that names its source map is left out: a page without files beside it has none, and
    developer tools would ask for it.

    Parameters
    ----------
    file
        Its name in the folder: one of the constants of this module.
    """
    return _SOURCE_MAP.sub("", (FOLDER / file).read_text("utf-8"))
