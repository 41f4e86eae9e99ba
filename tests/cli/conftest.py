"""The command in this process: its exit status and what it prints."""

import sys
from typing import NamedTuple

import pytest
from engines import SharedEngine
from small_study import NAMES, PAIRS, write_small

from mlip_compose.__main__ import main


class Outcome(NamedTuple):
    status: str | int
    out: str
    err: str


@pytest.fixture
def small(tmp_path):
    """Return options for a store of a few molecules, some of two end groups."""
    write_small(tmp_path / "small.h5", NAMES + PAIRS)
    return ("--dataset", "small.h5", "--allow-missing")


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Return a function that runs the command in an empty directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("mlip_compose.engine.choice.local_engine", SharedEngine)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["mlip-compose", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        code = ended.value.code
        return Outcome(0 if code is None else code, captured.out, captured.err)

    return run
