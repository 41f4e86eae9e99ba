import json
import math

import pytest

from mlip_compose.core.records import Interval
from mlip_compose.report.page import render_report, study_names
from mlip_compose.report.sections.leaderboard import build_board, metrics_of
from mlip_compose.report.sections.leaderboard_json import board_document, board_records


@pytest.fixture(scope="module")
def board(results):
    return build_board(results, metrics_of(results)[0], 2)


def test_a_record_has_the_numbers_with_all_that_belongs_to_them(board):
    records = board_records(board, {}, {})
    first = records[0][0]
    assert (first["potential"], first["task"], first["state"]) == ("mace-small", "length", "scored")
    assert first["ood"] == pytest.approx([66.5, 59.85, 74.48])
    assert (first["ood_frames"], first["ood_molecules"], first["train_frames"]) == (600, 60, 400)
    assert (first["reference"], first["seeds"]) == ("gfn2-xtb", [0])


def test_a_failure_has_its_reason_and_no_number(board):
    failed = board_records(board, {}, {})[0][2]
    assert (failed["state"], failed["task"]) == ("failed", "transfer")
    assert "NaN at step 312" in failed["reason"]
    assert "ood" not in failed


def test_a_value_that_is_not_finite_is_none(results):
    def without(metric):
        return metric.model_copy(update={"id": Interval(value=math.nan), "gap": None})

    scores = tuple(
        s.model_copy(update={"metrics": tuple(map(without, s.metrics))}) for s in results.scores
    )
    changed = results.model_copy(update={"scores": scores})
    record = board_records(build_board(changed, metrics_of(changed)[0], 2), {}, {})[0][0]
    assert (record["id"], record["gap"]) == (None, None)
    json.dumps(record, allow_nan=False)


def test_the_table_has_the_columns_that_there_are(board):
    document = board_document([(board, {}, {}, "means")])["2"]["forces_mae"]["means"]
    assert document["columns"] == ["id", "ood", "gap"]
    assert document["heads"]["ood"] == ("OOD", "meV/Å")
    assert len(document["records"]) == len(board.rows)


def test_several_studies_are_told_apart_by_what_differs(results):
    def other(name, reference):
        facts = results.dataset.model_copy(update={"reference": reference})
        return results.model_copy(update={"name": name, "dataset": facts})

    assert study_names([results]) == ["quick"]
    assert study_names([results, other("quick", "pbe")]) == ["quick, gfn2-xtb", "quick, pbe"]
    assert study_names([results, other("deep", "gfn2-xtb")]) == ["quick", "deep"]
    assert study_names([results, results]) == ["quick (1)", "quick (2)"]


def test_a_page_of_several_studies_shows_the_first(results):
    second = results.model_copy(update={"name": "second"})
    page = render_report(results, second)
    shown, waiting = page.split('<template data-study="1">')
    assert "study <strong>quick</strong>" in shown
    assert "study <strong>second</strong>" in waiting
    assert '<select id="study-choice">' in shown
    assert '<select id="study-choice">' not in render_report(results)
