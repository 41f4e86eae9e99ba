"""The whole page, read from its start to its end on a laptop and, in the dark, on a phone."""

from pathlib import Path

import pytest
from headless import EMPTY, TOO_WIDE

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text("utf-8")
FOUND = """
    const [options, done] = arguments;
    const drawings = { exclude: [".main-svg"] }; // their text alternative is looked at
    const given = { ...options, resultTypes: ["violations"] };
    axe.run(drawings, given).then(({ violations }) => done(violations
        .filter(({ impact }) => ["serious", "critical"].includes(impact))
        .map(({ id, nodes }) => [id, nodes.length, nodes[0].html.slice(0, 200)])));
"""
COLOURS_ALONE = {"runOnly": ["color-contrast"]}


@pytest.fixture(scope="module", params=[(1440, False), (390, True)], ids=["laptop", "phone, dark"])
def read(request, browser, page):
    with browser.opening(page, *request.param):
        browser.read_through()
        browser.run("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        yield browser


def test_every_figure_is_drawn(read):
    assert read.run(EMPTY) == []
    assert len(read.all(".plot .main-svg")) > 20


def test_nothing_is_wider_than_the_screen(read):
    assert read.run(TOO_WIDE) == []


def test_axe_finds_nothing_serious(read):
    dark = read.run("return matchMedia('(prefers-color-scheme: dark)').matches")
    read.run(AXE)
    read.driver.set_script_timeout(120)
    given = COLOURS_ALONE if dark else {}  # the rest does not depend on them
    assert read.driver.execute_async_script(FOUND, given) == []
