"""Tasks whose molecules are in no series: errors by molecule and by heavy atoms, not on a map."""

import pytest
from study_of_any import TASK, study_of_any
from whole_page import island, whole

from mlip_compose.report.figures.style import styles_of
from mlip_compose.report.page import render_report
from mlip_compose.report.plates import plates
from mlip_compose.report.sections.attribution import _name, _ordered, attribution_views
from mlip_compose.report.sections.by_molecule import SHOWN, molecule_document
from mlip_compose.report.sections.curves import curve_document
from mlip_compose.report.sections.leaderboard import entries_of
from mlip_compose.report.sections.map_cells import ground_of
from mlip_compose.report.sections.maps import map_document
from mlip_compose.report.sections.molecules import _about
from mlip_compose.report.sections.summary import task_summary
from mlip_compose.report.words import family_label, formula, glossary_of, group_order, shortened

GROUPS = """
    Br I OC OCC SC NC N(C)C N(=O)=O C=C C#C C(C)=O C(=O)OC OC(C)=O C(F)(F)F C(C)C C(C)(C)C c1ccccc1
    C1CC1 C1CCCCC1 N=C=O S(C)(=O)=O C(=O)NC OC(F)F C(Br)(Br)Br OCCC P B(O)O [Si](C)(C)C
    c1ccc(Br)cc1 c1ccc(C(C)=O)cc1
""".split()  # noqa: SIM905 - SMILES are easier to read without quotes


def bromides(*chains):
    return {f"b{n}": "C" * n + "Br" for n in chains}


@pytest.fixture(scope="module")
def study():
    return study_of_any()


@pytest.fixture(scope="module")
def styles(study):
    return styles_of(entries_of(study))


@pytest.fixture(scope="module")
def document(study, styles):
    return molecule_document(study, ground_of(study, "rings", 2), styles)


@pytest.fixture(scope="module")
def many():
    """Return a study of thirty families with four chain lengths each."""
    chains = {n: {f"{group}{n}": "C" * n + group for group in GROUPS} for n in (1, 2, 3, 4)}
    return study_of_any(chains[1] | chains[2], chains[3] | chains[4])


def test_a_series_has_a_map_and_one_molecule_of_none_takes_it_away():
    series = study_of_any(bromides(1, 2, 3), bromides(7, 8))
    assert ground_of(series, "rings", 2).has_map
    ground = ground_of(study_of_any(bromides(1, 2), {"benzene": "c1ccccc1"}), "rings", 2)
    assert (ground.has_map, ground.others) == (False, {"benzene": "ood"})


def test_a_map_that_would_be_nearly_empty_gives_way():
    alone = {"a": "CBr", "b": "CCCCCOC", "c": "CCCCCC(C)=O"}
    ground = ground_of(study_of_any(alone, {"d": "CCCCCCCI"}), "rings", 2)
    assert (ground.has_map, ground.others) == (False, {})


def test_each_part_is_sorted_by_error_and_scale_rows_are_in_the_table_alone(document):
    assert [panel["title"] for panel in document["panels"]] == [
        "Unseen molecules (OOD)",
        "Training molecules (ID)",
    ]
    unseen, trained = (panel["figure"] for panel in document["panels"])
    assert unseen["layout"]["yaxis"]["ticktext"] == ["benzene", "1-2-diol", "naphthol"]
    assert trained["layout"]["yaxis"]["ticktext"] == [
        "*C(=O)[O-]-1-H",
        "a-molecule-with-quite…",
        "ibuprofen",
        "caffeine",
        "aspirin",
    ]
    assert [(trace["name"], trace["x"]) for trace in unseen["data"]] == [
        ("net", [300.0, 200.0, 100.0]),
        ("additive", [600.0, 400.0, 200.0]),
    ]
    assert unseen["layout"]["xaxis"] == trained["layout"]["xaxis"]
    assert unseen["data"][0]["text"][0] == (
        "benzene<br>c1ccccc1<br>net, OOD: 300<br>6 heavy atoms, 3 novel atoms"
    )
    assert document["columns"] == ["net", "additive", "composition"]
    assert document["rows"][1] == {
        "molecule": "1-2-diol",
        "part": "OOD",
        "heavy": "8",
        "novel": "3",
        "errors": ["200", "400", "1,600"],
    }
    assert document["panels"][0]["caption"].startswith("net: 100 to 300 meV/Å (largest: benzene)")


