"""Task files on the command line: written, shown, certified, trained on, scored, exported."""

import json
from pathlib import Path

TASK = """\
name: shorter
summary: train on short fluorides and alcohols, test on longer ones
train: {family: [F, OH], chain: {most: 2}}
ood: {family: [F, OH], chain: {least: 7}}
train_frames: 8
"""


def test_a_file_to_begin_with_is_a_task(command):
    assert command("tasks", "new", "mine.yaml").status == 0
    text = Path("mine.yaml").read_text()
    assert "name: mine" in text
    shown = command("tasks", "show", "mine.yaml")
    assert shown.status == 0
    assert "OOD" in shown.out
    again = command("tasks", "new", "mine.yaml")
    assert (again.status, Path("mine.yaml").read_text()) == (2, text)
    assert command("tasks", "new", "mine.txt").status == 2


def test_a_file_stands_for_a_task_in_every_command(command, small):
    Path("task.yaml").write_text(TASK)
    dataset = ("--dataset", small[1])
    certified = command("tasks", "certify", "task.yaml", "--molecules", small[1])
    assert "coverage radius r*" in certified.out
    shown = command("tasks", "show", "task.yaml", "--molecules", small[1], "--json")
    assert json.loads(shown.out)["ood_molecules"] == ["F-7-H", "F-8-H", "OH-7-H", "OH-8-H"]
    trained = command("train", "task.yaml", "composition", *dataset)
    assert trained.status == 0, trained.err
    (model,) = Path("results/train/trainings").iterdir()
    predicted = command("predict", "task.yaml", model, *dataset, "-o", "p.h5")
    assert predicted.status == 0, predicted.err
    scored = command("score", "p.h5", *dataset, "--task", "task.yaml")
    assert "composition on shorter, level 2" in scored.out
    exported = command("data", "export", small[1], "-o", "out", "-t", "task.yaml")
    assert exported.status == 0, exported.err
    assert Path("out/split.json").is_file()


def test_a_certificate_says_where_the_id_frames_are_of_a_store_with_one_trajectory(
    command, toy_store
):
    Path("task.yaml").write_text(f"{TASK}frames: blocks\n")
    path = toy_store(["OH-1-H", "F-1-H", "OH-7-H", "F-7-H"], primary=20, secondary=0)
    certified = command("tasks", "certify", "task.yaml", "--molecules", path)
    assert "held out of the only trajectory (blocks)" in certified.out
