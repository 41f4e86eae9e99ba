"""A page of two studies of the same potentials, which differ in their reference."""

import json

import pytest

from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.page import write_report

OTHER = "pbe-d3bj/def2-svp"
FIRST = ".tabulator-row:not(.tabulator-group) [tabulator-field='0_ood']"
DRAWN = "#gap-plot .main-svg"
NAMED = "return document.querySelector('.eyebrow').textContent.includes(arguments[0])"


@pytest.fixture(scope="module")
def both(browser, small, tmp_path_factory):
    """Return the open page; in the other study the numbers of two potentials are exchanged."""
    text = small.model_dump_json()
    for name, stands_for in (("gfn2-xtb", OTHER), ("wide", "?"), ("short", "wide"), ("?", "short")):
        text = text.replace(json.dumps(name), json.dumps(stands_for))
    path = tmp_path_factory.mktemp("two") / "report.html"
    write_report(small, path, StudyResults.model_validate_json(text))
    with browser.opening(path):
        browser.until(f'return document.querySelector("{FIRST}")')
        yield browser


def test_a_reference_is_chosen_by_its_study(both):
    def shown():
        both.until(f'return document.querySelector("{FIRST}")')
        return dict(
            zip(both.texts(".tabulator-cell.name .potential"), both.texts(FIRST), strict=True)
        )

    options = [option.text for option in both.all("#study-choice option")]
    assert options == ["four-by-eight, gfn2-xtb", f"four-by-eight, {OTHER}"]
    first = shown()
    both.choose("#study-choice", options[1])
    both.until(
        "return document.querySelector('.eyebrow').textContent.includes(arguments[0])", OTHER
    )
    second = shown()
    assert first["wide"] != first["short"]
    assert (second["wide"], second["short"]) == (first["short"], first["wide"])
    both.point(FIRST)
    both.until("return document.querySelector('#note').matches(':popover-open')")
    assert OTHER in both.text("#note")
    assert "gfn2-xtb" not in both.text("main")
    both.bring("#gap-plot")
    both.until(f"return document.querySelector('{DRAWN}')")
    both.choose("#study-choice", options[0])
    both.until(NAMED, "gfn2-xtb")
    assert shown() == first
