"""Seeds, own minima and group additivity, from a study file to the page."""

import json
import sys

import h5py
import pytest
from small_study import NAMES, PAIRS, write_small
from whole_page import whole

from mlip_compose.__main__ import main

STUDY = """
name: seeds
dataset: small.h5
allow_missing: true
tasks: [length]
potentials: [composition]
seeds: [0, 1]
train_frames: 40
relax_minima: true
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seeds")
    (folder / "study.yaml").write_text(STUDY)
    # with all that some exchanges need, X-R-Y + H-R-H -> X-R-H + H-R-Y
    write_small(folder / "small.h5", (*NAMES, *PAIRS, "H-2-H", "H-3-H", "H-4-H"))
    patch = pytest.MonkeyPatch()
    patch.chdir(folder)
    patch.setattr(sys, "argv", ["mlip-compose", "run", "study.yaml"])
    try:
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
    finally:
        patch.undo()
    return folder / "results" / "seeds"


def test_seeds_are_summarised_and_the_reference_held_against_additivity(folder):
    document = json.loads((folder / "results.json").read_text())
    energies = next(s for s in document["seed_summaries"] if s["metric"] == "energy_mae_per_atom")
    assert energies["seeds"] == [0, 1]
    assert energies["ood"]["sd"] > 0.0
    assert document["rankings"] == []  # a scale row has no rivals
    kinds = {kind["kind"]: kind for kind in document["additivity"]["kinds"]}
    assert 0.1 < kinds["exchange"]["together"]["mean_absolute"]["value"] < 5.0
    assert {e["energies"] for e in document["reaction_errors"]} == {
        "predicted",
        "predicted_offset",
        "predicted_relaxed",
        "predicted_relaxed_offset",
    }
    page = whole((folder / "report.html").read_text())
    assert "Single seeds" in page
    assert '<section id="reactions"' in page


def test_without_forces_own_minima_are_those_of_the_reference(folder):
    document = json.loads((folder / "results.json").read_text())
    for score in document["scores"]:
        assert score["failed_relaxations"] == {}
        assert max(score["relaxed_rmsd"].values()) < 1e-5
        for reaction in score["reactions"]:
            assert reaction["predicted_relaxed"] == pytest.approx(reaction["predicted"])
    with h5py.File(next((folder / "predictions").glob("*_relaxed.h5"))) as file:
        assert file["OH-2-H/relaxed/positions"].shape == (1, 9, 3)
