import numpy as np
import pytest

from mlip_compose.core.errors import RequestError
from mlip_compose.evaluation.paired import paired_difference
from mlip_compose.evaluation.ranking import rank, rankings
from mlip_compose.evaluation.score import score

TRAIN = [f"H-{n}-H" for n in range(1, 7)]
OOD = [f"OH-{n}-H" for n in range(1, 9)]
HARD = np.linspace(0.2, 2.0, 8)  # eV/Angstrom


@pytest.fixture
def scored(header, molecule, compare):
    def make(potential, ood_errors, id_error=0.1, **changes):
        comparisons = [compare(molecule(name), "id", [0.0, 0.0], id_error) for name in TRAIN]
        comparisons += [
            compare(molecule(name), "ood", [0.0, 0.0], error)
            for name, error in zip(OOD, ood_errors, strict=True)
        ]
        changes = {"role": "learned", "potential": potential} | changes
        return score(header(**changes), comparisons, train=TRAIN, ood=OOD, resamples=1_000)

    return make


def test_potentials_that_are_apart_on_every_molecule_are_ranked_for_sure(scored):
    """Their errors overlap, molecule by molecule they do not: pairing is what tells them apart."""
    found = rank(
        [scored("c", 1.2 * HARD), scored("a", HARD), scored("b", 1.1 * HARD)], "forces_mae"
    )
    assert [(p.potential, p.rank, p.low, p.high) for p in found.potentials] == [
        ("a", 1, 1, 1),
        ("b", 2, 2, 2),
        ("c", 3, 3, 3),
    ]
    assert [p.best for p in found.potentials] == [1.0, 0.0, 0.0]
    assert [p.ahead for p in found.potentials] == [1.0, 1.0, None]
    assert (found.quantity, found.unit, found.molecules) == ("ood", "meV/Å", 8)


def test_potentials_that_differ_from_molecule_to_molecule_are_not(scored):
    other = HARD + 0.3 * np.array([1, -1, -1, 1, 1, -1, -1, 1.1])
    a, b = scored("a", HARD), scored("b", other)
    found = rank([b, a], "forces_mae")
    best = found.potentials[0]
    assert best.potential == "a"
    assert (best.low, best.high) == (1, 2)
    assert 0.3 < best.best < 0.8
    assert sum(p.best for p in found.potentials) == pytest.approx(1.0)
    assert best.ahead == pytest.approx(best.best)
    assert best.ahead == pytest.approx(paired_difference(a, b, "forces_mae").probability)


def test_equal_potentials_share_rank_and_probability(scored):
    found = rank([scored("a", HARD), scored("b", HARD), scored("c", 2 * HARD)], "forces_mae")
    assert [p.rank for p in found.potentials] == [1, 1, 3]
    assert [p.best for p in found.potentials] == [0.5, 0.5, 0.0]
    assert [p.ahead for p in found.potentials] == [0.5, 1.0, None]


def test_the_gap_can_order_otherwise_than_the_error(scored):
    scores = [scored("accurate", HARD, 0.05), scored("even", 2 * HARD, 0.4)]
    assert rank(scores, "forces_mae", "ood").potentials[0].potential == "accurate"
    by_gap = rank(scores, "forces_mae", "gap")
    assert by_gap.potentials[0].potential == "even"
    assert by_gap.unit == "1"
    assert by_gap.potentials[0].value == pytest.approx(scores[1].metric("forces_mae").gap.value)


def test_seeds_are_averaged(scored):
    a = [scored("a", HARD + 0.2 * seed, seed=seed) for seed in (0, 1, 2)]
    found = rank([*a, scored("b", HARD + 0.25)], "forces_mae")
    assert [p.potential for p in found.potentials] == ["a", "b"]
    assert found.potentials[0].seeds == (0, 1, 2)
    assert found.potentials[0].value == pytest.approx(a[1].metric("forces_mae").ood.value)
    assert found.potentials[0].best == 1.0


def test_who_has_no_value_is_named_and_molecules_that_one_lacks_are_left_out_of_all(scored):
    broken = np.where(np.arange(8) == 7, np.nan, 0.9 * HARD)
    nothing = scored("c", [np.nan] * 8)
    found = rank([scored("a", HARD), scored("b", broken), nothing], "forces_mae")
    assert [p.potential for p in found.potentials] == ["b", "a"]
    assert found.without_value == ("c",)
    assert found.left_out == ("OH-8-H",)
    assert found.molecules == 7
    assert rank([scored("a", HARD), nothing], "forces_mae") is None


def test_potentials_that_share_no_molecule_are_not_ranked(scored):
    halves = [np.where((np.arange(8) < 4) == first, HARD, np.nan) for first in (True, False)]
    scores = [scored(name, errors) for name, errors in zip("ab", halves, strict=True)]
    assert rank(scores, "forces_mae") is None


def test_rankings_are_of_one_split_and_know_no_scale_row(scored):
    scores = [
        scored(name, factor * HARD, task=task)
        for task in ("length", "transfer")
        for name, factor in (("a", 1.0), ("b", 2.0))
    ]
    scale = scored("composition", HARD, role="scale")
    found = rankings([*scores, scale], ["forces_mae"])
    assert [(r.task, r.quantity, len(r.potentials)) for r in found] == [
        ("length", "ood", 2),
        ("length", "gap", 2),
        ("transfer", "ood", 2),
        ("transfer", "gap", 2),
    ]
    with pytest.raises(RequestError, match="scale row composition"):
        rank([*scores[:2], scale], "forces_mae")
