"""The rendered page in a browser: one Chromium and one page of four tasks and eight potentials."""

import pytest
from headless import Browser, missing
from synthetic_study import synthetic_study

from mlip_compose.report.page import write_report


def pytest_collection_modifyitems(items):
    if reason := missing():
        for item in items:
            if "browser" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """Return the results of four tasks and eight potentials."""
    return synthetic_study(tmp_path_factory.mktemp("gallery"))


@pytest.fixture(scope="session")
def small(study):
    """Return one task at one level of the study, without the frames of its molecules."""
    return study.model_copy(
        update={
            "certificates": tuple(c for c in study.certificates if c["task"] == "length"),
            "units": tuple(unit for unit in study.units if unit.task == "length"),
            "scores": tuple(s for s in study.scores if (s.task, s.level) == ("length", 2)),
            "pairs": (),
            "rankings": (),
            "horizons": (),
            "gallery": None,
        }
    )


@pytest.fixture(scope="session")
def page(study, tmp_path_factory):
    """Return the path of their report."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_report(study, path)
    return path


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Return a Chromium; opening a page takes a second, so that some modules share an open one."""
    chromium = Browser(tmp_path_factory.mktemp("profile"), tmp_path_factory.mktemp("downloads"))
    yield chromium
    chromium.driver.quit()


@pytest.fixture
def opened(browser, page):
    """Return the browser with the report just opened, as wide as a laptop."""
    with browser.opening(page):
        yield browser
