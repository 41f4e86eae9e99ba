"""Names that hold markup are shown as their characters, wherever a reader meets them."""

import json

import pytest

from mlip_compose.evaluation.gallery import Gallery
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.page import write_report

HOSTILE = "<script>alert(1)</script>"
FIGURE = "#costs [data-level='2'] .plot"
PICTURE = "<img src=x onerror=alert(2)>"


def renamed(text):
    for name, other in (("wide", HOSTILE), ("four-by-eight", HOSTILE), ("OH-7-H", PICTURE)):
        text = text.replace(json.dumps(name), json.dumps(other))
    return text


@pytest.fixture(scope="module")
def hostile(study, small, tmp_path_factory):
    gallery = Gallery.model_validate_json(renamed(study.gallery.model_dump_json()))
    results = StudyResults.model_validate_json(renamed(small.model_dump_json()))
    path = tmp_path_factory.mktemp("hostile") / "report.html"
    write_report(results.model_copy(update={"gallery": gallery}), path)
    return path


def test_markup_in_names_is_shown_and_does_nothing(browser, hostile):
    with browser.opening(hostile, mark=f"#molecule={PICTURE}"):
        browser.until_text("[data-molecule-name]", PICTURE)
        browser.until("return document.querySelector('[data-viewer] canvas')")
        assert browser.driver.title.startswith(HOSTILE)
        assert browser.text(".eyebrow strong") == HOSTILE
        assert browser.texts(".tabulator-cell.name")[0] == HOSTILE
        browser.point(".tabulator-row:nth-child(2) [tabulator-field='0_ood']")
        browser.until("return document.querySelector('#note').matches(':popover-open')")
        assert browser.text("#note").startswith(f"{HOSTILE} on length")
        legend = browser.texts("#map [data-level='2'][data-task='length'] .legend li")
        assert HOSTILE in legend  # a molecule of such a name is in no series: the task has no map
        browser.click("#map [data-level='2'][data-task='length'] > details > summary")
        rows = browser.texts("#map [data-level='2'][data-task='length'] tbody th")
        assert PICTURE in rows
        assert HOSTILE in browser.texts("#leaderboard .legend li")
        browser.bring(FIGURE)
        browser.until("return document.querySelector(arguments[0] + ' .main-svg')", FIGURE)
        assert f"{HOSTILE[:23]}…" in browser.texts(f"{FIGURE} text")
        assert browser.all("img, main script, .plot script") == []
