"""Write what the documentation takes from code and results: pages, figures, blocks of pages.

    python tools/reference.py            # write
    python tools/reference.py --check    # say what is not up to date; exit status 1

A table within a page written by hand stands between ``<!-- made by tools/reference.py: NAME -->``
and ``<!-- end -->``.

A figure is drawn by a Chromium, and pixel by pixel not the same with another Chromium or other
fonts. So its SVG holds the sha256 of what it was drawn from: its Plotly document, and the Plotly
script. A figure is up to date, and is not drawn anew, where that sum is the one of today's results
and code; neither ``--check`` nor that needs a Chromium.
"""

import argparse
import re
import sys
from pathlib import Path

from mlip_compose.core.errors import RequestError
from mlip_compose.core.files import write_text
from mlip_compose.report.plates import Plate
from mlip_compose.report.printing import fingerprint, fingerprint_in, plate_svg
from pages import commands, coverage, finding_figures, findings, potentials, study
from pages.tables import BLOCKS

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "docs/findings.md": findings.page,
    "docs/coverage.md": coverage.page,
    "docs/reference/commands.md": commands.page,
    "docs/reference/study.md": study.page,
    "docs/reference/potentials.md": potentials.page,
}
FIGURES = {
    "docs/images/findings-gaps.svg": finding_figures.gaps,
    "docs/images/findings-depth.svg": finding_figures.depth,
}
NOTE = "<!-- Made from the code by tools/reference.py: change that, or the code. -->\n\n"


def documents() -> dict[Path, str]:
    """Return what every page with something from the code should hold, by its path."""
    made = {ROOT / name: NOTE + page() for name, page in PAGES.items()}
    for name, blocks in BLOCKS.items():
        text = (ROOT / name).read_text("utf-8")
        for block, make in blocks.items():
            text = with_block(text, block, make())
        made[ROOT / name] = text
    return made


def stale_figures() -> dict[Path, Plate]:
    """Return the figures whose file was drawn from something else, or is not there."""
    plates = {ROOT / name: make() for name, make in FIGURES.items()}
    return {
        path: plate
        for path, plate in plates.items()
        if not path.exists() or fingerprint_in(path.read_text("utf-8")) != fingerprint(plate)
    }


def with_block(page: str, name: str, content: str) -> str:
    """Return a page with new content in a block of it.

    Raises
    ------
    SystemExit
        The page has no such block, or more than one.
    """
    start = f"<!-- made by tools/reference.py: {name} -->"
    changed, times = re.subn(
        rf"{re.escape(start)}\n.*?<!-- end -->",
        lambda _: f"{start}\n\n{content}\n\n<!-- end -->",
        page,
        flags=re.DOTALL,
    )
    if times != 1:
        raise SystemExit(f"expected one block {start} ... <!-- end -->, found {times}")
    return changed


def holds(path: Path, text: str) -> bool:
    """Return whether a file is there and has this text."""
    return path.exists() and path.read_text("utf-8") == text


def draw(plates: dict[Path, Plate]) -> None:
    """Write figures; exits where there is no Chromium to draw them."""
    try:
        for path, plate in plates.items():
            write_text(path, plate_svg(plate))
    except RequestError as error:
        sys.exit(str(error))


def main() -> None:
    """Write the documents, or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    given = parser.parse_args()
    texts = {path: text for path, text in documents().items() if not holds(path, text)}
    plates = stale_figures()
    if not given.check:
        for path, text in texts.items():
            write_text(path, text)
        draw(plates)
    stale = sorted(path.relative_to(ROOT) for path in (*texts, *plates))
    for name in stale:
        print(f"{name}: {'not up to date' if given.check else 'written'}", file=sys.stderr)
    if given.check and stale:
        sys.exit("Run python tools/reference.py and commit what it writes.")


if __name__ == "__main__":
    main()
