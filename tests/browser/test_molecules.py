"""The section of molecules of one open page; each test chooses what it needs."""

import pytest
from selenium.webdriver.common.keys import Keys

PIXELS = "return document.querySelector('[data-viewer] canvas').toDataURL()"
COLOURS = """
    const copy = document.createElement("canvas");
    copy.width = copy.height = 60;
    const context = copy.getContext("2d");
    context.drawImage(document.querySelector("[data-viewer] canvas"), 0, 0, 60, 60);
    const { data } = context.getImageData(0, 0, 60, 60);
    const colours = new Set();
    for (let i = 0; i < data.length; i += 4) colours.add(data.slice(i, i + 4).join());
    return colours.size;
"""
COUNT_DRAWING = """
    window.drawn = 0;
    [WebGLRenderingContext, WebGL2RenderingContext].forEach(({ prototype }) => {
        const { drawElements } = prototype;
        prototype.drawElements = function count(...given) {
            window.drawn += 1;
            return drawElements.apply(this, given);
        };
    });
"""


@pytest.fixture(scope="module")
def molecules(browser, page):
    with browser.opening(page):
        browser.bring("#molecules")
        browser.until("return document.querySelector('[data-viewer] canvas')")
        yield browser


def test_a_molecule_is_drawn_in_two_and_in_three_dimensions(molecules):
    assert molecules.all("[data-molecule-drawing] svg path")
    assert molecules.one("[data-viewer] canvas").rect["width"] > 300
    assert molecules.run(COLOURS) > 20
    assert not molecules.one("[data-viewer-said]").is_displayed()


def test_buttons_and_arrow_keys_turn_it_with_webgl(molecules):
    molecules.run(COUNT_DRAWING)
    before = molecules.run(PIXELS)
    molecules.click("[data-turn=left]")
    turned = molecules.run(PIXELS)
    assert turned != before
    molecules.run("document.querySelector('[data-viewer]').focus()")
    molecules.press(Keys.ARROW_UP)
    assert molecules.run(PIXELS) not in (before, turned)
    assert molecules.run("return window.drawn") > 0


def test_a_frame_and_a_potential_are_chosen(molecules):
    def choose(selector, text):
        molecules.run("document.querySelector('[data-viewer-caption]').textContent = ''")
        molecules.choose(selector, text)
        molecules.until("return document.querySelector('[data-viewer-caption]').textContent")
        return molecules.texts("[data-molecule-errors] td:last-child")

    median = choose("[data-molecule-frame]", "with the median error")
    largest = choose("[data-molecule-frame]", "with the largest error")
    assert len(median) == len(largest) == 8
    assert float(median[0]) < float(largest[0])
    assert molecules.text("[data-viewer-caption]").startswith("wide: the largest error, ")
    choose("[data-molecule-potential]", "narrow")  # and not the first one
    assert molecules.text("[data-viewer-caption]").startswith("narrow: the largest error, ")
    assert molecules.text("[data-molecule-errors] tr.shown th") == "narrow"


def test_a_molecule_is_found_by_its_name_and_from_either_end(molecules):
    box = molecules.bring("[data-molecule-choice]")
    for asked, found in (("nh2-4-h", "NH2-4-H"), ("H-7-OH", "OH-7-H")):
        box.clear()
        box.send_keys(asked, Keys.ENTER)
        molecules.until_text("[data-molecule-name]", found)
    box.clear()
    box.send_keys("water", Keys.ENTER)
    molecules.until_text("[data-molecule-said]", "No molecule of this study is called water.")
