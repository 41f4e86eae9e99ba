"""The page without a mouse: from its start to the leaderboard, and on to a molecule."""

from selenium.webdriver.common.keys import Keys

FOCUS = "return document.activeElement"


def test_a_reader_gets_to_a_number_and_sorts(opened):
    opened.until("return document.querySelectorAll('.tabulator-row').length > 0")
    opened.press(Keys.TAB)
    skip = opened.run(FOCUS)
    assert skip.text == "Skip to the answer"
    assert skip.rect["x"] >= 0
    opened.press(Keys.TAB, Keys.ENTER)
    opened.until("return location.hash === '#leaderboard'")
    assert opened.inside("#leaderboard")
    opened.tab_to(".tabulator-col button")
    opened.press(Keys.TAB, Keys.TAB)
    header = opened.run("return document.activeElement.closest('.tabulator-col')")
    assert header.get_attribute("tabulator-field") == "0_ood"
    opened.press(Keys.ENTER, Keys.ENTER)
    assert header.get_attribute("aria-sort") == "descending"
    opened.tab_to(".tabulator-cell")
    opened.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert opened.run(FOCUS).get_attribute("tabulator-field") == "0_ood"
    assert opened.text("#note").startswith("short on length, level 2: OOD Force MAE")
    opened.press(Keys.ESCAPE)
    assert not opened.one("#note").is_displayed()


def test_a_reader_opens_a_molecule_from_the_map_and_turns_it(opened):
    opened.run("document.querySelector('[data-map=left] summary').focus()")
    opened.until("return document.querySelector('[data-map=left] .tables a')")
    opened.press(Keys.ENTER)
    opened.tab_to("[data-map=left] .tables a")
    molecule = opened.run("return document.activeElement.getAttribute('aria-label').split(',')[0]")
    opened.press(Keys.ENTER)
    opened.until_text("[data-molecule-name]", molecule)
    opened.until("return document.querySelector('[data-viewer] canvas')")
    assert opened.run(FOCUS).text == molecule
    opened.tab_to("[data-viewer]")
    pixels = "return document.querySelector('[data-viewer] canvas').toDataURL()"
    before = opened.run(pixels)
    opened.press(Keys.ARROW_LEFT)
    assert opened.run(pixels) != before
    opened.tab_to("[data-turn=reset]")
