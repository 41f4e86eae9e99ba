import io

import pytest
from builders import ceiling_metric, ceiling_score, interval
from whole_page import whole

from mlip_compose.core.records import Interval
from mlip_compose.evaluation.ceiling import CeilingSummary
from mlip_compose.evaluation.results import SeedSummary, SeedValue
from mlip_compose.report.figures.style import styles_of
from mlip_compose.report.page import render_report
from mlip_compose.report.sections.ceilings import ceiling_rows, ceiling_text, ceilings_of
from mlip_compose.report.sections.gaps import gap_caption, gap_figure
from mlip_compose.report.sections.leaderboard import build_board, entries_of, metrics_of
from mlip_compose.report.sections.summary import answer
from mlip_compose.report.terminal import leaderboard_table

HOSTILE = "</script><script>alert(1)</script>"
FRAMES = ("forces_mae", "forces_rmse", "energy_mae_per_atom")


def ceiling(score, names=FRAMES):
    gap = interval(1.25, 1.17, 1.34)
    return ceiling_score(score, tuple(ceiling_metric(score.metric(name), gap) for name in names))


def with_ceilings(results, failed=()):
    """Every training has a ceiling; of the potentials named it failed."""
    units = tuple(
        unit.model_copy(
            update={
                "id": f"{unit.id}-ceiling",
                "ceiling": True,
                "status": "failed" if unit.potential in failed else unit.status,
                "reason": "it diverged" if unit.potential in failed else unit.reason,
            }
        )
        for unit in results.units
    )
    scores = tuple(ceiling(s) for s in results.scores if s.potential not in failed)
    return results.model_copy(update={"units": results.units + units, "ceilings": scores})


@pytest.fixture(scope="module")
def study(results):
    return with_ceilings(results)


def board_of(results, metric="forces_mae"):
    return build_board(results, next(m for m in metrics_of(results) if m.name == metric), 2)


def cell(results, potential, task="length", metric="forces_mae"):
    board = board_of(results, metric)
    row = next(row for row in board.rows if row.entry.potential == potential)
    return ceilings_of(results, board)[task, row.entry]


def test_each_number_is_that_of_the_ceiling_score(study):
    found = cell(study, "additive")
    assert found.gap == Interval(value=1.25, low=1.17, high=1.34)
    for part in (
        "additive on length, level 2: ceiling gap of Force MAE 1.25",
        "95 % interval 1.17 to 1.34",
        "meV/Å",
        "60 unseen molecules",
        "150 of the ceiling's 400 training frames",
        "gfn2-xtb",
        "seed 0",
        "1000 resamples",
    ):
        assert part in found.note


def test_frames_that_are_left_out_are_counted(study):
    assert "left out" not in cell(study, "additive").note
    scores = tuple(score.model_copy(update={"failed_frames": 7}) for score in study.ceilings)
    note = cell(study.model_copy(update={"ceilings": scores}), "additive").note
    assert note.endswith("7 frames that one of the two failed on are left out.")


def test_a_metric_without_a_ceiling_says_so(study):
    found = cell(study, "additive", metric="reaction_mae")
    assert (found.gap, found.ood) == (None, None)
    assert "no ceiling of Reaction energy MAE" in found.note


def test_a_metric_without_a_ceiling_gap_says_so_and_has_a_dash(study):
    bare = tuple(
        score.model_copy(
            update={
                "metrics": tuple(
                    metric.model_copy(update={"gap": None, "ceiling": None})
                    for metric in score.metrics
                )
            }
        )
        for score in study.ceilings
    )
    without = study.model_copy(update={"ceilings": bare})
    found = cell(without, "additive")
    assert found.note == "additive on length, level 2: no ceiling gap of Force MAE."
    (row, *_) = ceiling_rows(ceilings_of(without, board_of(without)))
    assert row[3:] == ("–", "–")
    assert row[2] != "–"


def test_a_ceiling_that_failed_says_so_and_leaves_the_score(results):
    study = with_ceilings(results, failed=("additive",))
    assert "the ceiling failed: it diverged" in cell(study, "additive").note
    row = next(row for row in board_of(study).rows if row.entry.potential == "additive")
    assert {found.state for found in row.cells} == {"scored"}
    assert "the ceiling of additive on length: it diverged" in answer(study, 2).cautions[0]


