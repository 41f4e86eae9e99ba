import numpy as np
import pytest
from pydantic import ValidationError

from mlip_compose.core.errors import DataError, RequestError, SchemaError
from mlip_compose.evaluation.metric_names import METRICS
from mlip_compose.evaluation.pooling import frame_pool
from mlip_compose.evaluation.reactions import Minimum
from mlip_compose.evaluation.results import Score
from mlip_compose.evaluation.score import score

TRAIN = ["H-1-H", "OH-1-H", "OH-2-H"]
OOD = ["OH-5-H", "OH-6-H"]


@pytest.fixture
def comparisons(molecule, compare):
    rng = np.random.default_rng(1)
    made = []
    for name in TRAIN:
        m = molecule(name)
        made.append(compare(m, "train", rng.normal(0.2, 0.1, 3)))
        made.append(compare(m, "validation", [1e6], 1e6))
        made.append(compare(m, "id", rng.normal(0.2, 0.1, 4), rng.normal(size=(4, m.n_atoms, 3))))
    for name in OOD:
        m = molecule(name)
        novel = rng.random(m.n_atoms) < 0.5
        forces = rng.normal(size=(5, m.n_atoms, 3))
        made.append(compare(m, "ood", rng.normal(0.2, 0.1, 5), forces, novel))
    return made


@pytest.fixture
def minima(molecule):
    rng = np.random.default_rng(2)
    names = [*TRAIN, "OH-4-H", *OOD]
    return {name: Minimum(molecule(name), *rng.normal(size=2)) for name in names}


def test_pooled_values_are_averages_over_all_errors(header, comparisons):
    result = score(header(), comparisons, train=TRAIN, ood=OOD, resamples=100)
    for part in ("id", "ood"):
        chosen = [c for c in comparisons if c.part == part]
        forces = 1000 * np.concatenate(
            [(c.predicted_forces - c.reference_forces).ravel() for c in chosen]
        )
        energy = 1000 * np.concatenate(
            [(c.predicted_energy - c.reference_energy) / c.molecule.n_atoms for c in chosen]
        )
        expected = {
            "forces_mae": np.abs(forces).mean(),
            "forces_rmse": np.sqrt((forces**2).mean()),
            "energy_mae_per_atom": np.abs(energy).mean(),
        }
        for name, value in expected.items():
            assert getattr(result.metric(name), part).value == pytest.approx(value)
    mae = result.metric("forces_mae")
    assert mae.gap.value == pytest.approx(mae.ood.value / mae.id.value)
    assert mae.gap.low < mae.gap.value < mae.gap.high
    assert (mae.id_frames, mae.ood_frames, mae.id_molecules, mae.ood_molecules) == (12, 10, 3, 2)


def test_novel_atoms_are_set_against_all_atoms_of_the_id_frames(header, comparisons):
    result = score(header(), comparisons, train=TRAIN, ood=OOD, resamples=100)
    novel, familiar = result.metric("forces_mae_novel"), result.metric("forces_mae_familiar")
    whole = result.metric("forces_mae")
    assert novel.id == familiar.id == whole.id
    assert novel.gap.value == pytest.approx(novel.ood.value / whole.id.value)
    weights = [
        sum(m.weights.get(f"forces_mae{s}", 0) for m in result.molecules if m.part == "ood")
        for s in ("_novel", "_familiar", "")
    ]
    assert weights[0] + weights[1] == weights[2]
    assert weights[0] * novel.ood.value + weights[1] * familiar.ood.value == pytest.approx(
        weights[2] * whole.ood.value
    )


def test_metrics_carry_what_the_catalogue_says(header, comparisons):
    result = score(header(), comparisons, train=TRAIN, ood=OOD, resamples=10)
    assert [metric.name for metric in result.metrics] == list(METRICS)
    for metric in result.metrics:
        described = METRICS[metric.name]
        assert (metric.label, metric.unit, metric.aggregation) == (
            described.label,
            described.unit,
            described.aggregation,
        )


def test_offsets_never_see_test_labels(header, molecule, compare):
    """Test energies that are all off by 7 eV keep that error after the offsets."""
    training = [compare(molecule(name), "train", [0.5, 0.5]) for name in TRAIN]
    id_test = [compare(molecule(name), "id", [7.0, 7.0]) for name in TRAIN]
    ood_test = [compare(molecule(name), "ood", [7.0, 7.0]) for name in OOD]
    result = score(header(), [*id_test, *ood_test, *training], train=TRAIN, ood=OOD, resamples=10)
    alone = score(header(), training, train=TRAIN, ood=OOD, resamples=10)
    assert result.energy_offsets == alone.energy_offsets
    assert result.metric("energy_mae_per_atom_offset").id.value == pytest.approx(
        np.mean([6500 / molecule(name).n_atoms for name in TRAIN])
    )
    assert result.metric("energy_mae_per_atom_offset").ood.value > 200
    assert result.metric("energy_mae_per_atom_within").ood.value == pytest.approx(0.0, abs=1e-9)


