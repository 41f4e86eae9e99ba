"""Tasks of one's own: conditions, levels, built-in rules with other families, and their faults."""

import numpy as np
import pytest

from mlip_compose.core.documents import parse_document
from mlip_compose.core.errors import RequestError
from mlip_compose.molecules.assembly import full
from mlip_compose.molecules.perception import molecule_of_smiles
from mlip_compose.tasks.certificate import certify
from mlip_compose.tasks.conditions import Condition
from mlip_compose.tasks.files import TEMPLATE, FileTask, TaskFile, read_task
from mlip_compose.tasks.rules import FILE_TASKS, TASKS, get_task
from mlip_compose.tasks.selection import select_frames

RINGS = {"benzene": "c1ccccc1", "cyclohexane": "C1CCCCC1", "phenol": "Oc1ccccc1"}
MOLECULES = [*full(), *(molecule_of_smiles(s, name) for name, s in RINGS.items())]


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a task file and return its path; tasks that were read are forgotten after the test."""
    monkeypatch.setattr("mlip_compose.tasks.rules.FILE_TASKS", dict(FILE_TASKS))

    def written(text, name="mine.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return written


def names_of(condition):
    return {m.name for m in Condition.model_validate(condition).chosen(MOLECULES)}


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ({"names": ("OH-1*-H",)}, {"OH-1-H", "OH-10-H", "OH-11-H", "OH-12-H"}),
        ({"names": ("benzene", "phenol")}, {"benzene", "phenol"}),
        ({"smiles": ("OCC", "C1=CC=CC=C1")}, {"OH-2-H", "benzene"}),
        ({"family": ("OH",), "chain": {"most": 2}}, {"OH-1-H", "OH-2-H"}),
        ({"family": ("OH+OH",)}, {"OH-2-OH", "OH-4-OH", "OH-6-OH"}),
        ({"smarts": "[R]"}, set(RINGS)),
        ({"smarts": "c", "elements": ("H", "C")}, {"benzene"}),
        ({"family": ("Cl",), "heavy_atoms": {"least": 12}}, {"Cl-11-H", "Cl-12-H"}),
        ({"smarts": "[R]", "without": {"smarts": "[OX2H]"}}, {"benzene", "cyclohexane"}),
        ({"chain": {"least": 12}, "elements": ("H", "C", "F")}, {"H-12-H", "F-12-H"}),
    ],
)
def test_conditions(condition, names):
    assert names_of(condition) == names


def test_a_task_by_conditions(write):
    path = write(
        "name: rings\ntrain: {smarts: '[R]', elements: [H, C]}\nood: [{names: [phenol]}]\n"
    )
    task = get_task(str(path))
    assert (task.name, task.levels, task.trains) == ("rings", (2,), True)
    split = task.split(MOLECULES, 2)
    assert (split.task, split.train, split.ood) == (
        "rings",
        ("benzene", "cyclohexane"),
        ("phenol",),
    )
    assert certify(split, MOLECULES).coverage_radius == -1  # oxygen is new
    assert get_task("rings") is task


def test_levels_and_files_of_smiles(write, tmp_path):
    (tmp_path / "short.smi").write_text("# two\nCO methanol\nOCC\n")
    task = get_task(
        str(
            write(
                "name: levels\nlevels:\n"
                "  1: {train: {file: short.smi}, ood: {names: [OH-7-H]}}\n"
                "  3: {train: [{file: short.smi}, {names: [OH-3-H]}], ood: {names: [OH-7-H]}}\n"
            )
        )
    )
    assert task.levels == (1, 3)
    assert task.split(MOLECULES, 1).train == ("OH-1-H", "OH-2-H")
    assert task.split(MOLECULES, 3).train == ("OH-1-H", "OH-2-H", "OH-3-H")
    with pytest.raises(RequestError, match="level of the task 'levels': 1 or 3; found 2"):
        task.split(MOLECULES, 2)


def test_a_built_in_rule_with_other_families(write):
    task = get_task(
        str(write("name: thiols\nrule: transfer\nfamilies: [H, OH, SH]\nheld_out: [SH]\n"))
    )
    split = task.split(full(), 1)
    assert set(split.ood) == {f"SH-{n}-H" for n in range(7, 13)}
    assert {name.split("-")[0] for name in split.train} == {"H", "OH", "SH"}
    assert certify(split, full()).coverage_radius == 1


def test_without_choices_a_rule_is_the_built_in_one(write):
    for name in TASKS:
        task = get_task(str(write(f"name: same-{name}\nrule: {name}\n", f"{name}.yaml")))
        for level in (1, 2, 3):
            own, built_in = task.split(full(), level), TASKS[name].split(full(), level)
            assert (own.train, own.ood, own.missing) == (built_in.train, built_in.ood, ())


def test_the_template_is_a_task():
    file = parse_document(TEMPLATE.replace("NAME", "mine"), TaskFile, "task", "template")
    split = FileTask(file, TASKS).split(full(), 2)
    assert split.train
    assert split.ood


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\n", "train and ood, or levels, or rule; found neither"),
        ("name: a\ntrain: {names: [x]}\n", "found neither"),
        ("name: a\nrule: length\ntrain: {names: [x]}\nood: {names: [y]}\n", "ood and rule"),
        ("name: a\nrule: length\nheld_out: [OH]\n", "expected held_out with rule: transfer"),
        ("name: A b\nrule: length\n", "name"),
        ("name: a\ntrain: {}\nood: {names: [y]}\n", "found nothing"),
        ("name: a\ntrain: {smarts: '[Q'}\nood: {names: [y]}\n", "expected SMARTS"),
        ("name: a\ntrain: {smiles: [C(]}\nood: {names: [y]}\n", "a molecule that RDKit can read"),
        ("name: a\ntrain: {elements: [Xx]}\nood: {names: [y]}\n", "symbol of an element"),
        ("name: a\ntrain: {chain: {}}\nood: {names: [y]}\n", "least, most or both"),
        ("name: a\ntrain: {chain: {least: 3, most: 1}}\nood: {names: [y]}\n", "found 3 and 1"),
        ("name: a\ntrain: {file: no.smi}\nood: {names: [y]}\n", "a file of SMILES in"),
        ("name: length\nrule: length\n", "a name that no other task has"),
        ("[]", "a mapping with keys"),
        ("name: a\nlevels: 3\n", "levels is right"),
        (
            "name: a\nlevels: {-1: {train: {names: [x]}, ood: {names: [y]}}}\n",
            "levels of 0 or more; found -1",
        ),
        ("name: a\nrule: length\ntrain_frames: 9\n", "train_frames beside train and ood"),
        (
            "name: a\ntrain: {file: none.smi}\nood: {names: [y]}\n",
            "SMILES in .*none.smi; found none",
        ),
        ("name: a\nrules: length\n", "rule"),
    ],
)
def test_files_that_are_no_task(write, tmp_path, text, message):
    (tmp_path / "none.smi").write_text("# nothing\n")
    with pytest.raises(RequestError, match=message):
        get_task(str(write(text)))


@pytest.mark.parametrize(
    ("train", "ood", "message"),
    [
        ("{names: [OH-2-H]}", "{family: [OH]}", "OH-2-H in both"),
        ("{names: [Z*]}", "{family: [OH]}", r"none for Z\*"),
        ("{names: [OH-2-H]}", "{family: ['*Br']}", r"none for \*Br"),
        ("{smiles: [BrBr]}", "{family: [OH]}", "none for BrBr"),
        ("{smarts: '[Br]'}", "{family: [OH]}", "condition 1 of train in the task 'a'; found none"),
    ],
)
def test_molecules_that_are_not_there_or_in_both_parts(write, train, ood, message):
    task = get_task(str(write(f"name: a\ntrain: {train}\nood: {ood}\n")))
    with pytest.raises(RequestError, match=message):
        task.split(MOLECULES, 2)


def test_halves_of_ones_own(write):
    task = get_task(str(write("name: halves\nrule: crossing\nhalf_a: [F]\nfamilies: [F, OH, H]\n")))
    split = task.split(full(), 2)
    assert {"F-6-H", "OH-7-H", "H-7-H"} <= set(split.train)
    assert {"F-7-H", "OH-4-H", "H-4-H"} <= set(split.ood)


def test_families_that_are_not_there(write):
    task = get_task(str(write("name: a\nrule: length\nfamilies: ['*Br']\n")))
    with pytest.raises(RequestError, match=r"families of the task 'a': H, OH, .*; found \*Br"):
        task.split(full(), 1)


def test_a_file_that_is_changed_is_read_again(write):
    first = get_task(str(write("name: a\nrule: length\n")))
    assert get_task(str(write("name: a\nrule: length\n"))).digest == first.digest
    changed = get_task(str(write("name: a\nrule: crossing\n")))
    assert changed.digest != first.digest
    assert get_task("a") is changed


def single(frames):
    """A split of one task file, and numbers of frames of molecules with one trajectory."""
    document = {"name": "a", "frames": frames, "train": {"family": ("OH",)}}
    file = TaskFile.model_validate(document | {"ood": {"family": ("F",)}})
    split = FileTask(file, TASKS).split(full(), 2)
    return split, lambda name, trajectory: 20 if trajectory == "primary" else 0


@pytest.mark.parametrize("frames", ["blocks", "random"])
@pytest.mark.parametrize("budget", [None, 50])
def test_one_trajectory_serves_for_all_parts(frames, budget):
    split, n_frames = single(frames)
    chosen = select_frames(split, n_frames, budget, 0)
    assert chosen.held_out == "primary"
    assert all(trajectory == "primary" for _, _, trajectory, _ in chosen.wanted())
    for name in chosen.train:
        parts = (chosen.train[name], chosen.validation[name], chosen.id[name])
        together = np.concatenate(parts)
        assert len(set(together.tolist())) == len(together)
        assert (len(parts[1]), len(parts[2])) == (1, 3)
        if frames == "blocks":  # a frame is left out at the cut
            assert parts[0].max() <= 14
            assert together.min() >= 0
            assert np.concatenate(parts[1:]).tolist() == [16, 17, 18, 19]
    again = select_frames(split, n_frames, budget, 0)
    assert all(np.array_equal(chosen.id[name], again.id[name]) for name in chosen.id)
    other_seed = select_frames(split, n_frames, None, 7)
    assert all(np.array_equal(chosen.id[name], other_seed.id[name]) for name in chosen.id)


def test_too_few_frames_to_cut():
    split, _ = single("blocks")
    with pytest.raises(RequestError, match="4 or more primary frames"):
        select_frames(split, lambda name, trajectory: 3, None, 0)


def test_files_are_read_relative_to_the_task(write, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.smi").write_text("C(C\n")
    path = write("name: a\ntrain: {file: a.smi}\nood: {family: [OH]}\n", "folder/a.yaml")
    with pytest.raises(RequestError, match=r"a\.smi, line 1"):
        read_task(path, TASKS)


@pytest.mark.parametrize("frames", ["blocks", "random"])
def test_a_certificate_says_where_id_frames_come_from(frames, made_up_frames):
    split, n_frames = single(frames)
    selection = select_frames(split, n_frames, 60, 0)
    certificate = certify(split, full(), selection, made_up_frames)
    assert certificate.to_json()["held_out"] == frames
    assert certificate.leaks == ()
    ordinary = TASKS["length"].split(full(), 1)
    assert "held_out" not in certify(ordinary, full()).to_json()
