"""`data relabel` and `data compare`, with right and with wrong arguments."""

import json

import pytest

SMALL = ("mini-v1", "-r", "gfn2-xtb", "-m", "F-1-H", "--frames", "2", "-j", "1")


def test_a_data_set_is_labelled_anew_and_compared(command):
    made = command("data", "relabel", *SMALL, "--set", "accuracy=5", "-o", "new.h5", "--json")
    assert made.status == 0, made.err
    document = json.loads(made.out)
    assert (document["molecules"], document["frames"], document["failures"]) == (1, 2, [])
    info = json.loads(command("data", "info", "new.h5", "--json").out)
    assert info["reference_settings"]["accuracy"] == 5.0
    assert info["name"] == "new"
    assert info["frames"]["secondary"] == 0
    assert info["sha256"] == document["sha256"]
    compared = command("data", "compare", "mini-v1", "new.h5", "--json")
    assert json.loads(compared.out)["families"]["F"]["frames"] == 2
    assert "gfn2-xtb against gfn2-xtb" in command("data", "compare", "mini-v1", "new.h5").out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("mini-v1", "-r", "gfn3-xtb"), "Did you mean 'gfn2-xtb'"),
        (("mini-v1", "-r", "no_module:Thing"), "a module 'no_module'"),
        (("mini-v1", "-r", "gfn2-xtb", "--set", "accurate=1"), "Did you mean 'accuracy'"),
        (("mini-v1", "-r", "gfn2-xtb", "--set", "accuracy=high"), "an accuracy above 0"),
        (("mini-v1", "-r", "gfn2-xtb", "--set", "accuracy"), "--set key=value"),
        (("mini-v1", "-r", "gfn2-xtb", "-m", "OH-99-H"), "Did you mean 'OH-9-H'"),
        (("mini-v1", "-r", "gfn2-xtb", "-m", "OH-9-H", "--max-chain", "2"), "that fit all options"),
        (("mini-v1", "-r", "gfn2-xtb", "--name", "a/b"), "a name of letters"),
        (("nothing.h5", "-r", "gfn2-xtb"), "a frozen data set"),
    ],
)
def test_requests_that_cannot_be_served(command, tmp_path, arguments, says):
    outcome = command("data", "relabel", *arguments)
    assert outcome.status == 2
    assert says in outcome.err
    assert "Traceback" not in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(command, tmp_path):
    assert command("data", "relabel", *SMALL, "-o", "new.h5").status == 0
    content = (tmp_path / "new.h5").read_bytes()
    again = command("data", "relabel", *SMALL, "-o", "new.h5")
    assert again.status == 2
    assert "Remove it" in again.err
    itself = command("data", "relabel", "new.h5", *SMALL[1:], "-o", "new.h5")
    assert itself.status == 2
    assert "the data set itself" in itself.err
    assert (tmp_path / "new.h5").read_bytes() == content


def test_other_frames_cannot_be_compared(command, toy_store):
    outcome = command("data", "compare", "mini-v1", toy_store(["OH-1-H"]))
    assert outcome.status == 2
    assert "go back to different data sets" in outcome.err


def test_a_comparison_shows_reaction_energies_between_minima(command, small):
    compared = command("data", "compare", "small.h5", "small.h5")
    assert compared.status == 0
    table = compared.out[compared.out.index("Reaction energies between minima, kcal/mol") :]
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in table.splitlines()]
    assert ["increment", "8", "0.00", "0.00"] in rows
