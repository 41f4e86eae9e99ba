"""Ranks and seeds in the report: one row a potential, with what is recorded of its certainty."""

import json

import numpy as np
import pytest
from builders import seed_summary, seed_value
from rich.console import Console
from whole_page import whole

from mlip_compose.core.records import Interval
from mlip_compose.evaluation.results import RankedPotential, Ranking
from mlip_compose.evaluation.study_results import StudyResults
from mlip_compose.report.page import render_report
from mlip_compose.report.sections.leaderboard import (
    MAIN_METRIC,
    build_board,
    entries_of,
    metrics_of,
    order_note,
    order_rows,
    orders_of,
    place_text,
    places_of,
    provenance_of,
    runs_of,
)
from mlip_compose.report.sections.summary import answer
from mlip_compose.report.terminal import leaderboard_table


def summaries(results):
    """Averages that the report may show; the intervals are those of the first seed."""
    groups = {}
    for score in results.scores:
        groups.setdefault((score.potential, score.task, score.level), []).append(score)
    return tuple(
        seed_summary(
            group[0],
            metric.name,
            seeds=tuple(score.seed for score in group),
            **{column: mean(group, metric.name, column) for column in ("id", "ood", "gap")},
        )
        for group in groups.values()
        for metric in group[0].metrics
    )


def mean(group, name, column):
    intervals = [getattr(score.metric(name), column) for score in group]
    if intervals[0] is None:
        return None
    value = float(np.mean([interval.value for interval in intervals]))
    shown = intervals[0].model_copy(update={"value": value})
    return seed_value(shown, sd=1.25 if len(intervals) > 1 else None)


def ranking(task="length", quantity="ood", first="additive", **changes):
    fields = {
        "task": task,
        "level": 2,
        "train_frames": 400,
        "metric": MAIN_METRIC,
        "label": "Force MAE",
        "unit": "meV/Å" if quantity == "ood" else "1",
        "quantity": quantity,
        "potentials": (
            RankedPotential(
                potential="mace-small", role="learned", seeds=(0,), value=66.5, rank=1,
                low=1, high=2, best=0.914, ahead=0.914,
            ),
            RankedPotential(
                potential=first, role="feasibility", seeds=(0,), value=85.3, rank=2,
                low=1, high=2, best=0.086,
            ),
        ),
        "molecules": 60,
        "without_value": ("<b>none</b>",),
        "left_out": ("OH-7-H",),
        "resamples": 1000,
        "confidence": 0.95,
    }  # fmt: skip
    return Ranking(**(fields | changes))


@pytest.fixture(scope="module")
def seeded(make_results):
    results = make_results(seeds=(0, 1, 2), failed=())
    return results.model_copy(update={"seed_summaries": summaries(results)})


@pytest.fixture(scope="module")
def ranked(results):
    return results.model_copy(update={"rankings": (ranking(quantity="gap"), ranking())})


def board_of(results):
    return build_board(results, metrics_of(results)[0], 2)


def test_several_seeds_are_one_row_with_their_spread(seeded):
    board = board_of(seeded)
    assert [row.entry.label for row in board.rows] == ["mace-small", "additive", "composition"]
    cell = board.rows[0].cells[0]
    assert cell.sd("ood") == 1.25
    assert cell.metric.ood == cell.summary.ood.mean
    text = provenance_of(cell, "ood")
    assert "mean over seeds 0, 1, 2 with a standard deviation of 1.25" in text
    assert len(runs_of(seeded)) == 9


def test_a_mean_of_which_no_spread_is_known_says_its_seeds(seeded):
    without = tuple(
        summary.model_copy(update={"ood": summary.ood and seed_value(summary.ood.mean, None)})
        for summary in seeded.seed_summaries
    )
    cell = board_of(seeded.model_copy(update={"seed_summaries": without})).rows[0].cells[0]
    text = provenance_of(cell, "ood")
    assert "mean over seeds 0, 1, 2" in text
    assert "standard deviation" not in text


def test_results_without_summaries_keep_a_row_for_each_seed(make_results):
    results = make_results(seeds=(0, 1))
    assert entries_of(results) == runs_of(results)


