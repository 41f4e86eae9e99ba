import pytest

from mlip_compose.core.documents import Interval
from mlip_compose.evaluation.horizon import HORIZON_GAP, horizon, horizons
from mlip_compose.evaluation.results import Metric, Score, SeedSummary, SeedValue


def gap_of(value, low=None, high=None):
    return None if value is None else Interval(value=value, low=low, high=high)


def make(level, gap, potential="p", task="length", seed=0, name="forces_mae", radius=None):
    metric = Metric(
        name=name,
        label="Force MAE",
        unit="meV/Å",
        aggregation="mean",
        id=Interval(value=10.0),
        ood=gap and Interval(value=10.0 * gap.value),
        gap=gap,
        id_frames=10,
        ood_frames=10,
        id_molecules=5,
        ood_molecules=5,
    )
    return Score(
        task=task,
        level=level,
        coverage_radius=level if radius is None else radius,
        potential=potential,
        role="learned",
        seed=seed,
        dataset="d",
        dataset_sha256="0",
        reference="r",
        train_frames=40 * level,
        train_molecules=5,
        resamples=10,
        confidence=0.95,
        metrics=(metric,),
        molecules=(),
        failed_frames=0,
    )


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
    scores = [make(level, gap_of(*gap)) for level, gap in gaps.items()]
    for order in (scores, scores[::-1]):
        found = horizon(order)
        assert (found.horizon, found.certain) == (expected, certain)
        assert [point.level for point in found.points] == sorted(gaps)
        assert found.threshold == HORIZON_GAP == 1.5


def test_points_carry_the_certified_radius_and_the_errors():
    found = horizon([make(1, gap_of(2.0), radius=0), make(3, gap_of(1.2), radius=3)])
    assert [point.coverage_radius for point in found.points] == [0, 3]
    assert [point.ood.value for point in found.points] == [20.0, 12.0]
    assert (found.unit, found.metric) == ("meV/Å", "forces_mae")


def test_potentials_tasks_and_seeds_are_apart():
    """And levels belong together though they train on different numbers of frames."""
    scores = [
        make(level, gap_of(gap), potential, task, seed)
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
    assert horizons([make(2, gap_of(1.1)), make(2, gap_of(1.1), "q")]) == ()


def test_a_metric_that_a_level_lacks_is_passed_over():
    scores = [make(1, gap_of(1.1)), make(2, gap_of(1.1), name="energy_mae_per_atom_within")]
    assert horizons(scores) == ()
    assert len(horizons([make(1, gap_of(1.1)), make(2, gap_of(1.1))])) == 1


def summary(level, gap, metric="forces_mae"):
    value = gap and SeedValue(mean=gap, sd=0.1)
    return SeedSummary(
        task="length",
        level=level,
        potential="p",
        role="learned",
        train_frames=40,
        seeds=(0, 1),
        metric=metric,
        label="Force MAE",
        unit="meV/Å",
        aggregation="mean",
        id=None,
        ood=None,
        gap=value,
        failed_frames=0,
    )


def test_means_over_seeds_have_a_horizon_of_their_own():
    scores = [
        make(level, gap_of(gap), seed=seed, radius=level - seed)
        for level, gaps in ((1, (1.4, 2.0)), (2, (1.1, 1.2)))
        for seed, gap in enumerate(gaps)
    ]
    summaries = [
        summary(1, gap_of(1.7, 1.6, 1.8)),
        summary(2, gap_of(1.15, 1.1, 1.2)),
        summary(2, gap_of(1.15), metric="energy_mae_per_atom"),
    ]
    found = {h.seed: h for h in horizons(scores, summaries)}
    assert {seed: h.horizon for seed, h in found.items()} == {0: 1, 1: 2, None: 2}
    assert found[None].certain
    assert [point.coverage_radius for point in found[None].points] == [0, 1]  # the smaller of two