def test_a_figure_has_the_worst_of_many_molecules_and_the_table_all():
    trained = {f"t{k}": "C1CC1" + "C(C)" * k + "C" for k in range(SHOWN + 5)}
    study = study_of_any(trained)
    found = molecule_document(study, ground_of(study, "rings", 2), styles_of(entries_of(study)))
    panel = found["panels"][1]
    assert len(panel["figure"]["data"][0]["x"]) == SHOWN
    assert min(panel["figure"]["data"][0]["x"]) == 10.0 * 6
    assert panel["caption"].startswith(f"The {SHOWN} with the largest errors of {SHOWN + 5}. ")
    assert sum(row["part"] == "ID" for row in found["rows"]) == SHOWN + 5


def test_the_error_stands_against_heavy_atoms_in_place_of_the_chain(study, styles):
    (panel,) = curve_document(study, 2, styles)["panels"]
    assert panel["against"] == "number of heavy atoms"
    of_net = {t["name"]: (t["x"], t["y"]) for t in panel["figure"]["data"] if "net" in t["name"]}
    assert of_net["net, OOD"] == ([6, 8, 11], [300.0, 200.0, 100.0])
    assert of_net["net, ID"][0] == [4, 10, 13, 14, 15]
    assert "net ID 10.0 to 50.0, OOD 100 to 300" in panel["caption"]


def test_a_potential_that_failed_on_unseen_molecules_is_drawn_where_it_has_errors(study, styles):
    def failed(score):
        molecules = tuple(
            m.model_copy(update={"values": {}}) if m.part == "ood" else m for m in score.molecules
        )
        return score.model_copy(update={"molecules": molecules})

    scores = tuple(failed(s) if s.potential == "net" else s for s in study.scores)
    lost = study.model_copy(update={"scores": scores})
    unseen = molecule_document(lost, ground_of(lost, "rings", 2), styles)["panels"][0]
    assert "net" not in unseen["caption"]
    (panel,) = curve_document(lost, 2, styles)["panels"]
    assert not [t for t in panel["figure"]["data"] if t["name"] == "net, OOD"]
    assert [t for t in panel["figure"]["data"] if t["name"] == "net, ID"]


def test_the_axis_of_heavy_atoms_reaches_over_the_whole_range(styles):
    study = study_of_any(unseen={"a": "C1CCC1C", "b": "C1CCCC1", "c": "CC1CCC1"})
    document = curve_document(study, 2, styles)
    low, high = document["axes"]["hide"]["range"]
    assert 10**low < 10.0
    assert 10**high > 600.0


def test_without_a_gallery_nobody_knows_heavy_atoms(styles):
    bare = study_of_any(gallery=False)
    assert curve_document(bare, 2, styles)["panels"] == []
    page = render_report(bare)
    assert 'id="curves"' not in page
    assert {row["heavy"] for row in island(page)["by_molecule"]["2"]["rings"]["rows"]} == {"–"}


def test_the_page_speaks_of_molecules_and_not_of_a_map(study):
    page = whole(render_report(study))
    assert "Molecule by molecule: where does it fail" in page
    assert "Error against the number of heavy atoms" in page
    assert "The map: where does it fail" not in page
    assert "Error against chain length" not in page
    assert "chain lengths trained on" not in page
    assert '<a href="#molecule=1-2-diol">1-2-diol</a>' in page
    assert '<a href="#molecule=%2AC%28%3DO%29%5BO-%5D-1-H">*C(=O)[O-]-1-H</a>' in page
    assert "Train on some molecules, test on others. The ID test has other conformers" in page
    assert "Any connected graph of atoms and bonds." in page
    assert island(page)["maps"] == {"2": {}}


def test_plates_are_of_molecules_and_heavy_atoms(study):
    names = {plate.name for plate in plates(study)}
    assert {"molecules_rings_L2", "error-against-size_rings_L2"} <= names
    assert not any(name.startswith(("map", "error-against-n")) for name in names)


