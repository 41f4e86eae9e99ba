import pytest

from mlip_compose.core.records import Interval
from mlip_compose.evaluation.results import RankedPotential
from mlip_compose.report.sections.leaderboard import (
    MAIN_METRIC,
    build_board,
    default_level,
    entries_of,
    metrics_of,
    place_text,
    provenance_of,
    unit_of,
)


@pytest.fixture(scope="module")
def board(results):
    return build_board(results, metrics_of(results)[0], 2)


def test_the_force_error_comes_first(results):
    assert metrics_of(results)[0].name == MAIN_METRIC
    assert unit_of(results, MAIN_METRIC) == "meV/Å"
    assert unit_of(results, "no such metric") == ""


def test_rows_are_set_apart_by_role(board):
    assert [(role, [row.entry.label for row in rows]) for role, rows in board.groups] == [
        ("learned", ["mace-small"]),
        ("feasibility", ["additive"]),
        ("scale", ["composition"]),
    ]
    assert board.tasks == ("length", "crossing", "transfer", "recombination")


def test_values_are_those_of_the_scores(results, board):
    row = next(row for row in board.rows if row.entry.potential == "additive")
    wanted = [score for score in results.scores if score.potential == "additive"]
    assert [cell.metric for cell in row.cells] == [score.metric(MAIN_METRIC) for score in wanted]


def test_a_failed_unit_is_a_cell_with_its_reason(board):
    cell = board.rows[0].cells[board.tasks.index("transfer")]
    assert (cell.state, cell.metric) == ("failed", None)
    assert "NaN at step 312" in cell.reason


def test_what_was_not_run_is_absent_not_failed(results):
    without = results.model_copy(
        update={"scores": tuple(s for s in results.scores if s.task != "length")}
    )
    cell = build_board(without, metrics_of(results)[0], 2).rows[0].cells[0]
    assert (cell.state, cell.reason) == ("absent", "not run")


def test_what_is_absent_tells_its_reason_in_place_of_a_number(results):
    without = results.model_copy(
        update={"scores": tuple(s for s in results.scores if s.task != "length")}
    )
    cell = build_board(without, metrics_of(results)[0], 2).rows[0].cells[0]
    assert provenance_of(cell, "gap") == "not run"


def test_a_place_without_an_interval_is_its_rank():
    place = RankedPotential(potential="a", role="learned", seeds=(0,), value=66.5, rank=2)
    assert place_text(place) == "2"
    assert place_text(place.model_copy(update={"low": 1, "high": 3})) == "2 (1 to 3)"


def test_a_potential_has_no_row_at_a_level_that_it_was_not_run_at(make_results):
    results = make_results(levels=(1, 2))
    kept = tuple(s for s in results.scores if s.level == 2 or s.potential != "additive")
    found = results.model_copy(update={"scores": kept})
    named = {
        level: [row.entry.potential for row in build_board(found, metrics_of(found)[0], level).rows]
        for level in (1, 2)
    }
    assert "additive" in named[2]
    assert named[1] == [name for name in named[2] if name != "additive"]


def test_a_failure_counts_for_the_levels_of_its_unit_alone(make_results):
    results = make_results(levels=(1, 2))
    unit = next(u for u in results.units if u.status == "failed")
    results = results.model_copy(
        update={
            "units": tuple(
                u.model_copy(update={"levels": (2,)}) if u == unit else u for u in results.units
            )
        }
    )
    states = {}
    for level in (1, 2):
        found = build_board(results, metrics_of(results)[0], level)
        states[level] = found.rows[0].cells[found.tasks.index("transfer")].state
    assert states == {1: "absent", 2: "failed"}


def test_seeds_are_named_only_where_there_are_several(results, make_results):
    assert next(entry.label for entry in entries_of(results)) == "mace-small"
    several = make_results(seeds=(0, 1))
    labels = [entry.label for entry in entries_of(several) if entry.role == "learned"]
    assert labels == ["mace-small, seed 0", "mace-small, seed 1"]


@pytest.mark.parametrize(("levels", "shown"), [((2,), 2), ((1, 2, 3), 2), ((1,), 1), ((3,), 3)])
def test_the_standard_level_is_shown_first(make_results, levels, shown):
    assert default_level(make_results(potentials=("additive",), levels=levels)) == shown


def test_a_number_tells_all_that_belongs_to_it(board):
    text = provenance_of(board.rows[0].cells[0], "ood")
    for part in (
        "mace-small on length, level 2",
        "66.5 meV/Å",
        "95 % interval 59.9 to 74.5",
        "mean absolute error over components",
        "gfn2-xtb",
        "600 OOD frames of 60 unseen molecules",
        "400 frames of 39 molecules, seed 0",
    ):
        assert part in text
    assert "1.90" in provenance_of(board.rows[0].cells[0], "gap")


def test_reactions_are_not_called_frames(results):
    metric = next(m for m in metrics_of(results) if m.name == "reaction_mae")
    text = provenance_of(build_board(results, metric, 2).rows[0].cells[0], "ood")
    assert "OOD reactions of" in text
    assert "OOD frames" not in text


def test_a_missing_value_says_so(results):
    metric = next(m for m in metrics_of(results) if m.name == "reaction_mae")
    cell = build_board(results, metric, 2).rows[0].cells[0]
    assert cell.metric.id is None
    assert "no ID value" in provenance_of(cell, "id")
    assert "no gap" in provenance_of(cell, "gap")


def test_frames_without_a_prediction_are_counted(results):
    score = results.scores[0].model_copy(update={"failed_frames": 3})
    metric = score.metric(MAIN_METRIC).model_copy(update={"gap": Interval(value=1.1)})
    score = score.model_copy(update={"metrics": (metric,)})
    cell = build_board(results.model_copy(update={"scores": (score,)}), metric, 2).rows[-1].cells[0]
    text = provenance_of(cell, "gap")
    assert "3 frames have no prediction" in text
    assert "none (fewer than two molecules)" in text


def test_what_went_wrong_the_same_way_on_several_tasks_is_said_once(results):
    failed = {"length": 3, "recombination": 3, "crossing": 1}
    scores = [s.model_copy(update={"failed_frames": failed.get(s.task, 0)}) for s in results.scores]
    changed = results.model_copy(update={"scores": tuple(scores)})
    row = build_board(changed, metrics_of(results)[0], 2).rows[0]
    assert row.notes == (
        "length, recombination: 3 test frames failed",
        "crossing: 1 test frame failed",
    )
