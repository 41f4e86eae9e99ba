"""Prove that a change of the code changes nothing that users or their files depend on.

    python tools/snapshot.py record SRC OUT       # SRC: the directory that has mlip_compose
    python tools/snapshot.py compare BEFORE AFTER # exit status 1 where anything differs

``record`` runs some four hundred commands (``snapshots/sections``) on the package in SRC, from the
outside alone, so that it works on any version of it, and keeps under OUT what they print and the
content of the files that they write. ``compare`` holds two recordings against each other byte for
byte. What varies from run to run is masked (``snapshots/masks.py``).
"""

import argparse
import sys
from pathlib import Path

from snapshots.calls import TABLES, sections
from snapshots.comparison import compare
from snapshots.recording import record


def main() -> None:
    """Record, or compare, as the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    modes = parser.add_subparsers(dest="mode", required=True)
    recording = modes.add_parser("record", help="run the commands and keep what comes of them")
    recording.add_argument("source", type=Path, metavar="SRC")
    recording.add_argument("out", type=Path, metavar="OUT")
    recording.add_argument(
        "--only", help=f"sections, separated by commas, of {', '.join(sections(TABLES))}"
    )
    recording.add_argument(
        "--tables", type=Path, default=TABLES, help="folder with the calls of each section"
    )
    comparing = modes.add_parser("compare", help="name every difference; exit status 1 if any")
    comparing.add_argument("before", type=Path, metavar="BEFORE")
    comparing.add_argument("after", type=Path, metavar="AFTER")
    comparing.add_argument(
        "--no-prose",
        action="store_true",
        help="leave out what people read: tables, messages, help, pages",
    )
    given = parser.parse_args()
    if given.mode == "record":
        record(given.source, given.out, _chosen(given.tables, given.only))
        return
    found = list(compare(given.before, given.after, not given.no_prose))
    for difference in found:
        print(difference)
    print(f"{len(found) or 'no'} differences", file=sys.stderr)
    sys.exit(1 if found else 0)


def _chosen(tables: Path, only: str | None) -> list[Path]:
    known = sections(tables)
    names = known if only is None else only.split(",")
    if unknown := sorted(set(names) - set(known)):
        raise SystemExit(f"expected sections ({', '.join(known)}); found {', '.join(unknown)}")
    return [tables / f"{name}.txt" for name in names]


if __name__ == "__main__":
    main()
