from typing import get_args

import numpy as np
import pytest

from mlip_compose.core.errors import RequestError, UnknownNameError
from mlip_compose.evaluation.bootstrap import draw_counts
from mlip_compose.evaluation.paired import Quantity, paired_difference, paired_differences
from mlip_compose.evaluation.results import Score
from mlip_compose.evaluation.score import score

TRAIN = [f"H-{n}-H" for n in range(1, 7)]
OOD = [f"OH-{n}-H" for n in range(1, 9)]


@pytest.fixture
def scored(header, molecule, compare):
    """Score a potential whose force error (eV/Angstrom) on each molecule is given."""

    def make(id_errors, ood_errors, **changes):
        comparisons = [
            compare(molecule(name), part, [error, -error], error)
            for part, names, errors in (("id", TRAIN, id_errors), ("ood", OOD, ood_errors))
            for name, error in zip(names, errors, strict=True)
        ]
        return score(header(**changes), comparisons, train=TRAIN, ood=OOD, resamples=500)

    return make


def test_equal_potentials_do_not_differ(scored):
    errors = np.linspace(0.1, 0.9, 6), np.linspace(0.2, 2.0, 8)
    a, b = scored(*errors, potential="a"), scored(*errors, potential="b")
    for quantity in ("ood", "gap"):
        pair = paired_difference(a, b, "forces_mae", quantity)
        assert pair.difference.model_dump() == {"value": 0.0, "low": 0.0, "high": 0.0}
        assert pair.probability == 0.5
        assert (pair.a, pair.b, pair.quantity, pair.left_out) == ("a", "b", quantity, ())


def test_what_both_find_hard_cancels(scored):
    """Errors that differ by a constant: a certain difference of two uncertain values."""
    ood = np.linspace(0.2, 2.0, 8)
    a = scored([0.1] * 6, ood, potential="a")
    b = scored([0.1] * 6, ood + 0.05, potential="b")
    pair = paired_difference(a, b, "forces_mae")
    spread = a.metric("forces_mae").ood
    assert spread.high - spread.low > 500  # meV/Angstrom
    assert pair.unit == "meV/Å"
    assert pair.difference.value == pytest.approx(50.0)
    assert (pair.difference.low, pair.difference.high) == pytest.approx((50.0, 50.0))
    assert pair.probability == 1.0
    back = paired_difference(b, a, "forces_mae")
    assert back.difference.value == pytest.approx(-50.0)
    assert back.probability == 0.0


def test_samples_are_differences_within_a_resample(scored):
    rng = np.random.default_rng(3)
    id_a, id_b = rng.uniform(0.1, 0.3, (2, 6))
    ood_a, ood_b = rng.uniform(0.2, 0.8, (2, 8))
    pair = paired_difference(scored(id_a, ood_a), scored(id_b, ood_b), "forces_rmse", "gap")
    id_counts, ood_counts = draw_counts(6, 500, 0, "id"), draw_counts(8, 500, 0, "ood")
    id_atoms = np.array([3 * n + 2 for n in range(1, 7)])
    ood_atoms = np.array([3 * n + 3 for n in range(1, 9)])

    def rmse(counts, atoms, errors):
        return np.sqrt((counts * atoms) @ errors**2 / (counts @ atoms))

    gap_a = rmse(ood_counts, ood_atoms, ood_a) / rmse(id_counts, id_atoms, id_a)
    gap_b = rmse(ood_counts, ood_atoms, ood_b) / rmse(id_counts, id_atoms, id_b)
    below = np.mean(gap_b - gap_a < pair.difference.low)
    assert below == np.mean(gap_b - gap_a > pair.difference.high)
    assert 0.0 < below < 0.02  # further out than 2.5 %, for six and eight molecules
    assert pair.probability == pytest.approx(np.mean(gap_a < gap_b))
    assert 0.0 < pair.probability < 1.0
    assert pair.unit == "1"


def test_pairs_follow_from_score_files(scored):
    a = scored([0.1] * 6, np.linspace(0.2, 2.0, 8), potential="a")
    b = scored([0.2] * 6, np.linspace(0.3, 1.0, 8), potential="b")
    a_read, b_read = (Score.model_validate_json(s.model_dump_json()) for s in (a, b))
    for quantity in get_args(Quantity):
        assert paired_difference(a_read, b_read, "forces_mae", quantity) == paired_difference(
            a, b, "forces_mae", quantity
        )


def test_molecules_that_one_failed_on_are_left_out_of_both(scored):
    ood = np.linspace(0.2, 2.0, 8)
    broken = np.where(np.arange(8) == 7, np.nan, ood + 0.1)
    a, b = scored([0.1] * 6, ood, potential="a"), scored([0.1] * 6, broken, potential="b")
    pair = paired_difference(a, b, "forces_mae")
    assert pair.left_out == ("OH-8-H",)
    assert pair.difference.value == pytest.approx(100.0)
    assert (pair.difference.low, pair.difference.high) == pytest.approx((100.0, 100.0))
    assert paired_difference(a, scored([np.nan] * 6, ood), "forces_mae").left_out == ()
    assert paired_difference(a, scored([np.nan] * 6, ood), "forces_mae", "gap") is None


def test_fewer_than_two_common_molecules_make_no_pair(scored):
    ood = np.linspace(0.2, 2.0, 8)
    one = np.where(np.arange(8) == 7, ood, np.nan)
    assert paired_difference(scored([0.1] * 6, ood), scored([0.1] * 6, one), "forces_mae") is None


@pytest.mark.parametrize(
    "changes", [{"task": "crossing"}, {"level": 1}, {"seed": 3}, {"dataset_sha256": "1" * 64}]
)
def test_scores_of_different_splits_are_not_compared(scored, changes):
    errors = [0.1] * 6, np.linspace(0.2, 2.0, 8)
    a, b = scored(*errors, potential="a"), scored(*errors, potential="b", **changes)
    with pytest.raises(RequestError, match=f"the same {next(iter(changes))} to compare"):
        paired_difference(a, b, "forces_mae")
    assert paired_differences([a, b], ["forces_mae"]) == ()


def test_scores_on_different_frames_are_not_compared(scored):
    errors = [0.1] * 6, np.linspace(0.2, 2.0, 8)
    a, b = scored(*errors, potential="a"), scored(*errors, potential="b")
    fewer = b.model_copy(update={"molecules": b.molecules[1:]})
    with pytest.raises(RequestError, match="same test frames"):
        paired_difference(a, fewer, "forces_mae")


def test_an_unknown_metric_is_refused(scored):
    a = scored([0.1] * 6, [0.2] * 8)
    with pytest.raises(UnknownNameError):
        paired_difference(a, a, "force_mae")


def test_all_pairs_of_a_split(scored):
    errors = [0.1] * 6, np.linspace(0.2, 2.0, 8)
    scores = [scored(*errors, potential=p, seed=s) for s in (0, 1) for p in "abc"]
    scores.append(scored(*errors, potential="d", train_frames=50))
    pairs = paired_differences(scores, ["forces_mae", "reaction_mae"])  # there are no reactions
    assert [(p.a, p.b, p.seed, p.quantity) for p in pairs] == [
        (a, b, seed, quantity)
        for seed in (0, 1)
        for a, b in (("a", "b"), ("a", "c"), ("b", "c"))
        for quantity in ("ood", "gap")
    ]
