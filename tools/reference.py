"""Write what the documentation takes from the code: the pages of docs/reference, and tables.

    python tools/reference.py            # write
    python tools/reference.py --check    # say what is not up to date; exit status 1

A table within a page written by hand stands between ``<!-- made by tools/reference.py: NAME -->``
and ``<!-- end -->``.
"""

import argparse
import re
import sys
from pathlib import Path

from pages import commands, potentials, study
from pages.tables import BLOCKS

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = {
    "reference/commands.md": commands.page,
    "reference/study.md": study.page,
    "reference/potentials.md": potentials.page,
}
NOTE = "<!-- Made from the code by tools/reference.py: change that, or the code. -->\n\n"


def documents() -> dict[Path, str]:
    """Return what every page with something from the code should hold, by its path."""
    made = {DOCS / name: NOTE + page() for name, page in PAGES.items()}
    for name, blocks in BLOCKS.items():
        text = (DOCS / name).read_text("utf-8")
        for block, make in blocks.items():
            text = with_block(text, block, make())
        made[DOCS / name] = text
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
        stale.append(path.relative_to(DOCS.parent))
        if not given.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    for name in stale:
        print(f"{name}: {'not up to date' if given.check else 'written'}", file=sys.stderr)
    if given.check and stale:
        sys.exit("Run python tools/reference.py and commit what it writes.")


if __name__ == "__main__":
    main()
