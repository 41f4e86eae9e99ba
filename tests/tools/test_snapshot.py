"""``tools/snapshot.py`` on a package that answers as told: it names differences, and no others."""

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "snapshot.py"
ANSWERS = """
import json, sys, time
arguments = sys.argv[1:]
number, word, kind, status = {number!r}, {word!r}, {kind!r}, {status!r}
if arguments[1:] == ["list", "--json"]:
    print(json.dumps([{{"name": "only", "number": number, "wall_s": time.time()}}]))
elif arguments == ["--version"]:
    import h5py
    with h5py.File("store.h5", "w") as file:
        file.attrs["software"] = '{{"mlip-compose": "1.2.3"}}'
        file.create_dataset("energy", data=[1, 2], dtype=kind)
elif arguments == ["run", "--help"]:
    print(word)
    print("read 0:00:%02d left 0:00:00" % (time.time() % 60), file=sys.stderr)
elif arguments == ["train", "--help"]:
    sys.exit(status)
"""
CALLS = """
--version
tasks list {json}
{command} --help
"""
VALUES = "{json: ['', --json], command: [run, train]}"
USUAL = {"number": 1.5, "word": "Runs a study.", "kind": "f8", "status": 0}
CHANGED = {"number": 1.25, "word": "Run a study.", "kind": "f4", "status": 2}


def tool(*arguments):
    command = [sys.executable, TOOL, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Return recordings of a package, of the same again, and of one that answers otherwise."""
    root = tmp_path_factory.mktemp("snapshot")
    tables = root / "tables"
    tables.mkdir()
    (tables / "cli.txt").write_text(CALLS)
    (tables / "values.yaml").write_text(VALUES)

    def record(name, answers):
        package = root / name / "mlip_compose"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "__main__.py").write_text(ANSWERS.format(**answers))
        done = tool("record", root / name, root / f"{name}.recording", "--tables", tables)
        assert done.returncode == 0, done.stderr
        return root / f"{name}.recording"

    return record("first", USUAL), record("second", USUAL), record("other", CHANGED)


def test_what_varies_from_run_to_run_is_no_difference(recordings):
    first, second, _ = recordings
    assert "wall_s" in (first / "cli" / "calls" / "tasks_list_--json.stdout.json").read_text()
    done = tool("compare", first, second)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(("options", "prose"), [((), True), (("--no-prose",), False)])
def test_every_difference_is_named_with_both_sides(recordings, options, prose):
    first, _, other = recordings
    done = tool("compare", first, other, *options)
    assert done.returncode == 1
    for line in (
        "cli/statuses",
        "-0 train --help",
        "+2 train --help",
        "cli/calls/tasks_list_--json.stdout.json",
        '-  "number": 1.5,',
        '+  "number": 1.25,',
        "cli/files/store.h5",
        "-/energy <f8 (2,) [1.0 2.0]",
        "+/energy <f4 (2,) [1.0 2.0]",
    ):
        assert line in done.stdout
    assert ("+Run a study." in done.stdout) is prose


def test_a_file_that_is_gone_is_a_difference(recordings, tmp_path):
    first, _, _ = recordings
    (tmp_path / "cli").mkdir()
    done = tool("compare", first, tmp_path)
    assert done.returncode == 1
    assert "cli/files/store.h5\n    only before" in done.stdout


def test_what_cannot_be_recorded_is_refused(tmp_path):
    done = tool("record", tmp_path, tmp_path / "out")
    assert done.returncode == 1
    assert "expected a directory with mlip_compose" in done.stderr
    done = tool("record", tmp_path, tmp_path / "out", "--only", "cli,nothing")
    assert "found nothing" in done.stderr
