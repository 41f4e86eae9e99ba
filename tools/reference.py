"""Write what the documentation takes from code and results: pages, figures, blocks of pages.

    python tools/reference.py            # write
    python tools/reference.py --check    # say what is not up to date; exit status 1

A table within a page written by hand stands between ``<!-- made by tools/reference.py: NAME -->``
and ``<!-- end -->``.
"""

import argparse
import re
import sys
from pathlib import Path

from pages import commands, finding_figures, findings, potentials, study
from pages.tables import BLOCKS

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "docs/findings.md": findings.page,
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
    made |= {ROOT / name: figure() for name, figure in FIGURES.items()}
    for name, blocks in BLOCKS.items():
        text = (ROOT / name).read_text("utf-8")
        for block, make in blocks.items():
            text = with_block(text, block, make())
        made[ROOT / name] = text
    return made


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


def main() -> None:
    """Write the documents, or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    given = parser.parse_args()
    stale = []
    for path, text in documents().items():
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(path.relative_to(ROOT))
        if not given.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    for name in stale:
        print(f"{name}: {'not up to date' if given.check else 'written'}", file=sys.stderr)
    if given.check and stale:
        sys.exit("Run python tools/reference.py and commit what it writes.")


if __name__ == "__main__":
    main()
