"""``data export`` and ``data import`` as commands."""

import json
import re


def test_there_and_back(command, tmp_path):
    names = ("-m", "OH-1-H,CN-2-H")
    outcome = command("data", "export", "mini-v1", "-o", "xyz", *names, "--json")
    assert outcome.status == 0
    files = json.loads(outcome.out)["files"]
    assert files == {"primary.xyz": 80, "secondary.xyz": 30, "minimum.xyz": 2}
    (tmp_path / "xyz" / "notes.txt").write_text("words")

    outcome = command("data", "import", "xyz", "-r", "gfn2-xtb", "-n", "back", "--json")
    assert outcome.status == 0
    document = json.loads(outcome.out)
    assert (document["molecules"], document["frames"]) == (2, 110)
    assert document["left"][0]["what"] == "notes.txt"
    assert (tmp_path / "data" / "back.h5").is_file()

    outcome = command("data", "info", "data/back.h5", "--json")
    assert json.loads(outcome.out)["reference"] == "gfn2-xtb"


def test_tables_show_what_was_taken_and_left(command, tmp_path):
    assert "primary.xyz" in command("data", "export", "mini-v1", "-o", "xyz", "-m", "OH-1-H").out
    (tmp_path / "xyz" / "notes.txt").write_text("words")
    shown = command("data", "import", "xyz", "-r", "gfn2-xtb", "-n", "back").out
    assert "primary.xyz: 40 frames" in shown
    assert "notes.txt" in shown


def test_wrong_requests_get_one_message_and_status_two(command, tmp_path):
    (tmp_path / "a.xyz").write_text("")
    for arguments, message in (
        (("import", "nowhere", "-r", "x", "-n", "y"), "no nowhere"),
        (("import", "a.xyz", "-r", "x", "-n", "y"), "no bytes"),
        (("import", "a.xyz", "-r", "x", "-n", "y", "--energy-unit", "ev"), "Did you mean 'eV'"),
        (("export", "mini-v1", "-o", "xyz", "--train-frames", "9"), "--task"),
        (("export", "mini-v9", "-o", "xyz"), "mini-v1"),
    ):
        outcome = command("data", *arguments)
        assert outcome.status == 2
        assert message in outcome.err
        assert "Traceback" not in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["a.xyz"]


def test_names_of_labels_are_given_by_options_or_a_file(command, tmp_path):
    command("data", "export", "mini-v1", "-o", "xyz", "-m", "OH-1-H")
    text = (tmp_path / "xyz" / "primary.xyz").read_text()
    (tmp_path / "a.xyz").write_text(text.replace("REF_energy", "u").replace("REF_forces", "g"))
    (tmp_path / "keys.yaml").write_text("energy: u\n")
    arguments = ("data", "import", "a.xyz", "-r", "gfn2-xtb", "-n", "back")
    refused = command(*arguments)
    assert refused.status == 2
    assert "numbers of a frame are" in refused.err
    outcome = command(*arguments, "--keys", "keys.yaml", "--forces-key", "g", "--json")
    assert outcome.status == 0
    assert json.loads(outcome.out)["assumed"] == ["energies are u, forces g: 40 frames"]


def test_info_and_import_do_not_send_people_to_each_other(command, tmp_path):
    import h5py

    with h5py.File(tmp_path / "theirs.h5", "w") as file:
        file["weights"] = [1.0]
    refused = command("data", "import", "theirs.h5", "-r", "x", "-n", "y")
    assert refused.status == 2
    assert "data info" not in refused.err
    assert "no group of frames; it has weights" in refused.err
    assert "data import" in command("data", "info", "theirs.h5").err


def test_files_are_told_apart_by_patterns_and_consequences_are_said(command, tmp_path):
    command("data", "export", "mini-v1", "-o", "xyz", "-m", "OH-1-H")
    text = (tmp_path / "xyz" / "primary.xyz").read_text()
    (tmp_path / "my_test_set.xyz").write_text(re.sub('(trajectory|split)="?primary"?', "", text))
    arguments = ("data", "import", "my_test_set.xyz", "-r", "gfn2-xtb", "-n")
    outcome = command(*arguments, "a")
    assert outcome.status == 0
    assert "40 frames: the name of a file" in outcome.out
    assert "No frame is primary" in outcome.err
    outcome = command(*arguments, "b", "--primary", "*.xyz", "--json")
    assert json.loads(outcome.out)["trajectories"] == [
        {"trajectory": "primary", "frames": 40, "reason": "*.xyz is --primary"}
    ]
    assert "No frame is of a secondary trajectory" in outcome.err
    assert "--blocks" in outcome.err
