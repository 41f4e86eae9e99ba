"""The page of a study whose molecules are in no series, on a phone and in the dark."""

import pytest
from headless import EMPTY, TOO_WIDE
from study_of_any import study_of_any

from mlip_compose.report.page import write_report


@pytest.fixture(scope="module")
def drugs(tmp_path_factory):
    path = tmp_path_factory.mktemp("drugs") / "report.html"
    write_report(study_of_any(), path)
    return path


def test_it_is_drawn_by_molecule_and_fits_on_a_phone(browser, drugs):
    with browser.opening(drugs, 390, dark=True):
        browser.run("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        browser.read_through()
        assert browser.run(EMPTY) == []
        assert browser.run(TOO_WIDE) == []
        names = browser.texts("#map .ytick text")
        assert names[:3] == ["benzene", "1-2-diol", "naphthol"]
        cut = browser.run("""
            return [...document.querySelectorAll("#map .plot")].flatMap((plot) => {
                const { left, right } = plot.getBoundingClientRect();
                return [...plot.querySelectorAll(".ytick text")]
                    .filter((text) => text.getBoundingClientRect().left < left
                        || text.getBoundingClientRect().right > right)
                    .map((text) => text.textContent);
            });
        """)
        assert cut == []
        hidden = browser.all("#map [data-state=left], #map [data-mapped], #map .colourscale")
        assert not any(part.is_displayed() for part in hidden)
        assert not browser.run(
            "return [...document.querySelectorAll('[data-map]')].some((f) => !f.hidden)"
        )
        assert len(browser.all("#map tbody tr")) == 8
