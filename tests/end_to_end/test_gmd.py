"""The tasks on a data set of GMD-26's molecules, from a directory of files to scores.

Which 118 molecules GMD-26 holds besides the alkanes is not public. These are the ten families of
mono-functional molecules with n = 1..12, without methane and without one that no task asks for at
level 2. Frames are made up (see ``springs``).
"""

import json
import sys

import numpy as np
import pytest
from spring_potential import DEVIATION, SPRING, as_extended_xyz, as_md17, spring_frames

from mlip_compose import Store, open_dataset
from mlip_compose.__main__ import main

LEFT_OUT = "CN-6-H"
MEAN_FORCE = 1e3 * SPRING * DEVIATION * (2 / np.pi) ** 0.5  # meV/Angstrom, of a component
TASKS = ("length", "crossing", "transfer")
STUDY = """
name: gmd
dataset: gmd.h5
tasks: [length, crossing, transfer]
levels: [2]
potentials: [additive]
seeds: [0]
train_frames: {train_frames}
"""


def make_files(folder, primary, secondary):
    """Write frames of 118 molecules: the alkanes as extended XYZ, the others as npz."""
    mini = open_dataset("mini-v1")
    names = [n for n, m in mini.molecules.items() if m.is_monofunctional and n != LEFT_OUT]
    for name in names:
        (folder / name).mkdir(parents=True)
        for seed, (kind, count) in enumerate((("primary", primary), ("secondary", secondary))):
            frames = spring_frames(mini, name, count, seed)
            if name.startswith("H-"):
                (folder / name / f"{kind}.xyz").write_bytes(as_extended_xyz(frames))
            else:
                (folder / name / f"{kind}.npz").write_bytes(as_md17(frames))
    return names


def run(monkeypatch, capsys, *arguments):
    """Run the command and return its status, what it printed and its messages."""
    monkeypatch.setattr(sys, "argv", ["mlip-compose", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr()
    return ended.value.code or 0, printed.out, printed.err


def through_import_tasks_and_additive(monkeypatch, capsys, folder, primary, secondary, budget):
    monkeypatch.chdir(folder)
    names = make_files(folder / "files", primary, secondary)
    status, out, err = run(
        monkeypatch,
        capsys,
        *("data", "import", "files", "--out", "gmd.h5", "--json"),
        *("--name", "gmd-26", "--reference", "pbe-d3bj/def2-tzvp"),
    )
    assert status == 0, err
    imported = json.loads(out)
    assert (imported["molecules"], imported["frames"]) == (118, 118 * (primary + secondary))
    assert imported["left"] == []
    store = Store(folder / "gmd.h5")
    assert sorted(store.molecules) == sorted(names)
    assert {store.n_frames(name, "primary") for name in names} == {primary}
    assert {store.n_frames(name, "secondary") for name in names} == {secondary}

    (folder / "study.yaml").write_text(STUDY.format(train_frames=budget))
    status, _, err = run(monkeypatch, capsys, "run", "study.yaml", "--processes", "1")
    assert status == 0, err
    results = folder / "results" / "gmd"
    for task in TASKS:
        certificate = json.loads((results / "certificates" / f"{task}_L2_s0.json").read_text())
        assert certificate["coverage_radius"] == 2
    scores = [json.loads(path.read_text()) for path in (results / "scores").iterdir()]
    assert sorted(score["task"] for score in scores) == sorted(TASKS)
    for score in scores:
        (metric,) = (each for each in score["metrics"] if each["name"] == "forces_mae")
        assert metric["id"]["value"] < 0.5 * MEAN_FORCE
        assert metric["ood_molecules"] > 0
    return store


def test_the_tasks_run_on_it_unchanged(tmp_path, monkeypatch, capsys):
    store = through_import_tasks_and_additive(
        monkeypatch, capsys, tmp_path, primary=4, secondary=5, budget=80
    )
    # what a task asks for and the data lack is named, and the task runs without it when told to
    certify = ("tasks", "certify", "length", "--level", "3", "--molecules", "gmd.h5")
    status, _, err = run(monkeypatch, capsys, *certify)
    assert status == 2
    assert f"1 missing: {LEFT_OUT}" in err
    status, out, _ = run(monkeypatch, capsys, *certify, "--allow-missing", "--json")
    assert status == 0
    assert json.loads(out)["level"] == 3

    # bifunctional molecules are not in GMD-26: there is nothing to test recombination on
    recombine = ("tasks", "certify", "recombination", "--level", "2", "--molecules", "gmd.h5")
    status, _, err = run(monkeypatch, capsys, *recombine)
    assert status == 2
    assert "1 missing: CN-6-H" in err
    status, _, err = run(monkeypatch, capsys, *recombine, "--allow-missing")
    assert status == 2
    assert "expected a molecule to test on in 'recombination' at level 2; found none" in err
    assert store.total_frames == 118 * 9


@pytest.mark.slow
def test_the_tasks_run_on_as_many_frames(tmp_path, monkeypatch, capsys):
    store = through_import_tasks_and_additive(
        monkeypatch, capsys, tmp_path, primary=2_013, secondary=500, budget=2_000
    )
    assert store.total_frames == 296_534
