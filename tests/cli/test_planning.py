"""``coverage`` and ``plan``: numbers as JSON, a page, a plan as a file, and what is refused."""

import json
import re

import pytest
from typer.testing import CliRunner

from mlip_compose.cli.app import app
from mlip_compose.molecules.perception import molecule_of_smiles
from mlip_compose.planning.reading import read_molecules
from mlip_compose.planning.seen import seen_in

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"


def call(*words):
    """Run the command in this process and return its result; an error is the test's."""
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


def test_coverage_as_json():
    outcome = call("coverage", ASPIRIN, "CCCCO", "--by", "mini-v1", "--json")
    aspirin, butanol = json.loads(outcome.stdout)["targets"]
    assert aspirin["smiles"] == ASPIRIN
    assert aspirin["radius"] == 0
    assert len(aspirin["coverage"]) == 5
    assert aspirin["coverage"][0] == 1.0
    assert aspirin["coverage"] == sorted(aspirin["coverage"], reverse=True)
    assert {e["radius"] for e in aspirin["unseen"]} >= {1}
    assert butanol["radius"] == 4
    assert butanol["unseen"] == []
    assert all(name.startswith(("OH-", "CHO-")) for name in butanol["seen_in"])


def test_a_page_holds_all_that_it_shows(tmp_path):
    page = tmp_path / "page.html"
    call("coverage", ASPIRIN, "C[N+](C)(C)C", "--by", "mini-v1", "--html", str(page))
    text = page.read_text("utf-8")
    assert text.count('class="spot ') == 13 + 5  # heavy atoms
    assert not re.search(r"""(?:src|href)=["'](?!data:)""", text)
    assert "not even the element" in text
    assert "<script>alert" not in text


def test_names_of_others_are_text_on_a_page(tmp_path):
    page, mine = tmp_path / "page.html", tmp_path / "mine.smi"
    mine.write_text("CCO <script>alert(1)</script>\n")
    call("coverage", str(mine), "--by", "mini-v1", "--html", str(page))
    assert "<script>alert" not in page.read_text("utf-8")


def test_a_plan_as_a_file(tmp_path):
    out = tmp_path / "plan.smi"
    outcome = call("plan", ASPIRIN, "--by", "mini-v1", "-R", "1", "--out", str(out), "--json")
    document = json.loads(outcome.stdout)
    assert [entry["smiles"] for entry in document["plan"]] == [
        graph.smiles for graph in read_molecules([str(out)])
    ]
    together = read_molecules(["mini-v1", str(out)])
    (seen,) = seen_in([molecule_of_smiles(ASPIRIN)], together, 1)
    assert seen.radii.min() == 1
    assert document["bound"] <= document["cost"] <= document["cost_of_targets"]


def test_nothing_to_label_is_said(capfd):
    outcome = call("plan", "CCCO", "--by", "mini-v1", "-R", "1")
    assert outcome.exit_code == 0
    assert "nothing to label" in outcome.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("coverage", "CO.CO", "--by", "mini-v1"),
        ("coverage", "CO", "OC", "--by", "mini-v1"),
        ("coverage", "absent.smi", "--by", "mini-v1"),
        ("coverage", "CO", "--by", "absent.sdf"),
        ("plan", "CO", "-R", "0"),
        ("plan", "CO", "-R", "9"),
    ],
)
def test_what_cannot_be_is_refused_and_writes_nothing(words, tmp_path, monkeypatch):
    from mlip_compose.core.errors import RequestError

    monkeypatch.chdir(tmp_path)
    with pytest.raises(RequestError):
        call(*words)
    assert not list(tmp_path.iterdir())
