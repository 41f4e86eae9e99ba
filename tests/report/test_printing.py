import re
import sys

import numpy as np
import pytest

from mlip_compose.core.errors import MissingExtraError
from mlip_compose.core.records import Comparison
from mlip_compose.evaluation.parity import parities
from mlip_compose.molecules.assembly import assemble, parse_name
from mlip_compose.report.plates import Pane, Plate, plates
from mlip_compose.report.printing import SETTINGS, draw_plate, write_figures

mpl = pytest.importorskip("matplotlib")

HOSTILE = r"$\frac{ <script>alert(1)</script>"


@pytest.fixture(scope="module")
def small(make_results):
    """Return two potentials on one task, one of them with a name that is markup in three ways."""
    results = make_results(potentials=("additive", "mace-small"), failed=())
    rng = np.random.default_rng(0)
    molecule = assemble(parse_name("H-2-H"))
    forces, energy = rng.normal(0.0, 1.0, (9, 8, 3)), rng.normal(0.0, 0.2, 9)
    parity = parities(
        [Comparison(molecule, "id", energy, energy, forces, forces, np.zeros(8, dtype=bool))]
    )

    def named(part):
        renamed = {} if part.potential == "additive" else {"potential": HOSTILE}
        return part.model_copy(update=renamed)

    return results.model_copy(
        update={
            "units": tuple(named(unit) for unit in results.units if unit.task == "length"),
            "scores": tuple(
                named(score).model_copy(update={"parity": parity})
                for score in results.scores
                if score.task == "length"
            ),
            "certificates": (),
        }
    )


@pytest.fixture(scope="module")
def written(small, tmp_path_factory):
    return list(write_figures(small, tmp_path_factory.mktemp("figures") / "new"))


@pytest.fixture
def drawn():
    def draw(plate):
        with mpl.rc_context(SETTINGS):
            return draw_plate(plate)

    return draw


def test_every_figure_is_there_as_pdf_and_svg(written):
    names = ["leaderboard_L2", "map_length_L2", "error-against-n_length_L2", "cost_length_L2"]
    names.append("parity_length_L2")
    assert [path.name for path in written] == [f"{n}.{e}" for n in names for e in ("pdf", "svg")]
    for path in written:
        start = b"%PDF" if path.suffix == ".pdf" else b"<?xml"
        assert path.read_bytes().startswith(start)


def test_the_same_results_give_the_same_bytes(small, written, tmp_path):
    for before, path in zip(written[:2], write_figures(small, tmp_path), strict=False):
        assert path.read_bytes() == before.read_bytes()
    for path in written:
        assert not re.search(rb"CreationDate|<dc:date>", path.read_bytes())


def test_letters_are_text_in_an_embedded_font_or_outlines(written):
    assert b"/FontFile2" in written[0].read_bytes()
    assert b"<text" not in written[1].read_bytes()


def test_figures_stay_light(written):
    assert max(path.stat().st_size for path in written) < 600_000


def test_marks_stand_where_the_document_has_them(small, drawn):
    plate = next(plates(small))
    (axes,) = drawn(plate).axes
    dots = {tuple(np.ravel(line.get_xydata())) for line in axes.lines}
    for trace in plate.panes[0].figure["data"]:
        assert (trace["x"][0], trace["y"][0]) in dots
    assert axes.get_xscale() == "log"
    assert [text.get_text() for text in axes.get_yticklabels()] == ["length"]


def test_names_are_shown_as_they_are_written(small, drawn):
    legend = drawn(next(plates(small))).legends[0]
    assert HOSTILE in [text.get_text() for text in legend.get_texts()]


def test_cells_have_their_number_on_a_shared_scale(small, drawn):
    plate = next(plate for plate in plates(small) if plate.name == "map_length_L2")
    canvas = drawn(plate)
    first, second, bar = canvas.axes
    texts = [text.get_text() for text in first.texts]
    shown = [text for row in plate.panes[0].figure["data"][0]["text"] for text in row if text]
    assert texts == shown
    assert first.collections[0].get_clim() == second.collections[0].get_clim()
    assert bar.get_xlabel() == "force MAE, meV/Å"
    ticks = [text.get_text() for text in bar.get_xticklabels()]
    assert ticks == plate.panes[0].figure["data"][0]["ticktext"]


def test_counts_are_drawn_with_the_reference_along_x(small, drawn):
    plate = next(plate for plate in plates(small) if plate.name == "parity_length_L2")
    image = drawn(plate).axes[0].images[0].get_array()
    assert image.shape == (48, 48)
    assert np.ma.count(image) == np.ma.count(np.ma.diagonal(image)) > 10


def test_places_without_a_value_are_not_joined(drawn):
    trace = {
        "type": "scatter",
        "mode": "lines",
        "x": [0, None, 1],
        "y": [1.0, None, 2.0],
        "line": {"color": "#000000", "width": 1},
    }
    axis = {"title": {"text": "a &lt; b"}, "range": [0, 3]}
    figure = {"data": [trace], "layout": {"height": 300, "xaxis": axis, "yaxis": axis}}
    (axes,) = drawn(Plate("toy", (Pane("", figure),))).axes
    assert np.isnan(axes.lines[0].get_ydata()[1])
    assert axes.get_xlabel() == "a < b"


def test_without_matplotlib_the_extra_is_named(small, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"mlip-compose\[figures\]"):
        next(write_figures(small, tmp_path))
