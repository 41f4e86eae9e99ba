import json
import math

import pytest

from mlip_compose.report.figures.style import MARKS, log_axis, plain, styles_of
from mlip_compose.report.sections.curves import curve_document
from mlip_compose.report.sections.gaps import gap_caption, gap_figure
from mlip_compose.report.sections.leaderboard import build_board, entries_of, metrics_of
from mlip_compose.report.sections.map_cells import Place, ground_of, place_of
from mlip_compose.report.sections.maps import map_document

TASKS = ("length", "crossing", "transfer", "recombination")


@pytest.fixture(scope="module")
def entries(results):
    return entries_of(results)


@pytest.fixture(scope="module")
def styles(entries):
    return styles_of(entries)


@pytest.fixture(scope="module")
def curves(results, styles):
    return curve_document(results, 2, styles)


def plotly_accepts(figure):
    """Return whether Plotly knows every attribute of a figure, and JSON every value."""
    from plotly.graph_objects import Figure

    json.dumps(figure, allow_nan=False)
    Figure(figure)
    return True


def mace(results):
    return next(s for s in results.scores if (s.task, s.potential) == ("length", "mace-small"))


@pytest.mark.parametrize("name", ["OH-4", "a-b-c", "OH--H", "OH-4-H-H", "", "<script>"])
def test_names_of_another_kind_have_no_place(name):
    assert place_of(name) is None


def test_a_name_spells_its_place():
    assert place_of("CONH2-12-H") == Place("CONH2", 12, "H")


def test_the_ground_is_known_without_scores(results):
    ground = ground_of(results.model_copy(update={"scores": ()}), "transfer", 2)
    assert ground.parts[Place("OH", 9, "H")] == "ood"
    assert ground.parts[Place("F", 9, "H")] == "id"
    assert list(ground.parts.values()).count("ood") == 18


def test_gap_dots_are_the_gaps_of_the_scores(results, styles):
    board = build_board(results, metrics_of(results)[0], 2)
    figure = gap_figure(board, styles)
    assert plotly_accepts(figure)
    first = figure["data"][0]
    assert first["x"] == pytest.approx([1.9, 1.35, 2.3], abs=1e-3)  # transfer failed
    assert first["error_x"]["array"][0] == pytest.approx(0.19, abs=1e-3)
    assert first["error_x"]["arrayminus"][0] == pytest.approx(0.19, abs=1e-3)
    assert "mace-small: length 1.90 (1.71 to 2.09)" in gap_caption(board)


def test_map_cells_are_the_errors_of_the_molecules(results, entries):
    document = map_document(results, "length", 2, entries)
    (panel,), values = document["panels"], document["values"]["mace-small"]["error"][0]
    assert panel["figure"]["layout"]["yaxis"]["ticktext"][2] == "amine NH₂"
    wanted = {m.molecule: m.values["forces_mae"] for m in mace(results).molecules}
    assert 10 ** values["z"][2][0] == pytest.approx(wanted["NH2-1-H"], rel=2e-3)
    assert values["text"][2][0] == f"{wanted['NH2-1-H']:.0f}"
    assert panel["figure"]["data"][0]["customdata"][2][11] == "NH2-12-H, unseen (OOD)"


def test_cells_that_a_task_does_not_use_are_blank(results, entries):
    z = map_document(results, "length", 2, entries)["values"]["additive"]["error"][0]["z"]
    assert [row[4:6] for row in z] == [[None, None]] * 10  # n = 5, 6
    assert z[0][0] is None  # methane


def test_the_outline_encloses_the_training_cells(results, entries):
    document = map_document(results, "length", 2, entries)
    shapes = document["panels"][0]["figure"]["layout"]["shapes"]
    assert [shape["name"] for shape in shapes] == ["outline-under", "outline"]
    path = shapes[1]["path"]
    assert path.count("M") == 2 * 10 + 2 * 4  # the border of 10 x 4 cells, less one corner
    assert "M3.5,8.5L3.5,9.5" in path
    assert "4.5" not in {step.split(",")[0] for step in path[1:].split("M")}


