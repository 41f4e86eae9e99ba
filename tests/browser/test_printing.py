"""The page on paper: printed once to PDF, and measured just before that."""

import base64
import re

import pytest

PAPER = 717  # px between the margins of A4
LOOK = """
    const shown = (part) => part.getClientRects().length > 0;
    const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
    const end = () => document.querySelector("main").getBoundingClientRect().right + 1;
    const look = () => ({
        contents: [...document.querySelectorAll("#contents a")].map((link) => link.hash.slice(1)),
        sections: all("main > section").map(({ id }) => id),
        words: all("main")[0].innerText.length,
        controls: all("button, select, input, nav").map(({ outerHTML }) => outerHTML.slice(0, 99)),
        plots: all(".plot").map((plot) => [
            (plot.getAttribute("aria-label") || "").slice(0, 60), plot.clientWidth,
            plot.querySelector(".main-svg")?.clientWidth,
            Boolean(plot.querySelector(".cartesianlayer .trace, .cartesianlayer .hm")),
        ]),
        wide: all("main *:not(.plot *)")
            .filter((part) => part.getBoundingClientRect().right > end())
            .map(({ outerHTML }) => outerHTML.slice(0, 120)),
        folded: all("details:not([open])").length,
        structures: all(".structures svg").length,
        settings: all(".settings dd").length,
        glossary: all(".words dd").length,
        leaderboard: all(".leaderboard.static tr.row").length,
        molecule: all("[data-molecule-drawing] svg path, [data-viewer] canvas").length,
        table: all("[data-molecule-errors] tbody tr").length,
        printed: document.querySelector("[data-printed]").textContent,
        theme: getComputedStyle(document.body).backgroundColor,
    });
    addEventListener("beforeprint", () => { window.onPaper = look(); });
"""


@pytest.fixture(scope="module")
def printed(browser, page):
    """Return the browser, what was on the page when it was printed, and the PDF."""
    with browser.opening(page, dark=True):
        browser.until("return document.querySelector('#molecules.filled')")
        browser.until("return document.querySelectorAll('.tabulator-row').length > 0")
        browser.choose("#map [data-state=level]", "1")
        browser.run(LOOK)
        pdf = browser.tell("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"]
        yield browser, browser.run("return window.onPaper"), base64.b64decode(pdf)


def test_every_section_is_there_and_no_control(printed):
    _, seen, pdf = printed
    assert seen["sections"] == seen["contents"]
    assert len(seen["sections"]) == 13
    assert seen["controls"] == []
    assert pdf.startswith(b"%PDF")
    assert 15 < len(re.findall(rb"/Type /Page\b", pdf)) < 60


def test_figures_are_drawn_as_wide_as_their_place(printed):
    _, seen, _ = printed
    assert len(seen["plots"]) > 25
    assert [plot for plot in seen["plots"] if not (plot[1] == plot[2] and plot[3])] == []
    assert min(width for _, width, *_ in seen["plots"]) > 300
    assert max(width for _, width, *_ in seen["plots"]) <= PAPER
    assert sum(plot[0].startswith("force component") for plot in seen["plots"]) == 4


def test_nothing_is_wider_than_the_paper(printed):
    assert printed[1]["wide"] == []


def test_what_is_folded_or_behind_a_choice_is_on_paper_or_said_to_be_left_out(printed):
    _, seen, _ = printed
    assert seen["folded"] == 0
    assert seen["structures"] > 10
    assert min(seen["settings"], seen["glossary"], seen["table"]) > 5
    assert seen["leaderboard"] == 8
    assert seen["molecule"] >= 2
    assert "level 1; task length; metric Force MAE, meV/Å" in seen["printed"]
    assert "folded away is left out" in seen["printed"]
    assert seen["theme"] == "rgb(255, 255, 255)"


def test_afterwards_the_page_is_as_before(printed):
    browser, *_ = printed
    browser.until("return document.querySelectorAll('.tabulator-row .tabulator-cell').length > 0")
    assert not browser.run("return document.documentElement.classList.contains('paper')")
    assert browser.all("details[open]") == []
    assert not browser.one("[data-printed]").is_displayed()
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == (
        "rgb(20, 23, 27)"
    )