def test_a_seed_that_failed_is_told_beside_the_others(seeded):
    lost = ("mace-small", "length", 0)
    unit = next(u for u in seeded.units if (u.potential, u.task, u.seed) == lost)
    failed = unit.model_copy(update={"status": "failed", "reason": "NaN"})
    results = seeded.model_copy(
        update={
            "units": tuple(failed if u == unit else u for u in seeded.units),
            "scores": tuple(
                s for s in seeded.scores if (s.potential, s.task, s.seed) != lost
            ),
        }
    )  # fmt: skip
    results = results.model_copy(update={"seed_summaries": summaries(results)})
    cell = board_of(results).rows[0].cells[0]
    assert cell.state == "scored"
    assert cell.reason == "only seeds 1, 2: NaN"
    assert "only seeds 1, 2: NaN" in render_report(results)


def test_a_potential_of_which_every_seed_failed_is_failed(make_results):
    results = make_results(seeds=(0, 1))
    results = results.model_copy(update={"seed_summaries": summaries(results)})
    board = board_of(results)
    cell = board.rows[0].cells[board.tasks.index("transfer")]
    assert cell.state == "failed"
    assert "NaN at step 312" in cell.reason


def test_the_page_has_means_above_and_single_seeds_below(seeded):
    page = whole(render_report(seeded))
    assert "±" in page
    assert "Single seeds" in page
    assert '<th scope="row"><span class="potential">mace-small</span></th>' in page
    assert '<th scope="row"><span class="potential">mace-small, seed 2</span></th>' in page
    found = answer(seeded, 2)
    assert found.tasks[0].lines[0].entry.label == "mace-small"
    assert found.tasks[0].lines[0].novel != ""


def test_one_seed_shows_neither_spread_nor_seeds(results):
    page = render_report(results)
    assert "Single seeds" not in page
    assert "How sure is the order" not in page


def test_the_terminal_shows_one_line_a_potential(seeded):
    console = Console(width=160, color_system=None)
    with console.capture() as capture:
        console.print(leaderboard_table(seeded))
    lines = [line for line in capture.get().splitlines() if "mace-small" in line]
    assert len(lines) == 4
    assert all("±" in line for line in lines)


def test_seeds_have_to_agree_on_what_is_smaller(seeded):
    sentence = next(s for s in answer(seeded, 2).sentences if "A gap is not an error" in s)
    assert "that of mace-small is" in sentence
    pairs = []
    for pair in seeded.pairs:
        if pair.seed == 1 and pair.metric == MAIN_METRIC:
            turned = Interval(
                value=-pair.difference.value, low=-pair.difference.high, high=-pair.difference.low
            )
            pair = pair.model_copy(update={"difference": turned})
        pairs.append(pair)
    torn = seeded.model_copy(update={"pairs": tuple(pairs)})
    sentence = next(s for s in answer(torn, 2).sentences if "A gap is not an error" in s)
    assert "that of mace-small is not distinguishable on all 4 tasks" in sentence


def test_places_are_those_recorded(ranked):
    board = board_of(ranked)
    assert [order.quantity for order in orders_of(ranked, board)] == ["ood", "gap"]
    places = places_of(ranked, board)
    assert place_text(places["length", "additive"]) == "2 (1 to 2)"
    assert place_text(places.get(("length", "composition"))) == "–"
    assert places_of(ranked, build_board(ranked, metrics_of(ranked)[1], 2)) == {}


def test_the_order_is_shown_with_its_certainty(ranked):
    order = orders_of(ranked, board_of(ranked))[0]
    assert order_rows(order) == [
        ("mace-small", "66.5", "1 (1 to 2)", "91.4 %", "91.4 %"),
        ("additive", "85.3", "2 (1 to 2)", "8.6 %", "–"),
    ]
    assert order_note(order) == (
        "60 unseen molecules; no value of <b>none</b>; left out, as not all have a value: OH-7-H"
    )
    page = whole(render_report(ranked))
    assert "How sure is the order" in page
    assert "<b>none</b>" not in page
    assert "rank 2 (1 to 2) by OOD error; best of all in 8.6 % of the resamples" in page
    assert "composition on length: not ranked." in page


def test_results_of_before_load_and_render(ranked, seeded):
    for results in (ranked, seeded):
        document = json.loads(results.model_dump_json())
        assert StudyResults.model_validate_json(json.dumps(document)) == results
        del document["rankings"], document["seed_summaries"]
        old = StudyResults.model_validate_json(json.dumps(document))
        assert (old.rankings, old.seed_summaries) == ((), ())
        assert "How sure is the order" not in render_report(old)
