import html.parser
import re
import stat

import pytest
from whole_page import whole

from mlip_compose.core.errors import UnwritableError
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.page import render_report, unpack, write_report

HOSTILE = "<script>alert(1)</script>"
LIMIT = 8_000_000  # bytes


class Page(html.parser.HTMLParser):
    """The elements of a page with their attributes, its visible text, and its scripts."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text, self.scripts, self._in = [], [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._in = tag
            if tag == "script":
                self.scripts.append([dict(attrs), ""])

    def handle_endtag(self, tag):
        if tag == self._in:
            self._in = None

    def handle_data(self, data):
        if self._in == "script":
            self.scripts[-1][1] += data
        elif self._in is None:
            self.text.append(data)

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())

    def attributes(self, name):
        return [attrs[name] for _, attrs in self.elements if name in attrs]

    @property
    def island(self):
        (found,) = [body for attrs, body in self.scripts if attrs.get("class") == "report-data"]
        return unpack(found)


@pytest.fixture(scope="module")
def text(results):
    return render_report(results)


@pytest.fixture(scope="module")
def page(text):
    return Page(whole(text))


@pytest.fixture(scope="module")
def hostile(make_results):
    results = make_results(potentials=("composition", "additive", HOSTILE), failed=())
    evil = {"command": f"run {HOSTILE}", "versions": {HOSTILE: "</style>"}}
    return results.model_copy(
        update={
            "name": HOSTILE,
            "provenance": evil,
            "dataset": results.dataset.model_copy(update={"name": "</title><img src=x>"}),
            "units": tuple(
                u.model_copy(update={"status": "failed", "reason": f"{HOSTILE}\u2028{{{{ 7*7 }}}}"})
                for u in results.units
            ),
        }
    )


def test_nothing_is_loaded_from_elsewhere(page):
    links = [
        value
        for name in ("src", "href", "action", "data", "poster", "srcset", "xlink:href")
        for value in page.attributes(name)
    ]
    assert links
    assert all(link.startswith(("#", "data:,")) for link in links), links


def test_styles_load_nothing(text):
    styles = re.findall(r"<style>(.*?)</style>", text, re.S)
    assert styles
    assert not any(re.search(r"url\(|@import|sourceMappingURL", style) for style in styles)


def test_the_content_security_policy_allows_the_scripts_of_the_page_alone(page):
    import base64
    import hashlib

    (policy,) = [
        attrs["content"]
        for tag, attrs in page.elements
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    code = [body for attrs, body in page.scripts if "type" not in attrs]
    digests = [base64.b64encode(hashlib.sha256(c.encode()).digest()).decode() for c in code]
    assert re.findall(r"'sha256-([^']+)'", policy) == digests


def test_no_element_runs_script_by_an_attribute(page):
    assert not [name for _, attrs in page.elements for name in attrs if name.startswith("on")]
    assert all("src" not in attrs for attrs, _ in page.scripts)


def test_sections_stand_in_their_order(page):
    sections = [attrs["id"] for tag, attrs in page.elements if tag == "section"]
    order = ["answer", "leaderboard", "map", "curves", "certificates", "account"]
    assert [section for section in sections if section in order] == order
    links = [attrs["href"] for tag, attrs in page.elements if tag == "a" and "#" in attrs["href"]]
    contents = [link for link in links if link[1:] in sections]
    assert contents[1 : 1 + len(sections)] == [f"#{section}" for section in sections]


def test_numbers_are_shown_with_unit_and_interval(page):
    for shown in ("66.5", "59.9–74.5", "1.90", "1.71–2.09", "meV/Å", "kcal/mol"):
        assert shown in page.words
    titles = page.attributes("title")
    assert any("gfn2-xtb" in t and "600 OOD frames" in t and "seed 0" in t for t in titles)


def test_a_failed_unit_is_shown_with_its_reason(page):
    assert "failed: training of mace-small: the loss became NaN at step 312" in page.words


def test_a_missing_value_is_a_dash_with_an_explanation(page):
    missing = [
        attrs["title"]
        for tag, attrs in page.elements
        if tag == "td"
        and "num" in attrs.get("class", "")
        and "no ID value" in attrs.get("title", "")
    ]
    assert missing
    assert "–: the split has no such frames, or no finite value" in page.words


def test_what_was_run_is_told(page):
    for fact in ("c0ffee" * 10, "mlip-compose run quick", "numpy", "23,456", "temperature, K"):
        assert fact in page.words


def test_words_are_explained(text):
    for word in ("gap", "level", "ID", "OOD", "coverage radius", "novel atoms", "divergence"):
        assert re.search(f"<dt>{word}</dt><dd>[A-Z][^<]{{20,}}", text), word


def test_controls_have_labels_and_identifiers_are_unique(page):
    identifiers = page.attributes("id")
    assert len(identifiers) == len(set(identifiers))
    stack = [tag for tag, _ in page.elements]
    for i, tag in enumerate(stack):
        if tag == "select":
            assert stack[i - 1] == "label"
    for tag, attrs in page.elements:
        if attrs.get("role") in ("img", "region"):
            assert attrs["aria-label"], (tag, attrs)


def test_only_the_first_level_and_metric_are_visible(make_results):
    page = Page(render_report(make_results(levels=(1, 2), potentials=("additive",), failed=())))
    boards = [attrs for _, attrs in page.elements if attrs.get("class") == "board"]
    visible = [(b["data-level"], b["data-metric"]) for b in boards if "hidden" not in b]
    assert visible == [("2", "forces_mae")]
    assert len(boards) == 2 * 6


def test_the_island_is_what_the_script_starts_from(page):
    island = page.island
    assert island["initial"]["level"] == "2"
    assert island["initial"]["left"] == "mace-small"
    assert island["initial"]["right"] == "additive"
    assert set(island["maps"]["2"]) == {"length", "crossing", "transfer", "recombination"}
    assert len(island["curves"]["2"]["panels"]) == 6


def test_names_are_shown_as_they_are_written(hostile, page):
    scripts, text = page.scripts, whole(render_report(hostile))
    page = Page(text)
    assert HOSTILE not in text
    assert f"study {HOSTILE}" in page.words
    assert f"run {HOSTILE}" in page.words
    assert "{{ 7*7 }}" in page.words
    assert not [attrs for tag, attrs in page.elements if tag == "img"]
    assert len(page.scripts) == len(scripts)
    assert page.island["initial"]["left"] == HOSTILE
    names = {trace["name"] for trace in page.island["gaps"]["2"]["forces_mae"]["figure"]["data"]}
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in names


def test_two_maps_are_of_two_trainings_where_all_are_feasibility_rows(make_results):
    text = render_report(make_results(potentials=("additive",), seeds=(0, 1), failed=()))
    initial = Page(text).island["initial"]
    assert (initial["left"], initial["right"]) == ("additive, seed 0", "additive, seed 1")


def test_a_study_of_four_tasks_and_eight_potentials_stays_small(make_results):
    names = ("composition", "additive", "mace-small", "p1", "p2", "p3", "p4", "p5")
    assert len(render_report(make_results(potentials=names)).encode()) < LIMIT


def test_the_same_results_give_the_same_page(results, text):
    again = StudyResults.model_validate_json(results.model_dump_json())
    assert render_report(again) == text


def test_a_study_in_which_everything_failed_has_a_report(make_results):
    tasks = ("length", "crossing", "transfer", "recombination")
    results = make_results(
        failed=tuple((t, p) for t in tasks for p in ("additive",)), potentials=("additive",)
    )
    assert not results.scores
    page = Page(render_report(results))
    assert "No unit of work gave a force error." in page.words
    assert "4 of 4 units of work failed" in page.words


def test_leaks_are_shown_in_place_of_the_assurance(results):
    leaky = [
        dict(c, leaks=[{"reason": "OOD molecule A is in training"}]) for c in results.certificates
    ]
    page = Page(render_report(results.model_copy(update={"certificates": tuple(leaky)})))
    assert "OOD molecule A is in training" in page.words
    assert "No leak" not in page.words


def test_writing_replaces_the_file_in_one_step(results, tmp_path, text):
    path = tmp_path / "results" / "report.html"
    write_report(results, path)
    assert path.read_text("utf-8") == text
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_write_that_fails_leaves_the_old_report(results, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old")
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(UnwritableError, match="full"):
        write_report(results, path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_where_no_potential_has_a_gap_no_figure_of_gaps_is_drawn(results):
    """As on the task `whole`, which has no ID part."""
    scores = tuple(
        score.model_copy(
            update={"metrics": tuple(m.model_copy(update={"gap": None}) for m in score.metrics)}
        )
        for score in results.scores
    )
    assert 'id="gap-plot"' in render_report(results)
    assert 'id="gap-plot"' not in render_report(results.model_copy(update={"scores": scores}))
