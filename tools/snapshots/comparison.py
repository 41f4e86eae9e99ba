"""What differs between two recordings."""

import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from snapshots.content import legible

PROSE = (".txt", ".html", ".md")
"""Suffixes of what people read: tables, messages, pages. All else is what programs read."""
SHOWN_LINES = 12
SHOWN_WIDTH = 180


def compare(before: Path, after: Path, prose: bool) -> Iterator[str]:
    """Yield a text for each file that is not the same in both, what programs read first.

    Parameters
    ----------
    before, after
        Recordings. Sections that only one of them has are left out.
    prose
        Whether to compare what people read, too.
    """
    sections = sorted({path.name for path in before.iterdir() if (after / path.name).is_dir()})
    if not sections:
        raise SystemExit(f"expected a section that {before} and {after} both have; found none")
    names = {
        path.relative_to(root).as_posix()
        for root in (before, after)
        for section in sections
        for path in (root / section).rglob("*")
        if path.is_file()
    }
    for name in sorted(names, key=lambda name: (name.endswith(PROSE), name)):
        if prose or not name.endswith(PROSE):
            yield from _difference(name, before / name, after / name)


def _difference(name: str, before: Path, after: Path) -> Iterator[str]:
    for path, other in ((before, "after"), (after, "before")):
        if not path.is_file():
            yield f"{name}\n    only {other}\n"
            return
    first, second = before.read_bytes(), after.read_bytes()
    if first == second:
        return
    lines = _diff(legible(name, first), legible(name, second))
    shown = [line[:SHOWN_WIDTH] for line in lines[:SHOWN_LINES]]
    if len(lines) > SHOWN_LINES:
        shown.append(f"... {len(lines) - SHOWN_LINES} lines more")
    if not lines:
        shown = ["the same content, written otherwise: spaces, line ends, order or compression"]
    yield "\n    ".join([name, *shown]) + "\n"


def _diff(before: Iterable[str], after: Iterable[str]) -> list[str]:
    """Return what ``diff`` says; Python's difflib takes many minutes for pages of long lines."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder, "before"), Path(folder, "after")
        first.write_text("\n".join(before), "utf-8")
        second.write_text("\n".join(after), "utf-8")
        done = subprocess.run(
            ["diff", "-U", "1", "--text", str(first), str(second)],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    return done.stdout.splitlines()[2:]
