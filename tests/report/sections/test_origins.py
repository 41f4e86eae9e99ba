import pytest

from mlip_compose.report.page import render_report
from mlip_compose.report.sections.leaderboard import build_board, metrics_of, provenance_of
from mlip_compose.report.sections.origins import is_zero_shot, origin_note, origin_of, origins_of
from mlip_compose.report.sections.summary import answer
from mlip_compose.report.terminal import leaderboard_table

NOTE = "zero-shot: trained on wB97X/6-31G(d), judged by gfn2-xtb"
TUNED = "fine-tuned: pretrained on wB97X/6-31G(d), then trained on gfn2-xtb"


@pytest.fixture
def elsewhere(make_results):
    """A study in which mace-small was trained elsewhere, in one way or the other."""

    def make(**origin):
        results = make_results(failed=())

        def changed(runs):
            return tuple(
                run.model_copy(update=origin if run.potential == "mace-small" else {})
                for run in runs
            )

        dataset = results.dataset.model_copy(update={"reference": "gfn2-xtb"})
        return results.model_copy(
            update={
                "dataset": dataset,
                "scores": changed(results.scores),
                "units": changed(results.units),
            }
        )

    return make


def test_a_note_says_both_levels_of_theory():
    assert origin_note("wB97X/6-31G(d)", "", "gfn2-xtb") == NOTE
    assert origin_note("", "wB97X/6-31G(d)", "gfn2-xtb") == TUNED
    assert origin_note("", "", "gfn2-xtb") == ""


def test_only_rows_from_elsewhere_have_a_note(elsewhere):
    results = elsewhere(level_of_theory="wB97X/6-31G(d)")
    ((entry, note),) = origins_of(results).items()
    assert (entry.label, note) == ("mace-small", NOTE)
    board = build_board(results, metrics_of(results)[0], 2)
    for row in board.rows:
        assert is_zero_shot(results, row.entry) == (row.entry.potential == "mace-small")
        assert bool(origin_of(results, row.entry)) == (row.entry.potential == "mace-small")


def test_the_page_and_the_terminal_show_it(elsewhere):
    for origin, note in (
        ({"level_of_theory": "wB97X/6-31G(d)"}, NOTE),
        ({"pretrained_on": "wB97X/6-31G(d)"}, TUNED),
    ):
        results = elsewhere(**origin)
        assert f'<span class="limits">{note}</span>' in render_report(results)
        assert str(leaderboard_table(results).caption) == f"mace-small: {note}"


def test_without_such_potentials_nothing_is_said(results):
    page = render_report(results)
    assert "judged by" not in page
    assert "zero-shot" not in page
    assert leaderboard_table(results).caption is None


def test_the_answer_does_not_call_it_trained_here(elsewhere):
    said = " ".join(answer(elsewhere(level_of_theory="wB97X/6-31G(d)"), 2).sentences)
    assert f"mace-small ({NOTE}) has OOD force errors of" in said
    assert "force error of mace-small is larger on unseen molecules" not in said
    tuned = " ".join(answer(elsewhere(pretrained_on="wB97X/6-31G(d)"), 2).sentences)
    assert "mace-small" in tuned
    assert "judged by" not in tuned


def test_a_number_says_where_its_potential_was_trained(elsewhere):
    for origin, fragment in (
        ({"level_of_theory": "x"}, "trained elsewhere, on x, with element offsets from"),
        ({"pretrained_on": "x"}, "pretrained on x, trained on"),
    ):
        results = elsewhere(**origin)
        board = build_board(results, metrics_of(results)[0], 2)
        (row,) = [row for row in board.rows if row.entry.potential == "mace-small"]
        assert fragment in provenance_of(row.cells[0], "ood")
