"""Numbers of a potential that was trained elsewhere, on another zero of energy."""

import numpy as np
import pytest

from mlip_compose.evaluation.additivity import reaction_errors
from mlip_compose.evaluation.paired import paired_difference
from mlip_compose.evaluation.ranking import rankings
from mlip_compose.evaluation.reactions import Minimum
from mlip_compose.evaluation.results import Score
from mlip_compose.evaluation.score import score

EV = 23.06054783  # kcal/mol, CODATA 2018
ZERO = {1: 3.0, 6: 50.0, 8: 70.0, 9: 90.0}  # eV, the difference of zeros by element
TRAIN = ("H-1-H", "H-2-H", "OH-2-H", "F-2-H")
OOD = ("OH-2-F", "H-3-H")


@pytest.fixture
def zero_of(molecule):
    return lambda name: sum(ZERO[z] for z in molecule(name).numbers.tolist())


@pytest.fixture
def scored(molecule, compare, header, zero_of):
    def make(train=TRAIN, ood=OOD, **changes):
        comparisons = [
            compare(molecule(name), part, zero_of(name) + np.array([0.01, -0.01]), 0.1)
            for names, parts in ((train, ("train", "id")), (ood, ("ood",)))
            for name in names
            for part in parts
        ]
        minima = {
            name: Minimum(molecule(name), -10.0, -10.0 + zero_of(name) + 0.1 * index)
            for index, name in enumerate((*train, *ood))
        }
        return score(
            header(**changes), comparisons, train=train, ood=ood, minima=minima, resamples=50
        )

    return make


@pytest.fixture
def zero_shot(scored):
    return scored(level_of_theory="wB97X/6-31G(d)", reference="gfn2-xtb", potential="ani")


@pytest.fixture
def ordinary(scored):
    return scored(potential="usual", reference="gfn2-xtb")


def test_raw_energies_are_withheld_everywhere(zero_shot, ordinary):
    metric = zero_shot.metric("energy_mae_per_atom")
    assert (metric.id, metric.ood, metric.gap) == (None, None, None)
    assert all("energy_mae_per_atom" not in each.values for each in zero_shot.molecules)
    assert [split.name for split in zero_shot.attribution.energy] == ["energy_offset"]
    assert ordinary.metric("energy_mae_per_atom").ood.value > 1000.0
    assert [s.name for s in ordinary.attribution.energy] == ["energy", "energy_offset"]


def test_what_knows_no_zero_is_that_of_any_potential(zero_shot, ordinary):
    for name in ("forces_mae", "forces_rmse", "energy_mae_per_atom_within"):
        assert zero_shot.metric(name) == ordinary.metric(name)
    assert zero_shot.metric("energy_mae_per_atom_within").ood.value == pytest.approx(
        1000 * np.mean([0.01 / 12, 0.01 / 11]), rel=0.2
    )


def test_offsets_from_training_labels_take_the_zero_away(zero_shot):
    found = zero_shot.metric("energy_mae_per_atom_offset")
    assert found.id.value == pytest.approx(1000 * 0.01 / 9, rel=0.6)
    assert zero_shot.energy_offsets is not None


def test_reactions_that_are_not_balanced_have_no_raw_energy(zero_shot, ordinary):
    kinds = {r.kind: r for r in zero_shot.reactions}
    assert kinds["increment"].predicted is None
    assert kinds["increment"].predicted_offset is not None
    assert kinds["exchange"].predicted == pytest.approx(EV * (0.1 * (2 + 3 - 4 - 1)), abs=1e-6)
    raw = zero_shot.metric("reaction_mae")
    assert raw.id is None
    assert raw.ood_frames == 1
    assert zero_shot.metric("reaction_mae_offset").ood_frames == 2
    assert ordinary.metric("reaction_mae").ood_frames == 2
    said = {(e.kind, e.energies) for e in reaction_errors([zero_shot])}
    assert said == {("exchange", "predicted"), ("increment", "predicted_offset")}


def test_without_training_labels_exchanges_are_left(scored):
    found = scored(train=(), ood=(*TRAIN, *OOD), level_of_theory="x", coverage_radius=-1)
    assert found.energy_offsets is None
    assert found.train_molecules == 0
    for metric in found.metrics:
        assert metric.id is None
        assert metric.gap is None
    there = {metric.name for metric in found.metrics if metric.ood is not None}
    assert "energy_mae_per_atom_offset" not in there
    assert {"forces_mae", "energy_mae_per_atom_within", "reaction_mae"} <= there
    assert found.metric("reaction_mae").ood_frames == 1
    assert Score.model_validate_json(found.model_dump_json()) == found


def test_on_the_reference_itself_nothing_is_withheld(scored):
    same = scored(level_of_theory="gfn2-xtb", reference="gfn2-xtb")
    assert not same.other_zero
    assert same.metric("energy_mae_per_atom").ood is not None
    assert all(reaction.predicted is not None for reaction in same.reactions)


def test_a_fine_tuned_potential_is_judged_like_any_other(scored, ordinary):
    tuned = scored(pretrained_on="wB97X/6-31G(d)", potential="usual")
    assert tuned.pretrained_on == "wB97X/6-31G(d)"
    assert tuned.metrics == ordinary.metrics


def test_it_is_ranked_and_compared_where_it_has_values(zero_shot, ordinary):
    assert paired_difference(zero_shot, ordinary, "energy_mae_per_atom") is None
    assert paired_difference(zero_shot, ordinary, "forces_mae").difference.value == 0.0
    ranked = {(r.metric, r.quantity) for r in rankings([zero_shot, ordinary])}
    assert ("forces_mae", "ood") in ranked
    assert ("energy_mae_per_atom", "ood") not in ranked


def test_failures_travel_and_old_scores_have_none(scored):
    failures = {"no convergence": (2, "OH-2-H/primary/3")}
    found = scored(failures=failures)
    again = Score.model_validate_json(found.model_dump_json())
    assert again.failures == failures
    document = scored().model_dump(mode="json")
    for key in ("level_of_theory", "pretrained_on", "failures"):
        del document[key]
    assert Score.model_validate(document) == scored()
