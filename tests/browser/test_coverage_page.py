"""The page of ``coverage`` in a browser: order, what an atom says, and its width on a phone."""

import pytest

from mlip_compose.molecules.perception import molecule_of_smiles
from mlip_compose.planning.coverage import coverage_of
from mlip_compose.planning.page import write_page
from mlip_compose.store.catalogue import open_dataset

TARGETS = {
    "aspirin": "CC(=O)Oc1ccccc1C(=O)O",
    "a long ester": "CCCCCCCCCCCCC(=O)OC",
    "choline": "C[N+](C)(C)CCO",
    "water": "O",
    "butanol": "CCCCO",
    "a-name-that-does-not-end" * 5: "CCBr",
}


@pytest.fixture(scope="module")
def coverage_page(tmp_path_factory):
    targets = [molecule_of_smiles(smiles).called(name) for name, smiles in TARGETS.items()]
    path = tmp_path_factory.mktemp("coverage") / "page.html"
    training = open_dataset("mini-v1").molecules.values()
    write_page(coverage_of(targets, training), "mini-v1", path)
    return path


def names(browser):
    return [" ".join(text.split()) for text in browser.texts("#targets h2")]


def card(name):
    return f"#targets > li[data-name='{name}']"


def test_targets_are_sorted(browser, coverage_page):
    with browser.opening(coverage_page):
        assert names(browser) == list(TARGETS)
        browser.choose("#order", "by name")
        assert names(browser) == sorted(TARGETS)
        browser.choose("#order", "by size")
        assert names(browser)[0] == "water"
        assert names(browser)[-1] == "a long ester"
        browser.choose("#order", "least shown first")
        assert names(browser)[-1] == "butanol"
        assert set(names(browser)[:2]) == {"choline", list(TARGETS)[-1]}
        browser.choose("#order", "as given")
        assert names(browser) == list(TARGETS)


@pytest.mark.parametrize("width", [390, 1440])
def test_an_atom_says_where_it_was_seen(browser, coverage_page, width):
    with browser.opening(coverage_page, width):
        spots = browser.all(f"{card('butanol')} .spot")
        assert len(spots) == 5
        said = f"{card('butanol')} .said"
        assert browser.text(said) == "Point at an atom, or tap it."
        for number, spot in enumerate(spots):  # a drawing above them takes no click
            browser.run("arguments[0].scrollIntoView({ block: 'center' })", spot)
            spot.click()
            assert browser.text(said) == spot.get_attribute("aria-label")
            chosen = [other.get_attribute("class").endswith("chosen") for other in spots]
            assert chosen == [other == number for other in range(5)]
        assert browser.text(said).startswith("OH: 4 bonds out or more, as in OH-")
        browser.click(f"{card('choline')} .spot.s0")
        assert browser.text(f"{card('choline')} .said") == "N: not even its element and charge"


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_wider_than_a_phone(browser, coverage_page, dark):
    with browser.opening(coverage_page, 390, dark):
        for summary in browser.all("summary"):
            browser.run("arguments[0].click()", summary)
        wide = """
            return [...document.querySelectorAll("body *")]
                .filter((e) => e.getBoundingClientRect().right > innerWidth
                    || (e.matches(".structure") && e.scrollWidth > e.clientWidth))
                .map((e) => e.outerHTML.slice(0, 80));
        """
        assert browser.run(wide) == []


@pytest.mark.parametrize("width", [390, 1440])
def test_spots_are_on_the_atoms(browser, coverage_page, width):
    """Every letter that the drawing has for an atom begins or ends within the atom's spot."""
    apart = """
        const [card] = arguments;
        const spots = [...card.querySelectorAll(".spot")].map((e) => e.getBoundingClientRect());
        const letters = [...card.querySelectorAll("path[class^='atom-']")];
        const away = letters.filter((letter) => {
            const spot = spots[Number(letter.getAttribute("class").split("-")[1])];
            const { left, right, top, bottom } = letter.getBoundingClientRect();
            return right < spot.left || left > spot.right || bottom < spot.top || top > spot.bottom;
        });
        return [letters.length, away.length, Math.min(...spots.map((spot) => spot.width))];
    """
    with browser.opening(coverage_page, width):
        for name, least in (("a long ester", 2), ("choline", 3), ("aspirin", 5)):
            letters, away, diameter = browser.run(apart, browser.one(card(name)))
            assert letters >= least
            assert away == 0
            assert diameter > 15
