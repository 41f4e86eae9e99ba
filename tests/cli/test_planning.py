"""``coverage`` and ``plan``: numbers as JSON, a page, a plan as a file, and what is refused."""

import json
import re

import pytest
from engines import ONE
from typer.testing import CliRunner

from mlip_compose.__main__ import main
from mlip_compose.cli.app import app
from mlip_compose.core.errors import RequestError
from mlip_compose.datasets.build import build
from mlip_compose.datasets.recipe import load_recipe
from mlip_compose.molecules.perception import molecule_of_smiles
from mlip_compose.planning.reading import read_molecules
from mlip_compose.planning.seen import seen_in
from mlip_compose.store.reader import Store

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
    assert "not even its element and charge" in text
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


def test_a_plan_as_a_recipe_builds_the_molecules_of_the_plan(tmp_path):
    mine, path, store = tmp_path / "mine.smi", tmp_path / "my plan.yaml", tmp_path / "plan.h5"
    mine.write_text("BrCCC=O\nFC(Cl)Br ../halo/methane\n[NH3+]C\nC1CO1 oxirane\nOO OO\n")
    outcome = call("plan", str(mine), "--by", "mini-v1", "-R", "1", "--recipe", str(path), "--json")
    planned = {entry["smiles"] for entry in json.loads(outcome.stdout)["plan"]}
    recipe = load_recipe(str(path))
    assert recipe.name == "my-plan"
    assert recipe.reference == "gfn2-xtb"
    assert {molecule.smiles for molecule in recipe.selected()} == planned
    tiny = {"equilibration_steps": 1, "stride_steps": 1, "primary": 1, "secondary": 2}
    sampling = recipe.sampling.model_copy(
        update=tiny | {"bifunctional_primary": 1, "bifunctional_secondary": 2}
    )
    build(recipe.model_copy(update={"sampling": sampling}), store, ONE, lambda *_: None)
    assert {molecule.smiles for molecule in read_molecules([str(store)])} == planned
    for name in (built := Store(store)).molecules:
        assert (built.n_frames(name, "primary"), built.n_frames(name, "secondary")) == (1, 2)
    assert {"_halo_methane", "oxirane"} <= set(built.molecules)


@pytest.mark.parametrize("option", ["--recipe", "--out"])
def test_a_plan_replaces_no_file(tmp_path, option):
    path = tmp_path / "plan"
    path.write_text("mine")
    with pytest.raises(RequestError, match=f"name another with {option}"):
        call("plan", ASPIRIN, "-R", "1", option, str(path))
    assert path.read_text() == "mine"


def test_nothing_to_label_is_said(tmp_path):
    out = tmp_path / "plan.smi"
    outcome = call("plan", "CCCO", "--by", "mini-v1", "-R", "1", "--out", str(out))
    assert outcome.exit_code == 0
    assert "nothing to label" in outcome.stderr
    assert not out.exists()


FILES = {
    "empty.smi": b"",
    "empty.csv": b"smiles\n",
    "empty.sdf": b"",
    "empty.mol": b"",
    "empty.xyz": b"",
    "twice.smi": b"CCO ethanol\nOCC alcohol\n",
    "radical.smi": b"CCO\nC[CH2]\n",
    "binary.smi": b"\x00\xff",
    "binary.sdf": b"\x00\xff",
}
REFUSED = {
    "mixture": "CO.CO",
    "salt": "[Na+].[Cl-]",
    "valence": "C(C)(C)(C)(C)C",
    "no SMILES": "molecule",
    "nothing": "",
    "radical": "C[CH2]",
    "isotope": "[2H]OC",
    "metal": "N[Pt](N)(Cl)Cl",
    "dummy": "*C",
    "5,000 atoms": "C" * 1666,
    "absent file": "absent.smi",
    "absent structures": "absent.sdf",
    **{name: name for name in FILES},
}


@pytest.mark.parametrize("source", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize(
    "words",
    [
        ("coverage", "{}", "--by", "CO", "--html", "page.html"),
        ("plan", "{}", "--by", "CO", "-R", "1", "--out", "plan.smi", "--recipe", "plan.yaml"),
    ],
    ids=("coverage", "plan"),
)
def test_what_is_no_molecule_is_refused_and_writes_nothing(words, source, tmp_path, monkeypatch):
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RequestError):
        call(*(word.format(source) for word in words))
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)


@pytest.mark.parametrize(
    "words",
    [
        ("coverage", "CO", "OC", "--by", "CO"),
        ("coverage", "CO", "--by", "absent.sdf"),
        ("plan", "CO", "-R", "1", "--pool", "[Na+]"),
        ("plan", "CO", "-R", "0"),
        ("plan", "CO", "-R", "9"),
        ("plan", "CO", "-R", "1", "--power", "-1"),
    ],
)
def test_what_cannot_be_is_refused_and_writes_nothing(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = () if words[0] == "coverage" else ("--out", "plan.smi", "--recipe", "plan.yaml")
    with pytest.raises(RequestError):
        call(*words, *files)
    assert not list(tmp_path.iterdir())


def test_a_refusal_is_one_line_and_status_2(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr("sys.argv", ["mlip-compose", "plan", "C[CH2]", "-R", "1"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    out, message = capfd.readouterr()
    assert out == ""
    assert message.count("\n") == 1
    assert "a radical" in message
