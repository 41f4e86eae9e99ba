"""The rendered page in a browser: one Chromium and one page of four tasks and eight potentials."""

import pytest
from headless import Browser, missing
from synthetic_study import synthetic_study

from mlip_compose.report.page import write_report


def pytest_collection_modifyitems(items):
    if reason := missing():
        for item in items:
            if "browser" in item.fixturenames:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """Return the results of four tasks and eight potentials."""
    return synthetic_study(tmp_path_factory.mktemp("gallery"))


@pytest.fixture(scope="session")
def page(study, tmp_path_factory):
    """Return the path of their report."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_report(study, path)
    return path


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("profile"), tmp_path_factory.mktemp("downloads"))
    yield browser
    browser.driver.quit()


@pytest.fixture
def browser(chromium):
    """Return the browser; no download of an earlier test is left in it."""
    for path in chromium.downloads.iterdir():
        path.unlink()
    return chromium


@pytest.fixture
def opened(browser, page):
    """Return the browser with the report open, as wide as a laptop.

    After the test nothing may have gone wrong on the console, and nothing have left the page.
    """
    browser.open(page)
    yield browser
    assert browser.errors() == []
    assert browser.outside(page) == []
