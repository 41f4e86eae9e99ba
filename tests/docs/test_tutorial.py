"""What the tutorials show is what happens: their bash blocks run, in order, in one directory.

A ``text`` block after a ``bash`` block is what that prints on stdout, line by line; ``…`` stands
for any lines, and numbers may differ by 2 %.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from shown_output import LEFT_OUT, agree, missing

from mlip_compose import read_results

DOCS = Path(__file__).parents[2] / "docs"


def steps(page):
    """Return the commands of a page, each with the lines that it shows, or None."""
    blocks = re.findall(r"^```(bash|text)\n(.*?)^```$", page.read_text("utf-8"), re.S | re.M)
    for place, (language, content) in enumerate(blocks):
        if language == "bash":
            after = blocks[place + 1] if place + 1 < len(blocks) else ("", "")
            yield content, after[1].splitlines() if after[0] == "text" else None


def run(page, tmp_path):
    """Run the commands of a page; return how many of them print what it shows."""
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
    for command, shown in steps(page):
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
    return compared


def test_the_first_hour(tmp_path):
    assert run(DOCS / "tutorial.md", tmp_path) >= 6
    assert (tmp_path / "results" / "first" / "report.html").is_file()


def test_a_potential_for_my_molecule(tmp_path):
    """What the page concludes from its numbers, which differ from machine to machine, holds."""
    assert run(DOCS / "my-molecule.md", tmp_path) >= 4
    results = read_results(tmp_path / "results" / "ester")
    errors = {
        score.level: score.metric("forces_mae")
        for score in results.scores
        if score.potential == "additive"
    }
    assert errors[1].ood.value > 1.4 * errors[2].ood.value
    assert errors[2].ood.value < 1.3 * errors[2].id.value
    assert (tmp_path / "results" / "ester" / "report.html").is_file()


def test_a_difference_is_seen():
    assert agree("│ 70.1 [60.8 to │", "│ 70.2 [60.9 to │")
    assert not agree("│ 70.1 [60.8 to │", "│ 75.0 [60.8 to │")
    assert not agree("│ thiol │", "│ alcohol │")
    assert missing(["a", "c"], ["a", "b", "c"]) == "c"
    assert missing(["a", LEFT_OUT, "c"], ["a", "b", "c"]) is None