def test_many_families_stand_on_the_map_with_names_that_are_not_cut(many):
    styles = styles_of(entries_of(many))
    (panel,) = map_document(many, "rings", 2, tuple(styles))["panels"]
    assert len(panel["rows"]) >= 30
    layout = panel["figure"]["layout"]
    longest = max(layout["yaxis"]["ticktext"], key=len)
    assert layout["margin"]["l"] >= 7 * len(longest) == 7 * 21
    assert "bromide Br" in layout["yaxis"]["ticktext"]
    assert "methyl ester COOCH₃" in panel["rows"]
    (view,) = attribution_views(many, styles)
    attributed = view.figure["figure"]["layout"]
    assert attributed["xaxis"]["tickangle"] == -90
    assert attributed["margin"]["b"] > 46 + 6 * 17
    assert attributed["height"] - attributed["margin"]["b"] == 300 - 46


@pytest.mark.parametrize(
    ("group", "short", "long"),
    [
        ("NH2", "NH₂", "amine NH₂"),
        ("*Br", "Br", "bromide Br"),
        ("*C1CC1", "*C1CC1", "*C1CC1"),
        ("other", "other", "in no series"),
    ],
)
def test_groups_have_the_names_that_chemists_give_them(group, short, long):
    assert (formula(group), family_label(group)) == (short, long)


def test_groups_come_in_one_order():
    groups = ["other", "*c1ccccc1", "*C1CC1", "*Br", "CN", "H", "*B(O)O"]
    ordered = ["H", "CN", "*Br", "*c1ccccc1", "*B(O)O", "*C1CC1", "other"]
    assert sorted(groups, key=group_order) == ordered


def test_a_long_text_is_cut_visibly():
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"


@pytest.mark.parametrize(
    ("name", "about"),
    [
        ("OH-4-H", "alcohol OH, n = 4"),
        ("*Br-2-*OC", "bromide Br and methyl ether OCH₃, n = 2"),
        ("*C(=O)[O-]-1-H", "carboxylate COO⁻, n = 1"),
        ("*[NH3+]-1-*C(=O)[O-]", "ammonium NH₃⁺ and carboxylate COO⁻, n = 1"),
        ("1-2-diol", ""),
        ("a-4-b", ""),
        ("benzene", ""),
    ],
)
def test_only_a_molecule_of_a_series_is_made_of_parts(name, about):
    assert _about(name) == about


def test_the_words_of_the_benchmark_stay_where_all_molecules_are_its_own():
    own, other = glossary_of(["OH-4-H", "OH-2-CN"]), glossary_of(["OH-4-H", "*Br-4-H"])
    assert own["molecule"].startswith("X-(CH2)n-Y: two end groups")
    assert other["molecule"].startswith("Any connected graph")


def test_what_id_means_is_another_thing_where_molecules_have_one_trajectory(study):
    cut = "where they are from the one that was trained on"
    assert cut in whole(render_report(study))
    assert cut not in whole(render_report(study_of_any(task=TASK | {"frames": "secondary"})))


@pytest.mark.parametrize(
    ("changes", "summary"),
    [
        ({"summary": "Is it so?", "frames": "secondary"}, "Is it so?"),
        (
            {"summary": "", "frames": "blocks"},
            "Training and unseen molecules are chosen by conditions of a task file. "
            "The ID test is the end of the trajectory whose start was trained on.",
        ),
        (
            {"summary": "", "rule": "length", "frames": "secondary"},
            "The rule of length, on families of its own.",
        ),
    ],
)
def test_a_task_of_ones_own_says_what_it_asks(changes, summary):
    assert task_summary(study_of_any(task=TASK | changes), "rings") == summary


def test_a_built_in_task_says_what_it_always_said(study):
    assert task_summary(study, "recombination").startswith("Trained on molecules with one end")


def test_radii_out_to_which_atoms_were_seen_are_in_words_and_in_order():
    assert _ordered("seen_radius", ["2", "0", "10", "-1"]) == ["-1", "0", "2", "10"]
    assert [_name("seen_radius", group) for group in ("-1", "0", "1", "2")] == [
        "not even its element",
        "its element alone",
        "1 bond",
        "2 bonds",
    ]
