from pathlib import Path

import pytest
from typer.testing import CliRunner

from mlip_compose.cli.app import app
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.store.writer import write_store

CHOSEN = ("H-4-H", "OH-2-H", "F-2-CN")


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    """Return a store of three molecules of mini-v1."""
    mini = open_dataset("mini-v1")
    header = mini.header.model_copy(update={"name": "three"})

    def contents():
        for name in CHOSEN:
            trajectories = [
                mini.frames(name, t) for t in ("primary", "secondary") if mini.n_frames(name, t)
            ]
            yield mini.molecules[name], [*trajectories, mini.minimum(name)]

    target = tmp_path_factory.mktemp("card") / "three.h5"
    write_store(target, header, contents())
    return target


def card(*arguments):
    ended = CliRunner().invoke(app, ["data", "card", *map(str, arguments)])
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def test_a_card_says_what_the_store_holds(path):
    text = card(path, "--sample", "0")
    assert text.startswith("# Data card: three\n")
    assert "| molecules | 2 X-(CH2)n-H, 1 X-(CH2)n-Y |" in text
    assert "| frames | 88 primary, 30 secondary |" in text
    assert "A frame is 100 fs after the last." in text
    assert "every check passed" in text
    assert "| CC BY 4.0 |" in text.replace("| licence ", "")


def test_torsions_are_counted_by_family(path):
    lines = card(path, "--sample", "0").splitlines()
    rows = {line.split("|")[1].strip(): line for line in lines if line.startswith("| ")}
    assert "%" in rows["H"]  # butane has the one torsion
    assert (
        "OH" not in rows
    )  # ethanol has none about a bond between saturated carbons and heavy ends
    assert rows["X-(CH2)n-Y"].count("%") == 1  # there is no secondary trajectory


def test_a_card_is_written_to_a_file(path, tmp_path):
    assert card(path, "--sample", "0", "-o", tmp_path / "card.md") == ""
    assert (tmp_path / "card.md").read_text().endswith("had to be started anew.\n")
