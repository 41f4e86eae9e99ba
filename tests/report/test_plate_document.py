import itertools

import numpy as np
import pytest
from plotly.graph_objects import Figure

from mlip_compose.core.records import Comparison
from mlip_compose.evaluation.parity import parities
from mlip_compose.molecules.assembly import assemble
from mlip_compose.molecules.series import parse_name
from mlip_compose.report.figures.style import VIRIDIS, Style, band, bars, rule
from mlip_compose.report.plate_document import PIXELS, paper_colours, plate_document
from mlip_compose.report.plates import COLUMN, PAGE, Pane, Plate, plates

STYLE = Style("#2f86c9", "square", "dash")


@pytest.fixture(scope="module")
def named(results):
    """Return every plate of the study and its document, by name; one potential has histograms."""
    rng = np.random.default_rng(0)
    molecule = assemble(parse_name("H-2-H"))
    forces, energy = rng.normal(0.0, 1.0, (9, 8, 3)), rng.normal(0.0, 0.2, 9)
    parity = parities(
        [Comparison(molecule, "id", energy, energy, forces, forces, np.zeros(8, dtype=bool))]
    )
    scores = tuple(
        score.model_copy(update={"parity": parity})
        if (score.task, score.potential) == ("length", "additive")
        else score
        for score in results.scores
    )
    changed = results.model_copy(update={"scores": scores})
    return {plate.name: (plate, plate_document(plate)) for plate in plates(changed)}


def toy(title="", columns=1, count=1, **layout):
    """Return a plate of panels with two points and a line."""
    axes = {"xaxis": {"range": [0, 3]}, "yaxis": {"range": [0, 3]}}
    figure = {
        "data": [{"type": "scatter", "mode": "markers", "x": [1, 2], "y": [1, 2]}],
        "layout": {"height": 260, "margin": {"l": 60, "r": 10, "t": 8, "b": 46}} | axes | layout,
    }
    return Plate("toy", (Pane(title, figure),) * count, columns)


def test_plotly_accepts_every_plate(named):
    for _, document in named.values():
        Figure(document)
    assert {name.split("_")[0] for name in named} == {
        "leaderboard", "map", "error-against-n", "cost", "parity",
    }  # fmt: skip


def test_traces_of_the_page_are_drawn_as_they_are(named):
    plate, document = named["error-against-n_crossing_L2"]
    of_page = [trace for pane in plate.panes for trace in pane.figure["data"]]
    drawn = [trace for trace in document["data"] if "xaxis" in trace]
    for given, trace in zip(of_page, drawn, strict=True):
        for key in ("x", "y", "line", "marker", "mode", "name"):
            assert trace[key] == given[key]
    assert {trace["xaxis"] for trace in drawn} == {"x", "x2"}


def test_hidden_traces_are_left_out():
    plate = toy()
    plate.panes[0].figure["data"][0]["visible"] = False
    assert plate_document(plate)["data"] == []


def test_panels_stand_beside_each_other_on_the_paper(named):
    for plate, document in named.values():
        layout = document["layout"]
        assert layout["width"] == round(PIXELS * (COLUMN if plate.columns == 1 else PAGE))
        numbers = [str(i + 1) if i else "" for i in range(len(plate.panes))]
        boxes = [(layout[f"xaxis{n}"]["domain"], layout[f"yaxis{n}"]["domain"]) for n in numbers]
        for x, y in boxes:
            assert 0 < x[0] < x[1] < 1
            assert 0 < y[0] < y[1] < 1
        for (ax, ay), (bx, by) in itertools.combinations(boxes, 2):
            assert ax[1] < bx[0] or bx[1] < ax[0] or ay[1] < by[0] or by[1] < ay[0]


def test_panels_are_as_high_as_on_the_page_and_titles_above_them():
    height = {lines: plate_document(toy("a\nb"[:lines]))["layout"]["height"] for lines in (0, 1, 3)}
    assert height[0] == 260
    assert height[3] - height[1] == height[1] - height[0] > 12
    (title,) = plate_document(toy("<b>\nb"))["layout"]["annotations"]
    assert title["text"] == "&lt;b&gt;<br>b"


