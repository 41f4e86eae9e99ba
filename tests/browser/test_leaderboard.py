import csv
import json

import pytest
from synthetic_study import FAILED, LEARNED, POTENTIALS, REASON

from mlip_compose.report.numbers import number
from mlip_compose.report.words import ROLES

ROWS = "#leaderboard-table .tabulator-row"
NAMES = f"{ROWS}:not(.tabulator-group) .tabulator-cell.name"


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


def test_rows_stand_in_groups_feasibility_and_scale_apart(board):
    assert shown(board) == [
        *(ROLES["learned"], *LEARNED),
        *(ROLES["feasibility"], "additive"),
        *(ROLES["scale"], "composition"),
    ]


def test_a_header_sorts_within_each_group(board):
    board.click(head(0, "ood"))
    rising = shown(board)
    board.click(head(0, "ood"))
    falling = shown(board)
    assert rising[1:7] == list(LEARNED)
    assert falling[1:7] == list(reversed(LEARNED))
    assert rising[7:] == falling[7:]
    assert board.one(".tabulator-col[tabulator-field='0_ood']").get_attribute("aria-sort") == (
        "descending"
    )


def test_sorted_by_a_task_a_potential_that_failed_on_it_is_last(board):
    for _ in range(2):
        board.click(head(2, "ood"))
        assert shown(board)[6] == "light"


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


def test_metric_and_level_are_chosen(board, study):
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


def test_a_choice_of_columns(board):
    board.choose("#leaderboard [data-state=columns]", "gap")
    board.until(f"return !document.querySelector('{head(0, 'ood')}')")
    assert board.all(head(0, "gap"))


def test_a_potential_that_failed_shows_its_reason(board):
    place = shown(board).index(FAILED[1]) + 1
    failed = f"{cell(place, (2, 'id'))} .instead.failed"
    assert board.texts(failed) == [f"failed: {REASON}"]
    board.bring(failed)
    board.run("document.querySelector(arguments[0]).closest('.tabulator-cell').focus()", failed)
    assert REASON in board.text("#note")


@pytest.mark.parametrize("how", ["point", "focus"])
def test_a_number_tells_all_that_belongs_to_it(board, study, how):
    place = cell(2, (0, "ood"))
    if how == "point":
        board.point(place)
    else:
        board.run("document.querySelector(arguments[0]).focus()", place)
    board.until("return document.querySelector('#note').matches(':popover-open')")
    metric = score(study, "wide").metric("forces_mae")
    note = board.text("#note")
    for part in (
        "length", "level 2", metric.unit, metric.aggregation, "gfn2-xtb", "seed",
        f"{metric.ood_frames} OOD frames of {metric.ood_molecules} unseen molecules",
    ):  # fmt: skip
        assert part in note
    assert board.one(place).get_attribute("aria-describedby") == "note"
    board.press("\ue00c")  # Escape
    assert not board.one("#note").is_displayed()


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_the_table_is_saved_as_it_is_shown(board, study, kind):
    board.one("#search").send_keys("w")
    board.until("return document.getElementById('found').textContent === '2 of 8 rows'")
    board.click(f"[data-export={kind}]")
    path = board.downloaded()
    assert path.name == f"four-by-eight-forces_mae-level-2.{kind}"
    if kind == "csv":
        with path.open(newline="") as file:
            records = list(csv.DictReader(file))
    else:
        records = json.loads(path.read_text())
    assert [(r["potential"], r["task"]) for r in records] == [
        (potential, task)
        for potential in ("wide", "narrow")
        for task in ("length", "crossing", "transfer", "recombination")
    ]
    for record in records:
        metric = score(study, record["potential"], record["task"]).metric("forces_mae")
        assert float(record["ood"]) == pytest.approx(metric.ood.value, rel=1e-3)
        assert float(record["ood_low"]) == pytest.approx(metric.ood.low, rel=1e-3)
        assert record["unit"] == "meV/Å"
        assert record["state"] == "scored"
        assert int(record["level"]) == 2


def test_a_failure_is_in_the_file_with_its_reason(board):
    board.one("#search").send_keys(FAILED[1])
    board.until("return document.getElementById('found').textContent === '1 of 8 rows'")
    board.click("[data-export=json]")
    records = json.loads(board.downloaded().read_text())
    (failed,) = [record for record in records if record["task"] == FAILED[0]]
    assert (failed["state"], failed["reason"]) == ("failed", REASON)
    assert "ood" in failed
    assert failed["ood"] is None
    assert {record["role"] for record in records} == {POTENTIALS[FAILED[1]]}