def test_without_training_labels_there_is_no_metric_with_offsets(header, comparisons, minima):
    tested = [c for c in comparisons if c.part != "train"]
    result = score(header(), tested, train=TRAIN, ood=OOD, minima=minima, resamples=10)
    assert result.energy_offsets is None
    for name in ("energy_mae_per_atom_offset", "reaction_mae_offset"):
        metric = result.metric(name)
        assert metric.id is metric.ood is metric.gap is None
    assert result.metric("reaction_mae").id is not None


def test_failed_frames_are_counted_and_left_out(header, comparisons):
    before = score(header(), comparisons, train=TRAIN, ood=OOD, resamples=10)
    target = next(c for c in comparisons if c.part == "ood" and c.molecule.name == "OH-5-H")
    target.predicted_energy[:] = np.nan
    comparisons[2].predicted_forces[1, 0, 0] = np.inf  # H-1-H, id
    after = score(header(), comparisons, train=TRAIN, ood=OOD, resamples=10)
    assert (before.failed_frames, after.failed_frames) == (0, 6)
    molecules = {(m.molecule, m.part): m for m in after.molecules}
    failed = molecules["OH-5-H", "ood"]
    assert (failed.frames, failed.failed_frames, failed.values) == (5, 5, {})
    assert molecules["H-1-H", "id"].failed_frames == 1
    mae = after.metric("forces_mae")
    assert (mae.id_frames, mae.ood_frames, mae.ood_molecules) == (11, 5, 1)
    assert mae.ood.value == pytest.approx(molecules["OH-6-H", "ood"].values["forces_mae"])
    assert (mae.ood.low, mae.ood.high, mae.gap.low) == (None, None, None)


def test_reactions_are_resampled_by_family(header, comparisons, minima):
    result = score(header(), comparisons, train=TRAIN, ood=OOD, minima=minima, resamples=100)
    parts = {r.name: r.part for r in result.reactions}
    assert parts == {"OH-1-H -> OH-2-H": "id", "OH-5-H -> OH-6-H": "ood"}
    errors = {r.part: abs(r.predicted - r.reference) for r in result.reactions}
    metric = result.metric("reaction_mae")
    assert metric.unit == "kcal/mol"
    assert metric.id.value == pytest.approx(errors["id"])
    assert metric.gap.value == pytest.approx(errors["ood"] / errors["id"])
    assert (metric.id_frames, metric.id_molecules, metric.id.low) == (1, 1, None)


def test_json_round_trip_is_exact_and_strict(header, comparisons, minima):
    comparisons[-1].predicted_energy[0] = np.nan
    result = score(header(), comparisons, train=TRAIN, ood=OOD, minima=minima, resamples=50)
    text = result.model_dump_json()
    again = Score.model_validate_json(text)
    assert again == result
    assert again.energy_offsets.keys() == {1, 6, 8}
    with pytest.raises(ValidationError, match="surprise"):
        Score.model_validate_json(text.replace('"task"', '"surprise":1,"task"', 1))


def test_the_order_of_comparisons_does_not_matter(header, comparisons, minima):
    one = score(header(), comparisons, train=TRAIN, ood=OOD, minima=minima, resamples=50)
    other = score(
        header(),
        comparisons[::-1],
        train=TRAIN[::-1],
        ood=set(OOD),
        minima=dict(reversed(minima.items())),
        resamples=50,
    )
    assert other == one


def test_a_split_that_does_not_fit_is_refused(header, comparisons):
    with pytest.raises(RequestError, match="an OOD molecule for the part 'ood'; found OH-6-H"):
        score(header(), comparisons, train=TRAIN, ood=OOD[:1])
    with pytest.raises(RequestError, match="a training molecule for the part"):
        score(header(), comparisons, train=TRAIN[:1], ood=OOD)
    with pytest.raises(RequestError, match="in both: OH-2-H"):
        score(header(), comparisons, train=TRAIN, ood=[*OOD, "OH-2-H"])
    with pytest.raises(RequestError, match=r"two of H-1-H \(train\)"):
        score(header(), [*comparisons, comparisons[0]], train=TRAIN, ood=OOD)


def test_arrays_that_do_not_fit_are_refused(header, molecule, compare):
    bad = compare(molecule("OH-5-H"), "ood", [0.0])
    object.__setattr__(bad, "predicted_energy", np.zeros(2))
    with pytest.raises(DataError, match="predicted energies of OH-5-H"):
        score(header(), [bad], train=TRAIN, ood=OOD)


def test_nothing_to_compare_gives_a_score_without_values(header):
    result = score(header(), [], train=TRAIN, ood=OOD)
    assert result.molecules == ()
    assert all(metric.id is metric.ood is metric.gap is None for metric in result.metrics)


def test_a_value_without_weight_cannot_be_pooled(header, comparisons):
    result = score(header(), comparisons, train=TRAIN, ood=OOD, resamples=10)
    bare = [m.model_copy(update={"weights": {}}) for m in result.molecules]
    with pytest.raises(SchemaError, match="weight of each forces_mae"):
        frame_pool(bare, METRICS["forces_mae"], "id")
