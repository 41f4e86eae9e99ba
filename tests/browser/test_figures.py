"""Figures of one open page are saved; that does not change what it shows."""

import itertools
import struct
from xml.etree import ElementTree

import pytest

from mlip_compose.report.plate_document import plate_document
from mlip_compose.report.plates import Pane, Plate

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def figures(browser, page):
    with browser.opening(page):
        yield browser


def save(browser, plot, kind):
    """Save a figure with the button below it, and return name and content of the file."""
    browser.bring(plot)
    browser.until("return document.querySelector(arguments[0] + ' .main-svg')", plot)
    browser.click(f"{plot} + .saves [data-save={kind}]")
    return browser.downloaded()


@pytest.mark.parametrize(
    ("plot", "start", "words"),
    [
        ("#gap-plot", "four-by-eight_leaderboard", {"wide", "additive", "length"}),
        (
            "[data-map=left] .plot",
            "four-by-eight_map_wide-on-length-level-2",
            {"alkane H", "chain length n"},
        ),
        ("[data-parity=left] .plot", "four-by-eight_parity_wide-on-length-level-2", {"pairs"}),
    ],
    ids=["gaps", "map", "parity"],
)
def test_a_figure_is_saved_as_svg(figures, plot, start, words):
    name, content = save(figures, plot, "svg")
    root = ElementTree.fromstring(content)
    texts = {"".join(text.itertext()) for text in root.iter(f"{SVG}text")}
    assert name.startswith(start)
    assert name.endswith(".svg")
    assert words - texts == set()


def test_a_figure_is_saved_as_png_fit_for_print(figures):
    name, content = save(figures, "#gap-plot", "png")
    width, _ = struct.unpack(">II", content[16:24])
    shown = figures.run("return document.getElementById('gap-plot').clientWidth")
    assert name.endswith(".png")
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert width == 3 * shown


def test_what_is_saved_of_a_dark_page_is_for_paper(figures):
    figures.choose("#theme-choice", "dark")
    _, content = save(figures, "#gap-plot", "svg")
    figures.choose("#theme-choice", "as the system")
    background = ElementTree.fromstring(content).find(f"{SVG}rect")
    assert "rgb(255, 255, 255)" in background.get("style")


@pytest.mark.parametrize(
    "plot", ["#gap-plot", "[data-map=left] .plot", "#curves .panelgrid:not([hidden]) .plot"]
)
def test_figures_on_paper_have_the_colours_that_the_page_has_there(figures, plot):
    """What ``report --figures`` draws is coloured by Python, and the page by its script."""
    figures.bring(plot)
    shown = figures.until("return document.querySelector(arguments[0]).layout", plot)
    plate = Plate("toy", (Pane("", {"data": [], "layout": shown}),))
    printed = plate_document(plate)["layout"]
    for axis, part in itertools.product(("xaxis", "yaxis"), ("color", "gridcolor", "linecolor")):
        assert printed[axis][part] == shown[axis][part]
    assert len(printed["shapes"]) > 0
    for drawn, given in zip(printed["shapes"], shown["shapes"], strict=True):
        assert drawn.get("fillcolor") == given.get("fillcolor")
        assert drawn["line"] == given["line"]
    assert printed["paper_bgcolor"] == shown["paper_bgcolor"]
    for part in ("color", "size"):
        assert printed["font"][part] == shown["font"][part]
