import pytest

from mlip_compose.core.records import Interval
from mlip_compose.report.sections.summary import answer


def change_gaps(results, potential, **gap):
    """Return the results with another gap of the force error of a potential on every task."""
    scores = []
    for score in results.scores:
        if score.potential == potential:
            metrics = [
                m.model_copy(update={"gap": Interval(**gap)}) if m.name == "forces_mae" else m
                for m in score.metrics
            ]
            score = score.model_copy(update={"metrics": tuple(metrics)})
        scores.append(score)
    return results.model_copy(update={"scores": tuple(scores)})


def test_the_largest_gap_is_named_with_its_interval(results):
    first = answer(results, 2).sentences[0].replace("\u00a0", " ")
    assert first == (
        "At level 2, the force error of mace-small is larger on unseen molecules than on its "
        "training molecules on all 3 tasks that were scored: most on recombination, 2.30 times as "
        "large (95 % interval 2.07 to 2.53)."
    )


def test_a_gap_whose_interval_includes_1_is_not_called_larger(results):
    unclear = change_gaps(results, "mace-small", value=1.2, low=0.9, high=1.5)
    first = answer(unclear, 2).sentences[0]
    assert "not clearly larger" in first
    assert "1.20 on length" in first


def test_a_gap_without_interval_is_not_called_larger(results):
    unclear = change_gaps(results, "mace-small", value=1.8)
    first = answer(unclear, 2).sentences[0]
    assert "not clearly larger" in first
    assert "interval" not in first


def test_the_gaps_of_the_feasibility_row_say_what_the_tasks_need(results):
    assert any(
        "additive" in text and "gaps of 1.02 to 1.12: no task needs a larger gap" in text
        for text in answer(results, 2).sentences
    )


def test_a_large_gap_of_the_feasibility_row_is_a_caution(results):
    hard = change_gaps(results, "additive", value=1.9, low=1.7, high=2.1)
    text = next(t for t in answer(hard, 2).sentences if t.startswith("additive"))
    assert "not by itself a sign of interpolation" in text
    assert "needs a larger gap" not in text


def test_several_feasibility_rows_share_a_sentence(make_results):
    """Of several, submissions among them, a task needs the least gap."""
    both = make_results(potentials=("additive", "richer", "mace-small"))
    scores = tuple(
        score.model_copy(update={"role": "feasibility"}) if score.potential == "richer" else score
        for score in both.scores
    )
    both = both.model_copy(update={"scores": scores})
    both = change_gaps(change_gaps(both, "additive", value=1.9), "richer", value=1.2)
    sentences = answer(both, 2).sentences
    (text,) = (each for each in sentences if "made of parts" in each)
    assert text.startswith("additive and richer, which are made of parts")
    assert "gaps of 1.90 and 1.20: no task needs a larger gap than the smaller of these" in text
    assert sum("A gap is not an error" in each for each in sentences) == 1


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(5.0, 9.0, "larger"), (-9.0, -5.0, "smaller"), (-5.0, 5.0, "not distinguishable")],
)
def test_errors_are_compared_in_pairs_on_the_same_molecules(results, low, high, word):
    pairs = tuple(
        pair.model_copy(update={"difference": Interval(value=(low + high) / 2, low=low, high=high)})
        for pair in results.pairs
        if (pair.a, pair.b) == ("additive", "mace-small")
    )
    text = answer(results.model_copy(update={"pairs": pairs}), 2).sentences[-1]
    assert f"that of mace-small is {word} on all 3 tasks" in text


def test_many_potentials_get_one_sentence(make_results):
    names = ("additive", "mace-small", "p1", "p2")
    sentences = answer(make_results(potentials=names), 2).sentences
    assert "3 of 3 trained potentials" in sentences[0]
    assert sum("At level 2" in text for text in sentences) == 1


def test_failures_and_single_seeds_are_cautions(results, make_results):
    cautions = answer(results, 2).cautions
    assert "1 of 12 units of work failed" in cautions[0]
    assert "NaN at step 312" in cautions[0]
    assert "trained once (seed 0)" in cautions[1]
    assert answer(make_results(seeds=(0, 1), failed=()), 2).cautions == ()


def test_each_task_has_its_lines(results):
    tasks = {task.task: task for task in answer(results, 2).tasks}
    line = tasks["length"].lines[0]
    assert (line.gap, line.limits, line.errors) == ("1.90", "1.71 to 2.09", "35.0 → 66.5 meV/Å")
    assert line.novel == "2.28"
    assert "NaN" in tasks["transfer"].lines[0].failure


def test_without_any_score_the_answer_says_so(results):
    empty = results.model_copy(update={"scores": ()})
    assert answer(empty, 2).sentences == ("No unit of work gave a force error.",)
