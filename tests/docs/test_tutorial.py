"""What docs/tutorial.md shows is what happens: its bash blocks run, in order, in one directory.

A ``text`` block after a ``bash`` block is what that prints on stdout, line by line; ``…`` stands
for any lines, and numbers may differ by 2 %.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
NUMBER = re.compile(r"(?<![\w-])\d+(?:,\d{3})*(?:\.\d+)?")
TOLERANCE = 0.02
LEFT_OUT = "…"


def steps():
    """Return the commands of the page, each with the lines that it shows, or None."""
    blocks = re.findall(r"^```(bash|text)\n(.*?)^```$", PAGE.read_text("utf-8"), re.S | re.M)
    for place, (language, content) in enumerate(blocks):
        if language == "bash":
            after = blocks[place + 1] if place + 1 < len(blocks) else ("", "")
            yield content, after[1].splitlines() if after[0] == "text" else None


def agree(shown, printed):
    """Tell whether two lines are the same but for small differences of numbers."""
    if NUMBER.sub("#", shown.rstrip()) != NUMBER.sub("#", printed.rstrip()):
        return False
    pairs = zip(NUMBER.findall(shown), NUMBER.findall(printed), strict=True)
    values = [[float(text.replace(",", "")) for text in pair] for pair in pairs]
    return all(a == pytest.approx(b, rel=TOLERANCE) for a, b in values)


def missing(shown, printed):
    """Return the first shown line that is not where it should be; None where all are."""
    place, anywhere = 0, False
    for line in shown:
        if line == LEFT_OUT:
            anywhere = True
            continue
        left = printed[place:] if anywhere else printed[place : place + 1]
        found = next((n for n, other in enumerate(left) if agree(line, other)), None)
        if found is None:
            return line
        place, anywhere = place + found + 1, False
    return None


def test_the_page_is_what_happens(tmp_path):
    folder = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
        "OMP_NUM_THREADS": "1",
        "PYTHONIOENCODING": "utf-8",
    }
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        environment.pop(name, None)
    compared = 0
    for command, shown in steps():
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        if shown is not None:
            line = missing(shown, done.stdout.splitlines())
            assert line is None, f"{command}\nhas not printed:\n{line}\nbut:\n{done.stdout}"
            compared += 1
    assert compared >= 6
    assert (tmp_path / "results" / "first" / "report.html").is_file()


def test_a_difference_is_seen():
    assert agree("│ 70.1 [60.8 to │", "│ 70.2 [60.9 to │")
    assert not agree("│ 70.1 [60.8 to │", "│ 75.0 [60.8 to │")
    assert not agree("│ thiol │", "│ alcohol │")
    assert missing(["a", "c"], ["a", "b", "c"]) == "c"
    assert missing(["a", LEFT_OUT, "c"], ["a", "b", "c"]) is None
