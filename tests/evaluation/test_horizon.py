import pytest
from builders import interval, metric, score, seed_summary, seed_value

from mlip_compose.evaluation.horizon import HORIZON_GAP, horizon, horizons


def scored(level, gap, name="forces_mae", **changes):
    ood = gap and interval(10.0 * gap.value)
    return score(level=level, metrics=(metric(name, ood=ood, gap=gap),), **changes)


@pytest.mark.parametrize(
    ("gaps", "expected", "certain"),
    [
        ({1: (2.0, 1.8, 2.2), 2: (1.3, 1.2, 1.4), 3: (1.1, 1.0, 1.2)}, 2, True),
        ({1: (2.0, 1.8, 2.2), 2: (1.3, 1.2, 1.6), 3: (1.1, 1.0, 1.2)}, 2, False),
        ({1: (1.4, 1.3, 1.45), 2: (1.7, 1.6, 1.8)}, 1, True),  # not monotonic: still the smallest
        ({1: (1.5, 1.4, 1.5), 2: (1.0, 1.0, 1.0)}, 1, True),  # the threshold itself counts
        ({1: (1.51, 1.4, 1.6), 2: (1.6, 1.5, 1.7)}, None, None),
        ({1: (1.2, None, None), 2: (1.1, 1.0, 1.2)}, 1, False),  # one molecule: nothing is certain
        ({1: (None,), 2: (1.1, 1.0, 1.2)}, 2, True),
        ({1: (None,), 2: (None,)}, None, None),
    ],
)
def test_the_horizon_is_the_smallest_level_with_a_small_gap(gaps, expected, certain):
    scores = [scored(level, interval(*gap)) for level, gap in gaps.items()]
    for order in (scores, scores[::-1]):
        found = horizon(order)
        assert (found.horizon, found.certain) == (expected, certain)
        assert [point.level for point in found.points] == sorted(gaps)
        assert found.threshold == HORIZON_GAP == 1.5


def test_points_carry_the_certified_radius_and_the_errors():
    found = horizon(
        [scored(1, interval(2.0), coverage_radius=0), scored(3, interval(1.2), coverage_radius=3)]
    )
    assert [point.coverage_radius for point in found.points] == [0, 3]
    assert [point.ood.value for point in found.points] == [20.0, 12.0]
    assert (found.unit, found.metric) == ("meV/Å", "forces_mae")


def test_potentials_tasks_and_seeds_are_apart():
    """And levels belong together though they train on different numbers of frames."""
    scores = [
        scored(level, interval(gap), potential=potential, task=task, seed=seed)
        for potential, task, seed, gaps in (
            ("p", "length", 0, (2.0, 1.2)),
            ("p", "length", 1, (1.2, 1.1)),
            ("p", "transfer", 0, (2.0, 2.0)),
            ("q", "length", 0, (1.0, 1.0)),
        )
        for level, gap in zip((1, 2), gaps, strict=True)
    ]
    found = {(h.potential, h.task, h.seed): h.horizon for h in horizons(scores)}
    assert found == {
        ("p", "length", 0): 2,
        ("p", "length", 1): 1,
        ("p", "transfer", 0): None,
        ("q", "length", 0): 1,
    }


def test_one_level_has_no_horizon():
    assert horizons([scored(2, interval(1.1)), scored(2, interval(1.1), potential="q")]) == ()


def test_a_metric_that_a_level_lacks_is_passed_over():
    scores = [scored(1, interval(1.1)), scored(2, interval(1.1), name="energy_mae_per_atom_within")]
    assert horizons(scores) == ()
    assert len(horizons([scored(1, interval(1.1)), scored(2, interval(1.1))])) == 1


def test_means_over_seeds_have_a_horizon_of_their_own():
    scores = [
        scored(level, interval(gap), seed=seed, coverage_radius=level - seed)
        for level, gaps in ((1, (1.4, 2.0)), (2, (1.1, 1.2)))
        for seed, gap in enumerate(gaps)
    ]
    summaries = [
        seed_summary(score(level=level, metrics=(metric(name),)), name, gap=seed_value(gap))
        for level, gap, name in (
            (1, interval(1.7, 1.6, 1.8), "forces_mae"),
            (2, interval(1.15, 1.1, 1.2), "forces_mae"),
            (2, interval(1.15), "energy_mae_per_atom"),
        )
    ]
    found = {h.seed: h for h in horizons(scores, summaries)}
    assert {seed: h.horizon for seed, h in found.items()} == {0: 1, 1: 2, None: 2}
    assert found[None].certain
    assert [point.coverage_radius for point in found[None].points] == [0, 1]  # the smaller of two