def test_shapes_belong_to_their_panel_in_the_colours_of_paper():
    shapes = [band(1, 2, "training"), rule(1.0, [0, 3])]
    first, second, third, fourth = plate_document(toy(columns=2, count=2, shapes=shapes))["layout"][
        "shapes"
    ]
    assert (first["xref"], first["yref"]) == ("x", "y domain")
    assert (third["xref"], third["yref"]) == ("x2", "y2 domain")
    assert (fourth["xref"], fourth["yref"]) == ("x2", "y2")
    assert first["fillcolor"] == paper_colours()["training"]
    assert second["line"] == {"width": 1.5, "dash": "solid", "color": paper_colours()["soft"]}


def test_names_beside_points_stay_with_their_points(named):
    plate, document = named["cost_length_L2"]
    given = [note for pane in plate.panes for note in pane.figure["layout"]["annotations"]]
    for note, drawn in zip(given, document["layout"]["annotations"], strict=True):
        assert drawn.items() >= note.items()
    assert {drawn["xref"] for drawn in document["layout"]["annotations"]} == {"x", "x2"}


def test_cells_of_a_map_are_bars_with_their_number_on_a_shared_scale(named):
    plate, document = named["map_length_L2"]
    heats = [pane.figure["data"][0] for pane in plate.panes]
    for heat, bar in zip(heats, document["data"], strict=True):
        given = {
            (x, y): (z, text)
            for y, (row, texts) in enumerate(zip(heat["z"], heat["text"], strict=True))
            for x, (z, text) in enumerate(zip(row, texts, strict=True))
            if z is not None
        }
        middles = np.array(bar["base"]) + np.array(bar["y"]) / 2
        at = zip(bar["x"], np.round(middles).astype(int).tolist(), strict=True)
        drawn = zip(bar["marker"]["color"], bar["text"], strict=True)
        assert dict(zip(at, drawn, strict=True)) == given
    axis = document["layout"]["coloraxis"]
    assert axis["cmin"] == min(heat["zmin"] for heat in heats)
    assert axis["cmax"] == max(heat["zmax"] for heat in heats)
    assert axis["colorbar"]["ticktext"] == heats[0]["ticktext"]
    assert axis["colorbar"]["title"]["text"] == "force MAE, meV/Å"


def test_numbers_in_cells_are_white_on_dark_and_black_on_light():
    heat = {"type": "heatmap", "z": [[0.0, 1.0]], "text": [["1", "10"]], "zmin": 0.0, "zmax": 1.0}
    plate = toy()
    plate.panes[0].figure["data"][0] = heat
    (bar,) = plate_document(Plate("map", plate.panes, scale="error"))["data"]
    assert bar["textfont"]["color"] == ["#ffffff", "#000000"]
    assert VIRIDIS[0] < VIRIDIS[-1]  # the scale goes from dark to light


def test_counts_are_drawn_with_the_reference_along_x(named):
    plate, document = named["parity_length_L2"]
    heat = document["data"][0]
    z = np.array(heat["z"], dtype=float)
    assert z.shape == (48, 48)
    assert np.count_nonzero(~np.isnan(z)) == np.count_nonzero(~np.isnan(z.diagonal())) > 10
    assert 10 ** np.nanmax(z) == pytest.approx(10 ** plate.panes[0].figure["data"][0]["zmax"], 0.01)
    assert document["layout"]["coloraxis"]["colorbar"]["ticktext"][:2] == ["1", "10"]


def test_the_legend_explains_potentials_and_marks(named):
    _, document = named["error-against-n_length_L2"]
    names = [trace["name"] for trace in document["data"] if trace["showlegend"]]
    assert names == ["mace-small", "additive", "ID", "OOD", "trained on"]
    assert named["cost_length_L2"][1]["layout"]["showlegend"] is False


def test_names_of_the_legend_have_room_beside_each_other():
    heights = []
    for letters in (5, 60):
        names = tuple((f"{i}".ljust(letters, "x"), STYLE) for i in range(6))
        layout = plate_document(Plate("toy", toy().panes, names=names))["layout"]
        columns = round(0.98 / layout["legend"]["entrywidth"])
        assert columns * letters * 6 < layout["width"]
        heights.append(layout["height"])
    assert heights[0] < heights[1]


def test_names_are_shown_as_they_are_written():
    plate = Plate("toy", toy().panes, names=(("<script>", STYLE),))
    assert plate_document(plate)["data"][-1]["name"] == "&lt;script&gt;"


def test_a_document_is_not_changed_by_being_put_on_a_plate():
    plate = toy("title", shapes=[rule(1.0, [0, 3])])
    plate.panes[0].figure["data"][0]["error_y"] = bars("#000000", [1.0], [1.0])
    before = repr(plate)
    plate_document(plate)
    assert repr(plate) == before