def test_the_ratio_is_to_the_id_error(results, entries):
    values = map_document(results, "length", 2, entries)["values"]["mace-small"]
    error, ratio = (10 ** values[q][0]["z"][1][0] for q in ("error", "ratio"))
    assert error / ratio == pytest.approx(35.0, rel=3e-3)


def test_one_colour_scale_spans_all_but_the_scale_rows(results, entries):
    scale = map_document(results, "length", 2, entries)["scales"]["error"]
    values = [
        m.values["forces_mae"]
        for s in results.scores
        if s.task == "length" and s.role != "scale"
        for m in s.molecules
    ]
    assert 10 ** scale["zmin"] == pytest.approx(min(values), rel=1e-3)
    assert 10 ** scale["zmax"] == pytest.approx(max(values), rel=1e-3)
    assert len(scale["tickvals"]) == len(scale["ticktext"]) >= 3


def test_recombination_has_a_matrix_of_end_groups_beside_the_training_map(results, entries):
    document = map_document(results, "recombination", 2, entries)
    mono, matrix = document["panels"]
    assert mono["title"].startswith("One end group")
    assert matrix["title"] == "Two end groups, X-(CH₂)4-Y"
    assert matrix["figure"]["layout"]["shapes"] == []
    filled = [z is not None for row in document["values"]["additive"]["error"][1]["z"] for z in row]
    assert (len(filled), sum(filled)) == (81, 45)


def test_a_failed_potential_has_an_empty_map_that_says_why(results, entries):
    document = map_document(results, "transfer", 2, entries)
    assert "failed" in document["captions"]["mace-small"]
    assert "NaN at step 312" in document["captions"]["mace-small"]
    z = document["values"]["mace-small"]["error"][0]["z"]
    assert all(value is None for row in z for value in row)


@pytest.mark.parametrize("task", TASKS)
def test_plotly_accepts_every_map(results, entries, task):
    document = map_document(results, task, 2, entries)
    for label in ("mace-small", "additive", "composition"):
        for i, panel in enumerate(document["panels"]):
            values = document["values"][label]["ratio"][i]
            figure = {
                "data": [panel["figure"]["data"][0] | values],
                "layout": panel["figure"]["layout"],
            }
            assert plotly_accepts(figure)


def test_families_share_a_panel_where_they_share_a_training_region(curves):
    assert [(panel["task"], panel["families"]) for panel in curves["panels"]] == [
        ("length", "all families"),
        ("crossing", "H, OH, SH, CHO, CONH₂"),
        ("crossing", "NH₂, F, Cl, COOH, CN"),
        ("transfer", "H, NH₂, SH, F, Cl, CHO, CONH₂"),
        ("transfer", "OH, COOH, CN"),
        ("recombination", "all families, and molecules with two end groups"),
    ]


def test_the_training_region_is_shaded(curves):
    shaded = [
        [(shape["x0"], shape["x1"]) for shape in panel["figure"]["layout"]["shapes"]]
        for panel in curves["panels"]
    ]
    assert shaded == [
        [(0.5, 4.5)],
        [(0.5, 6.5)],
        [(6.5, 12.5)],
        [(0.5, 12.5)],
        [(0.5, 4.5)],
        [(0.5, 12.5)],
    ]


def test_curves_are_means_over_families_with_id_and_ood_marked(results, curves):
    figure = curves["panels"][0]["figure"]
    assert plotly_accepts(figure)
    trace = next(t for t in figure["data"] if t["name"] == "mace-small" and not t["meta"]["single"])
    assert trace["x"] == [1, 2, 3, 4, 7, 8, 9, 10, 11, 12]
    assert trace["marker"]["symbol"] == ["circle"] * 4 + ["circle-open"] * 6
    at_seven = [m.values["forces_mae"] for m in mace(results).molecules if m.chain == 7]
    assert len(at_seven) == 10
    assert trace["y"][4] == pytest.approx(sum(at_seven) / 10, rel=1e-3)


