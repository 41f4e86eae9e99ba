"""Relative paths in arguments and commands of calculators."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from mlip_compose.core.errors import RequestError
from mlip_compose.core.user_paths import (
    absolute_arguments,
    check_own_files,
    make_command_absolute,
)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory with data, a program, and files that a program left."""
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    for name in ("data/set.json", "coord.xyz", "PM7", "run.py", "data/program", "data/in.xyz"):
        Path(name).touch()
    Path("data/program").chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("slako_dir", "./data/", "{here}/data"),
        ("weights", "data/set.json", "{here}/data/set.json"),
        ("weights", "data/absent.json", "data/absent.json"),
        ("method", "PM7", "PM7"),
        ("file", "coord.xyz", "coord.xyz"),  # maybe what a program writes
        ("label", "data/set.json", "data/set.json"),
        ("outdir", "./data", "./data"),
        ("files", ["data/set.json", 3, None], ["{here}/data/set.json", 3, None]),
        ("basis", {"C": "data/set.json"}, {"C": "{here}/data/set.json"}),
        ("method", "x" * 5000 + "/", "x" * 5000 + "/"),
        ("method", "a\0/b", "a\0/b"),
        ("accuracy", 0.1, 0.1),
    ],
)
def test_paths_with_a_slash_that_are_there_become_absolute(here, key, value, expected):
    def whole(part):
        if isinstance(part, dict):
            return {inner: whole(value) for inner, value in part.items()}
        if isinstance(part, list):
            return [whole(value) for value in part]
        return part.format(here=here) if isinstance(part, str) and "{" in part else part

    assert absolute_arguments({key: value}) == {key: whole(expected)}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("mopac PREFIX.mop 2> /dev/null", "mopac PREFIX.mop 2> /dev/null"),
        ("python run.py < coord.xyz > out", "python {here}/run.py < coord.xyz > out"),
        ("A=1 ./data/program coord.xyz", "A=1 {here}/data/program coord.xyz"),
        (
            "'data/program' --set ./data/set.json",
            "'{here}/data/program' --set {here}/data/set.json",
        ),
        ("run.py>data/set.json", "{here}/run.py>data/set.json"),
        ("cd data && mopac", "cd data && mopac"),
    ],
)
def test_programs_and_data_in_a_command_become_absolute(here, command, expected):
    changed = absolute_arguments({"command": command})["command"]
    assert changed == expected.format(here=here)


def test_programs_of_a_command_that_is_no_argument_become_absolute(here):
    """Data in it may be what the calculator writes."""
    calculator = SimpleNamespace(command="./data/program data/in.xyz", profile=None)
    make_command_absolute(calculator)
    assert calculator.command == f"{here}/data/program data/in.xyz"
    profile = SimpleNamespace(command="python run.py")
    make_command_absolute(SimpleNamespace(profile=profile))
    assert profile.command == f"python {here}/run.py"


def test_one_directory_for_all_calculations_is_refused():
    check_own_files("f", {"directory": "own", "label": "own/mopac", "command": "/bin/mopac"})
    for key in ("directory", "label"):
        with pytest.raises(RequestError, match=f"{key}=/work/x"):
            check_own_files("f", {key: "/work/x"})
