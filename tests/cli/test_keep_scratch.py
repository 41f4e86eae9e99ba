"""Programs that calculators start: their files, and relative paths, from the command line."""

import re
import tempfile
from pathlib import Path

import pytest
from program_calculators import PAIRS
from toy_calculators import ZERO, Pairs

from mlip_compose.core.evaluating import as_atoms
from mlip_compose.store.reader import Store

PROGRAM = "program_calculators:PairProgram"
FAILING = {
    "relabel": ("data", "relabel", "toy.h5", "-r", PROGRAM, "-o", "new.h5", "-j", "2"),
    "check": ("data", "check", "toy.h5", "--reference", PROGRAM, "--sample", "8"),
    "predict": (
        *("predict", "whole", "--dataset", "toy.h5", "--calculator", PROGRAM, "-j", "2"),
        "--allow-missing",
    ),
}


@pytest.fixture
def store(toy_store, tmp_path):
    return Store(toy_store(["OH-1-H"], primary=8, secondary=0))


def words(outcome):
    return " ".join(outcome.err.split())


@pytest.mark.parametrize("name", FAILING)
def test_files_of_failures_are_kept_where_asked(name, command, store, tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))  # of this process: that of `check`
    monkeypatch.setenv("LIMIT", "0.0")  # of the program; beyond it there is no convergence
    frames = [*store.frames("OH-1-H", "primary").positions, store.minimum("OH-1-H").positions[0]]
    beyond = {f"{position[0, 0]:.6f}" for position in frames if position[0, 0] > 0}
    assert 0 < len(beyond) < len(frames)
    outcome = command(*FAILING[name], "--keep-scratch")
    assert "Traceback" not in outcome.err
    kept = [Path(path) for path in re.findall(r"are kept in (\S+) on ", words(outcome))]
    assert kept
    for folder in kept:
        line = (folder / "geometry.xyz").read_text().splitlines()[2]
        assert f"{float(line.split()[1]):.6f}" in beyond
    assert not list(tmp_path.glob("geometry*"))
    for folder in kept:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    Path("new.h5").unlink(missing_ok=True)
    assert "are kept" not in command(*FAILING[name]).err
    assert not list(temporary.glob("*kept*"))


@pytest.mark.parametrize(
    ("function", "setting"),
    [
        (PROGRAM, "command={python} tools/program.py ./two.json"),
        (PROGRAM, "strength=two.json"),  # opened when the calculator is made
        ("program_calculators:with_tool", ""),
    ],
)
def test_relative_paths_mean_the_directory_of_the_command(
    function, setting, command, store, tmp_path
):
    Path("two.json").write_text("2.0")
    Path("tools").mkdir()
    python, _, program = PAIRS.rpartition(" ")
    script = Path(program).read_text()
    Path("tools/program.py").write_text(script)
    Path("tools/twice.py").write_text(script.replace("else 1.0", "else 2.0"))
    settings = ("--set", setting.format(python=python)) if setting else ()
    made = command(
        *("data", "relabel", "toy.h5", "-r", function, *settings, "-o", "new.h5", "-j", "2")
    )
    assert made.status == 0, made.err
    frames = Store(tmp_path / "new.h5").frames("OH-1-H", "primary")
    molecule = store.molecules["OH-1-H"]
    for positions, energy in zip(frames.positions, frames.energy, strict=True):
        atoms = as_atoms(molecule.numbers, positions.astype(float), 0, 1)
        pairs = Pairs(2.0).get_potential_energy(atoms) - ZERO * len(atoms)
        assert energy == pytest.approx(pairs, rel=1e-9)


def test_one_directory_for_all_calculations_is_refused(command, store):
    outcome = command(*FAILING["relabel"], "--set", "directory=/tmp/one")
    assert outcome.status == 2
    assert "directory=/tmp/one" in words(outcome)
    assert "Traceback" not in outcome.err


def test_a_trained_potential_takes_no_such_option(command):
    outcome = command("predict", "whole", "model", "--keep-scratch")
    assert outcome.status == 2
    assert "--keep-scratch with --calculator" in words(outcome)