def test_single_families_are_drawn_but_hidden(curves):
    single = [t for t in curves["panels"][0]["figure"]["data"] if t["meta"]["single"]]
    assert len(single) == 3 * 10
    assert not any(trace["visible"] for trace in single)


def test_two_end_groups_are_one_point_with_their_range(curves):
    figure = curves["panels"][-1]["figure"]
    assert plotly_accepts(figure)
    (point,) = [t for t in figure["data"] if t["name"] == "additive" and "error_y" in t]
    assert point["x"][0] > 12.5  # apart from the curves
    assert "over 45 molecules" in point["text"][0]
    assert point["marker"]["symbol"] == ["diamond-open"]


def test_the_error_axis_leaves_the_scale_rows_out_until_asked(curves):
    hidden, shown = (10 ** curves["axes"][key]["range"][1] for key in ("hide", "show"))
    assert hidden < 200 < 800 < shown


def test_missing_values_leave_no_trace_in_the_figures(results, styles):
    bad = mace(results)
    molecules = [
        m.model_copy(update={"values": {"forces_mae": math.nan if m.chain == 9 else math.inf}})
        for m in bad.molecules
    ]
    broken = results.model_copy(
        update={"scores": (bad.model_copy(update={"molecules": tuple(molecules)}),)}
    )
    entry = next(iter(styles))
    for panel in curve_document(broken, 2, styles)["panels"]:
        assert plotly_accepts(panel["figure"])
    document = map_document(broken, "length", 2, (entry,))
    json.dumps(document, allow_nan=False)
    assert document["values"]["mace-small"]["error"][0]["z"][3] == [None] * 12


def test_every_style_can_be_told_apart_and_drawn_in_the_legend(make_results):
    names = ("composition", "additive", "mace-small", "p1", "p2", "p3", "p4", "p5")
    styles = styles_of(entries_of(make_results(potentials=names)))
    assert len({(s.colour, s.symbol) for s in styles.values()}) == len(names)
    for style in styles.values():
        assert style.mark == MARKS[style.symbol]
        assert style.dash_array


def test_plotly_text_is_shown_as_written():
    assert plain("<script>a & b</script>") == "&lt;script&gt;a &amp; b&lt;/script&gt;"


@pytest.mark.parametrize(
    "values", [[30.0, 90.0], [880.0, 881.0], [0.01, 1000.0], [1e-9, 1.0], [], [0.0, -1.0, math.nan]]
)
def test_log_axes_have_ticks_within_their_range(values):
    axis = log_axis(values)
    low, high = axis["range"]
    positive = [v for v in values if v > 0]
    assert all(low <= math.log10(v) <= high for v in positive)
    assert all(low <= math.log10(tick) <= high for tick in axis["tickvals"])
    assert len(axis["tickvals"]) <= 14


def test_map_cells_know_their_molecule_and_whether_it_was_trained_on(results, entries):
    (panel,) = map_document(results, "length", 2, entries)["panels"]
    assert panel["molecules"][2][11] == "NH2-12-H"
    assert panel["molecules"][0][0] is None  # methane is no member of the series
    assert (panel["trained"][2][0], panel["trained"][2][11]) == (True, False)
    assert (panel["rows"][2], panel["columns"][11]) == ("amine NH₂", "12")


def test_molecules_with_two_end_groups_are_end_group_by_end_group(results, entries):
    panels = map_document(results, "recombination", 2, entries)["panels"]
    assert [panel["title"] for panel in panels] == [
        "One end group, X-(CH₂)n-H",
        "Two end groups, X-(CH₂)4-Y",
    ]
    assert panels[1]["rows"] == panels[1]["columns"]
    assert panels[1]["molecules"][0][1] == "OH-4-NH2"
