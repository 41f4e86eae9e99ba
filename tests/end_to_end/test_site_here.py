"""What stands in ``site/`` is made from ``results/``; where it is not: make site, and commit it."""

import base64
import json
import re
import zlib
from pathlib import Path

import pytest

from mlip_compose import read_results
from mlip_compose.predictions.exchange.submission import read_submission
from mlip_compose.report.site import MANIFEST, site_files

ROOT = Path(__file__).parents[2]
SITE = ROOT / "site"
CARDS = sorted((ROOT / "submissions").glob("*/card.yaml"))


@pytest.fixture(scope="module")
def made():
    """The files of the site of what is published, in the order of its studies."""
    manifest = json.loads((SITE / MANIFEST).read_text("utf-8"))
    names = [study["name"] for study in manifest["studies"]]
    studies = [read_results(ROOT / "results" / name) for name in names]
    return {file.path: file.content for file in site_files(studies)}


def unpacked(page):
    """Return a page with what is packed in it in the open: another zlib packs it otherwise."""

    def content(found):
        try:
            return unpacked(zlib.decompress(base64.b64decode(found[0])))
        except (ValueError, zlib.error):
            return found[0]

    return re.sub(rb"eN[A-Za-z0-9+/]{30,}=*", content, page)


def test_it_has_every_study_that_is_published(made):
    studies = {path.split("/")[1] for path in made if path.count("/") > 1}
    published = {path.parent.name for path in (ROOT / "results").glob("*/archived.json")}
    assert studies == published


def test_it_has_these_files_and_no_others(made):
    there = {path.relative_to(SITE).as_posix() for path in SITE.rglob("*") if path.is_file()}
    assert there == set(made)


def test_its_data_are_those_of_the_results(made):
    for path, content in made.items():
        if path != "index.html":
            assert (SITE / path).read_bytes() == content, path


def test_its_page_is_that_of_the_results(made):
    here = unpacked((SITE / "index.html").read_bytes())
    assert here == unpacked(made["index.html"])


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.parent.name)
def test_every_submission_stands_on_it(card):
    board = (SITE / "data" / "leaderboard-v1" / "leaderboard.csv").read_text("utf-8")
    submission = read_submission(card).card
    assert submission is not None
    assert f",{submission.name}," in board
