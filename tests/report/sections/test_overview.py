from mlip_compose.report.sections.leaderboard import build_board, metrics_of
from mlip_compose.report.sections.overview import may_be_trusted, where_it_fails


def certified(results, **changes):
    certificates = tuple(c | changes.get(c["task"], {}) for c in results.certificates)
    return results.model_copy(update={"certificates": certificates})


def test_the_worst_molecule_is_named_where_nothing_else_is_known(results):
    (found,) = where_it_fails(build_board(results, metrics_of(results)[0], 2))
    assert found.sentence.startswith("mace-small has its largest gap, 2.30, on recombination. Of ")
    assert found.sentence.endswith(" meV/Å.")
    assert found.places == ()


def test_without_errors_of_molecules_the_task_alone_is_named(results):
    bare = tuple(score.model_copy(update={"molecules": ()}) for score in results.scores)
    changed = results.model_copy(update={"scores": bare})
    (found,) = where_it_fails(build_board(changed, metrics_of(results)[0], 2))
    assert found.sentence == "mace-small has its largest gap, 2.30, on recombination."


def test_feasibility_rows_are_not_said_to_fail(make_results):
    results = make_results(potentials=("composition", "additive"))
    assert where_it_fails(build_board(results, metrics_of(results)[0], 2)) == ()


def test_a_sound_test_is_said_to_be_sound(results):
    assert may_be_trusted(results, 2) == (
        "What training shows of the parts of the unseen molecules: on every task every atom with "
        "all that is within 2 bonds of it (coverage radius 2).",
        "No unseen molecule and no test frame was in training.",
    )


def test_of_a_task_that_trains_on_nothing_nothing_else_is_said(results):
    changed = certified(results, length={"train_molecules": []})
    first, _ = may_be_trusted(changed, 2)
    assert first.endswith("On length nothing is trained: all its molecules are a test.")
    assert "on every task" not in first
    alone = certified(results, **{c["task"]: {"train_molecules": []} for c in results.certificates})
    assert may_be_trusted(alone, 2)[0].startswith("On ")


def test_tasks_that_show_less_and_leaks_are_named(results):
    changed = certified(
        results,
        length={"coverage_radius": -1},
        crossing={"coverage_radius": 0, "leaks": [{"reason": "A is in training"}]},
        transfer={"coverage_radius": 1},
    )
    shown, leaks = may_be_trusted(changed, 2)
    assert "on length not even every element; on crossing every element, but not" in shown
    assert "on transfer every atom with all that is within 1 bond of it" in shown
    assert leaks.startswith("Part of the test was in training on crossing")


def test_without_a_certificate_that_is_said(results):
    assert may_be_trusted(results, 3) == ("No certificate is among the results.",)