def test_a_study_without_ceilings_has_none(results):
    board = board_of(results)
    assert ceilings_of(results, board) == {}
    styles = styles_of(entries_of(results))
    assert gap_figure(board, styles, {}) == gap_figure(board, styles)
    assert "ceiling" not in gap_caption(board, {})


def test_the_figure_has_an_open_mark_below_each_gap(study):
    board = board_of(study)
    ceilings = ceilings_of(study, board)
    figure = gap_figure(board, styles_of(entries_of(study)), ceilings)
    gaps, below = figure["data"][0::2], figure["data"][1::2]
    assert len(gaps) == len(below) == 3
    for gap, under in zip(gaps, below, strict=True):
        assert under["marker"]["symbol"] == gap["marker"]["symbol"] + "-open"
        assert len(under["x"]) == len(gap["x"]) > 2
        assert all(low > high for low, high in zip(under["y"], gap["y"], strict=True))
        assert set(under["x"]) == {1.25}
    assert "ceiling gap 1.25 (1.17 to 1.34)" in gap_caption(board, ceilings)


def test_rows_and_text(study):
    rows = ceiling_rows(ceilings_of(study, board_of(study)))
    assert [row[0] for row in rows[:3]] == ["length"] * 3
    assert len(rows) == 11  # four tasks, three potentials, one of which failed on one task
    assert rows[0][4] == "1.25 (1.17 to 1.34)"
    assert ceiling_text(cell(study, "additive")) == "1.25 [1.17 to 1.34]"
    assert ceiling_text(None) == "–"


def printed(results):
    from rich.console import Console

    output = io.StringIO()
    Console(file=output, width=200).print(leaderboard_table(results))
    return output.getvalue()


def test_the_terminal_has_both_gaps(study, results):
    assert "ceiling gap" in printed(study)
    assert "1.25 [1.17 to 1.34]" in printed(study)
    assert "ceiling" not in printed(results)


def test_the_page_has_both_gaps(study, results):
    text = whole(render_report(study))
    assert "without / with" in text
    assert "1.17–1.34" in text
    assert "<dt>ceiling gap</dt>" in text
    assert "times its ceiling" in text
    assert "additive, ceiling</td>" in text
    without = render_report(results)
    assert "without / with" not in without
    assert "<dt>ceiling gap</dt>" not in without


def test_names_are_escaped(study):
    named = study.model_copy(
        update={
            key: tuple(
                part.model_copy(update={"potential": HOSTILE})
                if part.potential == "additive"
                else part
                for part in getattr(study, key)
            )
            for key in ("units", "scores", "ceilings")
        }
    )
    text = whole(render_report(named))
    assert HOSTILE not in text
    assert text.count("<script>") == render_report(study).count("<script>")


def test_the_mean_over_seeds_stands_in_the_row_of_a_potential(make_results):
    study = with_ceilings(make_results(seeds=(0, 1), potentials=("additive",), failed=()))
    gap = SeedValue(mean=Interval(value=1.3, low=1.2, high=1.4), sd=0.07)
    example = {"role": "feasibility", "train_frames": 400, "seeds": (0, 1), "level": 2}
    summaries, ceilings = [], []
    for score in study.scores[::2]:
        metric = score.metric("forces_mae")
        common = {
            **example,
            "task": score.task,
            "potential": "additive",
            "metric": "forces_mae",
            "label": metric.label,
            "unit": metric.unit,
            "aggregation": metric.aggregation,
            "ood": SeedValue(mean=metric.ood, sd=1.0),
            "gap": gap,
        }
        summaries.append(SeedSummary(**common, id=None, failed_frames=0))
        ceilings.append(
            CeilingSummary(**common, ceiling=SeedValue(mean=metric.ood, sd=1.0), molecules=60)
        )
    study = study.model_copy(
        update={"seed_summaries": tuple(summaries), "ceiling_summaries": tuple(ceilings)}
    )
    found = cell(study, "additive")
    assert (found.gap.value, found.sd) == (1.3, 0.07)
    assert "mean over seeds 0, 1 with a standard deviation of 0.07" in found.note
    assert ceiling_text(found) == "1.30 ± 0.07 [1.20 to 1.40]"
    text = whole(render_report(study))
    assert "± 0.07" in text
    one = tuple(
        summary.model_copy(update={"gap": SeedValue(mean=gap.mean)})
        for summary in study.ceiling_summaries
    )
    note = cell(study.model_copy(update={"ceiling_summaries": one}), "additive").note
    assert "mean over seeds 0, 1; " in note
    assert "1.17–1.34" in text  # of the single seeds
