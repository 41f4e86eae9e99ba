import csv
import io
import json
from itertools import product

import pytest
from selenium.webdriver.common.keys import Keys
from synthetic_study import FAILED, LEARNED, LEVELS, POTENTIALS, REASON

from mlip_compose.report.words import ROLES, number

ROWS = "#leaderboard-table .tabulator-row"
NOTED = "return document.querySelector('#note').matches(':popover-open')"
NAMES = f"{ROWS}:not(.tabulator-group) .tabulator-cell.name .potential"


def cell(row, field):
    """Selector of a cell by the place of its row, from 1, and its column: task and quantity."""
    task, quantity = field
    return f'{ROWS}:nth-child({row}) [tabulator-field="{task}_{quantity}"]'


def head(task, quantity):
    return f'#leaderboard-table .tabulator-col[tabulator-field="{task}_{quantity}"] button'


def score(study, potential, task="length", level=2):
    (found,) = [
        s for s in study.scores if (s.task, s.level, s.potential) == (task, level, potential)
    ]
    return found


def shown(browser):
    """Rows of the table from top to bottom, headings of groups among them."""
    browser.until(f"return document.querySelectorAll('{NAMES}').length > 0")
    return browser.texts(f"{ROWS}.tabulator-group > span, {NAMES}")


@pytest.fixture
def board(opened):
    shown(opened)
    return opened


def test_rows_stand_in_groups_and_a_header_sorts_within_each(board):
    apart = [ROLES["feasibility"], "additive", ROLES["scale"], "composition"]
    assert shown(board) == [ROLES["learned"], *LEARNED, *apart]
    board.click(head(0, "ood"))
    assert shown(board) == [ROLES["learned"], *LEARNED, *apart]
    board.click(head(0, "ood"))
    assert shown(board) == [ROLES["learned"], *reversed(LEARNED), *apart]
    assert board.one(".tabulator-col[tabulator-field='0_ood']").get_attribute("aria-sort") == (
        "descending"
    )
    for _ in range(2):  # the potential that failed on a task is last in either direction
        board.click(head(2, "ood"))
        assert shown(board)[6:] == [FAILED[1], *apart]


def test_a_search_keeps_the_rows_with_it_in_their_name(board):
    search = board.one("#search")
    search.send_keys("OR")
    board.until("return document.getElementById('found').textContent === '1 of 8 rows'")
    assert shown(board) == [ROLES["learned"], "short"]
    search.clear()
    search.send_keys("nothing")
    board.until("return document.getElementById('found').textContent === '0 of 8 rows'")
    assert board.texts(".tabulator-placeholder") == ["No potential has this in its name."]
    search.clear()
    search.send_keys(" ")
    assert len(shown(board)) == 8 + 3


def test_metric_level_and_columns_are_chosen(board, study):
    def first():
        return board.run(f"return document.querySelector('{cell(2, (0, 'ood'))}').textContent")

    def expected(metric, level):
        return number(score(study, "wide", level=level).metric(metric).ood.value)

    assert first().startswith(expected("forces_mae", 2))
    board.choose("#leaderboard [data-state=level]", "1")
    board.until(f"return document.querySelector('{cell(2, (2, 'id'))} .absent')")
    assert first().startswith(expected("forces_mae", 1))
    metric = score(study, "wide", level=1).metric("energy_mae_per_atom")
    board.choose("#leaderboard [data-state=metric]", f"{metric.label}, {metric.unit}")
    board.until(
        "return document.querySelector('#leaderboard-table .unit').textContent === 'meV/atom'"
    )
    assert first().startswith(expected("energy_mae_per_atom", 1))
    assert metric.aggregation in board.text(".board:not([hidden]) .note")
    board.choose("#leaderboard [data-state=columns]", "gap")
    board.until(f"return !document.querySelector('{head(0, 'ood')}')")
    assert board.all(head(0, "gap"))


def test_a_number_tells_all_that_belongs_to_it(board, study):
    place = cell(2, (0, "ood"))
    board.point(place)
    board.until(NOTED)
    metric = score(study, "wide").metric("forces_mae")
    told = board.text("#note")
    parts = ("length", "level 2", metric.unit, metric.aggregation, "gfn2-xtb", "seed")
    counts = f"{metric.ood_frames} OOD frames of {metric.ood_molecules} unseen molecules"
    assert [part for part in (*parts, counts) if part not in told] == []
    assert board.one(place).get_attribute("aria-describedby") == "note"
    board.press(Keys.ESCAPE)
    assert not board.one("#note").is_displayed()
    board.point("#leaderboard h2")
    board.run("document.querySelector(arguments[0]).focus()", place)
    board.until(NOTED)
    assert board.text("#note") == told


def test_a_potential_that_failed_shows_its_reason(board):
    place = cell(shown(board).index(FAILED[1]) + 1, (2, "id"))
    assert board.text(f"{place} .instead.failed") == f"failed: {REASON}"
    board.run("document.querySelector(arguments[0]).focus()", place)
    board.until(NOTED)
    assert REASON in board.text("#note")


def test_the_table_is_saved_as_it_is_shown(board, study):
    board.one("#search").send_keys("i")
    board.until("return document.getElementById('found').textContent === '4 of 8 rows'")
    rows = ("wide", "light", "additive", "composition")
    board.click("[data-export=json]")
    name, content = board.downloaded()
    records = json.loads(content)
    assert name == "four-by-eight-forces_mae-level-2.json"
    assert [(r["potential"], r["task"]) for r in records] == list(product(rows, LEVELS))
    for record in records:
        task, potential = record["task"], record["potential"]
        assert (record["role"], record["unit"]) == (POTENTIALS[potential], "meV/Å")
        if (task, potential) == FAILED:
            assert (record["state"], record["reason"], record["ood"]) == ("failed", REASON, None)
            continue
        found = score(study, potential, task).metric("forces_mae").ood
        saved = [record[each] for each in ("ood", "ood_low", "ood_high")]
        assert saved == pytest.approx([found.value, found.low, found.high], rel=1e-3)
    board.click("[data-export=csv]")
    name, content = board.downloaded()
    lines = list(csv.DictReader(io.StringIO(content.decode())))
    assert name == "four-by-eight-forces_mae-level-2.csv"
    for line, record in zip(lines, records, strict=True):
        given = {key: record.get(key) for key in line}
        assert line == {key: "" if value is None else str(value) for key, value in given.items()}
        assert set(record) <= set(line)
