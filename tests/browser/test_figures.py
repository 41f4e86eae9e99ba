"""Figures of one open page are saved; that does not change what it shows."""

import struct
from xml.etree import ElementTree

import pytest

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
