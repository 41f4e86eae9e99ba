from pathlib import Path

import pytest
from typer.testing import CliRunner

from mlip_compose.cli.app import app
from mlip_compose.datasets.checking.check import CheckReport
from mlip_compose.datasets.data_card import data_card
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.store.reader import Store
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


def test_a_card_is_silent_on_what_the_store_cannot_show(toy_header, toy_frames, molecule, tmp_path):
    """Trajectories that are too short to be correlated, no torsions, no temperature."""
    parts = molecule("OH-1-H")
    frames = [toy_frames(parts, "primary", 3), toy_frames(parts, "secondary", 1)]
    origin = {"dataset": "mini-v1", "frames": {"OH-1-H": {"primary": [0, 1, 2]}}}
    header = toy_header.model_copy(update={"sampling": {"relabelled_from": origin}})
    write_store(tmp_path / "short.h5", header, [(parts, frames)])
    text = data_card(Store(tmp_path / "short.h5"), CheckReport(tmp_path, None, None, ()))
    assert "| relabelled_from | dataset mini-v1, frames of 1 molecules |" in text
    shown = text[text.index("## What the frames show") : text.index("## Checks")]
    assert shown.split("\n\n") == ["## What the frames show", ""]

    header = toy_header.model_copy(update={"sampling": {}})
    write_store(tmp_path / "long.h5", header, [(parts, [toy_frames(parts, "primary", 40)])])
    text = data_card(Store(tmp_path / "long.h5"), CheckReport(tmp_path, None, None, ()))
    assert "The store does not say." in text
    shown = text[text.index("## What the frames show") : text.index("## Checks")]
    assert "Autocorrelation of the energy" in shown
    assert "independent and start" not in shown
    assert "temperature" not in shown
