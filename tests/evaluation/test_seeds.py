import numpy as np
import pytest

from mlip_compose.core.errors import RequestError
from mlip_compose.evaluation.score import score
from mlip_compose.evaluation.seeds import seed_summaries, summarise_seeds

TRAIN = [f"H-{n}-H" for n in range(1, 7)]
OOD = [f"OH-{n}-H" for n in range(1, 9)]
HARD = np.linspace(0.2, 2.0, 8)  # eV/Angstrom


@pytest.fixture
def scored(header, molecule, compare):
    def make(id_error, ood_errors, **changes):
        comparisons = [compare(molecule(name), "id", [0.0, 0.0], id_error) for name in TRAIN]
        comparisons += [
            compare(molecule(name), "ood", [0.0, 0.0], error)
            for name, error in zip(OOD, ood_errors, strict=True)
        ]
        return score(header(**changes), comparisons, train=TRAIN, ood=OOD, resamples=300)

    return make


def test_mean_and_spread_over_seeds_by_hand(scored):
    scores = [scored(0.1 * (1 + s), HARD + 0.05 * s, seed=s) for s in (0, 1, 2)]
    values = [s.metric("forces_mae") for s in scores]
    summary = summarise_seeds(scores, "forces_mae")
    assert summary.seeds == (0, 1, 2)
    assert summary.id.mean.value == pytest.approx(200.0)  # 100, 200, 300
    assert summary.id.sd == pytest.approx(100.0)
    assert summary.ood.mean.value == pytest.approx(values[1].ood.value)
    assert summary.ood.sd == pytest.approx(50.0)
    assert summary.gap.mean.value == pytest.approx(np.mean([v.gap.value for v in values]))
    assert summary.gap.sd == pytest.approx(np.std([v.gap.value for v in values], ddof=1))


def test_the_interval_is_that_of_molecules_and_knows_no_seeds(scored):
    """Seeds that differ by a constant leave the molecules' interval as wide as one seed's."""
    scores = [scored(0.1, HARD + 0.3 * s, seed=s) for s in (0, 1, 2)]
    one = scores[1].metric("forces_mae").ood
    summary = summarise_seeds(scores, "forces_mae")
    assert summary.ood.mean.low == pytest.approx(one.low)
    assert summary.ood.mean.high == pytest.approx(one.high)
    assert summary.ood.sd == pytest.approx(300.0)
    assert summary.id.sd == pytest.approx(0.0, abs=1e-9)


def test_a_single_seed_has_no_spread(scored):
    only = scored(0.1, HARD)
    summary = summarise_seeds([only], "forces_rmse")
    metric = only.metric("forces_rmse")
    assert summary.ood.sd is None
    assert (summary.id.mean, summary.ood.mean, summary.gap.mean) == (
        metric.id,
        metric.ood,
        metric.gap,
    )


def test_molecules_that_a_seed_failed_on_are_left_out_of_all(scored):
    broken = np.where(np.arange(8) == 7, np.nan, HARD)
    summary = summarise_seeds(
        [scored(0.1, HARD, seed=0), scored(0.1, broken, seed=1)], "forces_mae"
    )
    assert summary.ood.sd == 0.0
    assert summary.failed_frames == 2
    nothing = summarise_seeds(
        [scored(0.1, HARD, seed=0), scored(0.1, [np.nan] * 8, seed=1)], "forces_mae"
    )
    assert nothing.ood is nothing.gap is None
    assert nothing.id is not None


def test_summaries_group_by_potential_split_and_budget(scored):
    scores = [
        scored(0.1, HARD, potential=potential, level=level, seed=seed)
        for potential in ("additive", "mace-small")
        for level in (1, 2)
        for seed in (0, 1)
    ]
    scores.append(scored(0.1, HARD, potential="additive", level=1, train_frames=50))
    summaries = seed_summaries(scores, ["forces_mae"])
    assert [(s.potential, s.level, s.train_frames, s.seeds) for s in summaries] == [
        ("additive", 1, 400, (0, 1)),
        ("additive", 2, 400, (0, 1)),
        ("mace-small", 1, 400, (0, 1)),
        ("mace-small", 2, 400, (0, 1)),
        ("additive", 1, 50, (0,)),
    ]


def test_what_cannot_be_summarised_is_refused(scored):
    with pytest.raises(RequestError, match="found none"):
        summarise_seeds([], "forces_mae")
    with pytest.raises(RequestError, match=r"the seeds \[0, 0\]"):
        summarise_seeds([scored(0.1, HARD), scored(0.1, HARD)], "forces_mae")
    with pytest.raises(RequestError, match="level 2 and 1"):
        summarise_seeds([scored(0.1, HARD), scored(0.1, HARD, seed=1, level=1)], "forces_mae")
