"""A plan shows what it promises, costs what it says, and is the least where that is said."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from mlip_compose.core.errors import RequestError
from mlip_compose.molecules.cutting import capped, closed_part, cuttable_bonds
from mlip_compose.molecules.perception import molecule_of_smiles
from mlip_compose.planning import set_cover
from mlip_compose.planning.fragments import fragments_around
from mlip_compose.planning.plan import plan_labels
from mlip_compose.planning.seen import Environments, Interned, seen_in
from mlip_compose.planning.set_cover import cheapest_cover, greedy_cover, without_spare
from mlip_compose.store.catalogue import open_dataset

TARGETS = (
    "CC(=O)Oc1ccccc1C(=O)O",
    "O=[N+]([O-])c1ccccc1CCBr",
    "C[N+](C)(C)CC(=O)[O-]",
    "C1CCCCC1NC(=O)c1ccncc1",
)


@pytest.fixture(scope="module")
def training():
    return list(open_dataset("mini-v1").molecules.values())


@pytest.mark.parametrize("radius", [1, 2, 3])
def test_a_plan_shows_every_environment(radius, training):
    targets = [molecule_of_smiles(s) for s in TARGETS]
    plan = plan_labels(targets, training, radius)
    together = [*training, *(chosen.molecule for chosen in plan.chosen)]
    for seen in seen_in(targets, together, radius):
        assert seen.radii.min() == radius
    for left_out in plan.chosen:  # nothing in it is spare
        rest = [other for other in together if other is not left_out.molecule]
        assert min(s.radii.min() for s in seen_in(targets, rest, radius)) < radius
    assert plan.cost == pytest.approx(sum(c.molecule.n_atoms**2.5 for c in plan.chosen))
    assert plan.bound <= plan.cost * (1 + 1e-9)
    assert plan.cost <= plan.cost_of_targets * (1 + 1e-9)


def test_the_power_of_the_cost_says_which_plan_is_cheapest(training):
    """Labels that cost the same each are fewest; dear large molecules are taken in pieces."""
    targets = [molecule_of_smiles("CC(=O)Oc1ccccc1C(=O)OCCBr")]
    few, usual, small = (plan_labels(targets, training, 1, power=p) for p in (0, 2.5, 10))
    assert [chosen.source for chosen in few.chosen] == ["target"]
    assert few.cost == few.cost_of_targets == 1
    assert len(usual.chosen) > 1
    largest = [max(c.molecule.n_atoms for c in plan.chosen) for plan in (few, usual, small)]
    assert largest == sorted(largest, reverse=True)
    assert small.bound <= small.cost * (1 + 1e-9)


@pytest.mark.parametrize("power", [-0.1, 10.1, float("nan"), float("inf")])
def test_a_power_that_cannot_be_is_refused(power):
    with pytest.raises(RequestError, match="power of 0 to 10"):
        plan_labels([molecule_of_smiles("CCO")], [], 1, power=power)


def test_targets_of_one_name_are_two_targets(training):
    targets = [molecule_of_smiles(s).called("x") for s in ("c1ccccc1", "C1CC1")]
    plan = plan_labels(targets, training, 2)
    assert plan.cost_of_targets == pytest.approx(12**2.5 + 9**2.5)
    assert {name for unseen in plan.unseen for name, _ in unseen.atoms} == {"x"}


def test_what_is_shown_already_needs_no_plan(training):
    plan = plan_labels([molecule_of_smiles("CCCCO")], training, 2)
    assert plan.chosen == ()
    assert plan.cost == 0.0


def test_a_pool_is_taken_where_it_is_cheaper(training):
    target = molecule_of_smiles("CCCCCCCCBr")
    pool = [molecule_of_smiles("CBr"), molecule_of_smiles("CCBr")]
    plan = plan_labels([target], training, 1, pool)
    (chosen,) = plan.chosen
    assert chosen.molecule.smiles == "CCBr"
    assert chosen.source == "pool"


def test_environments_that_no_fragment_has_are_named(training):
    """Of betaine only the hydrogens far from the charges are in a fragment."""
    plan = plan_labels([molecule_of_smiles("C[N+](C)(C)CC(=O)[O-]")], training, 2)
    assert plan.only_in_targets
    assert len(plan.only_in_targets) < len(plan.unseen)
    assert [chosen.source for chosen in plan.chosen] == ["target"]


@pytest.mark.parametrize("radius", [0, 7, -1])
def test_a_radius_that_cannot_be_is_refused(radius):
    with pytest.raises(RequestError, match="radius R of 1 to 6"):
        plan_labels([molecule_of_smiles("CCO")], [], radius)


def test_rings_multiple_bonds_and_charged_groups_stay_whole():
    target = Environments(molecule_of_smiles("O=[N+]([O-])c1ccc(CCC#N)cc1"), Interned())
    symbols = target.molecule.numbers
    cut = cuttable_bonds(target.molecule)
    for i, j in cut:
        assert symbols[i] == symbols[j] == 6
    smiles = {f.smiles for f in fragments_around(target, range(target.molecule.n_atoms), 1)}
    assert "CC#N" in smiles
    for fragment in smiles:
        assert fragment.count("c") in (0, 6)
        assert ("[N+]" in fragment) == ("[O-]" in fragment)


def test_a_capped_part_is_a_closed_shell_molecule():
    target = Environments(molecule_of_smiles("CC(C)Cc1ccc(cc1)C(C)C(=O)O"), Interned())
    cut = cuttable_bonds(target.molecule)
    for atom in range(target.molecule.n_atoms):
        fragment = capped(target.molecule, closed_part(target.molecule, target.ball(atom, 1), cut))
        assert fragment is not None
        assert fragment.charge == 0
        assert fragment.n_atoms <= target.molecule.n_atoms


def test_a_part_that_is_no_molecule_has_no_cap():
    """One atom of a double bond; parts that are made of whole ones always are molecules."""
    ethene = Environments(molecule_of_smiles("C=C"), Interned())
    assert capped(ethene.molecule, frozenset({0})) is None


def random_problem(seed, sets=12, elements=9):
    rng = np.random.default_rng(seed)
    members = [frozenset(np.flatnonzero(rng.random(elements) < 0.35).tolist()) for _ in range(sets)]
    members += [frozenset({element}) for element in range(elements)]
    return members, rng.uniform(1.0, 10.0, len(members)), elements


def least_cost(members, costs, elements):
    """Return the least cost by trying every choice."""
    best = np.inf
    for size in range(1, elements + 1):
        for choice in itertools.combinations(range(len(members)), size):
            if len(set().union(*(members[i] for i in choice))) == elements:
                best = min(best, costs[list(choice)].sum())
    return best


@pytest.mark.parametrize("seed", range(6))
def test_a_cover_is_the_least_of_all(seed):
    members, costs, elements = random_problem(seed, sets=6, elements=6)
    cover = cheapest_cover(members, costs, elements)
    assert set().union(*(members[i] for i in cover.chosen)) == set(range(elements))
    assert cover.cost == pytest.approx(least_cost(members, costs, elements))
    assert cover.gap == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_the_greedy_choice_covers_and_has_nothing_spare(seed):
    members, costs, elements = random_problem(seed, sets=40, elements=25)
    chosen = without_spare(greedy_cover(members, costs, elements), members, costs)
    assert set().union(*(members[i] for i in chosen)) == set(range(elements))
    for index in chosen:
        rest = [members[i] for i in chosen if i != index]
        assert set().union(*rest) != set(range(elements))


def test_a_problem_beyond_the_solver_has_the_bound_of_its_relaxation(monkeypatch):
    pairs = [frozenset(pair) for pair in ((0, 1), (1, 2), (0, 2))]
    exact = cheapest_cover(pairs, [1.0, 1.0, 1.0], 3)
    assert exact.cost == 2.0
    assert exact.gap == pytest.approx(0.0)
    monkeypatch.setattr(set_cover, "MOST_SETS", 2)
    relaxed = cheapest_cover(pairs, [1.0, 1.0, 1.0], 3)
    assert relaxed.cost == 2.0
    assert relaxed.bound == pytest.approx(1.5)
    assert relaxed.gap == pytest.approx(0.25)


def test_a_solver_that_ends_without_a_choice_leaves_the_greedy_one(monkeypatch):
    ended = SimpleNamespace(x=None, mip_dual_bound=0.75)
    monkeypatch.setattr(set_cover, "milp", lambda *_, **__: ended)
    cover = cheapest_cover([frozenset({0}), frozenset({1})], [2.0, 4.0], 2)
    assert (cover.chosen, cover.cost, cover.bound) == ((0, 1), 6.0, 3.0)


def test_an_element_in_no_set_is_a_bug():
    with pytest.raises(ValueError, match="in no set"):
        cheapest_cover([frozenset({0})], [1.0], 2)
