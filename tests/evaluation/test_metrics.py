import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlip_compose.core.errors import DataError
from mlip_compose.evaluation.metrics import check, frame_errors, usable_frames


def test_forces_by_hand(molecule, compare):
    methane = molecule("H-1-H")
    error = np.zeros((2, 5, 3))
    error[0, 0] = [0.003, -0.004, 0.0]  # eV/Angstrom
    error[1, 4, 2] = 0.012
    errors = frame_errors(compare(methane, "id", [0.0, 0.0], error), None)
    assert errors.weights["forces_mae"] == errors.weights["forces_rmse"] == 30
    assert errors.values["forces_mae"] == pytest.approx((3 + 4 + 12) / 30)  # meV/Angstrom
    assert errors.values["forces_rmse"] == pytest.approx(np.sqrt((9 + 16 + 144) / 30))


def test_novel_and_familiar_atoms_by_hand(molecule, compare):
    methane = molecule("H-1-H")
    error = np.zeros((2, 5, 3))
    error[:, 1] = 0.006
    error[:, 2, 0] = -0.030
    novel = np.array([False, True, False, False, True])
    errors = frame_errors(compare(methane, "ood", [0.0, 0.0], error, novel), None)
    assert errors.weights["forces_mae_novel"] == 2 * 2 * 3
    assert errors.weights["forces_mae_familiar"] == 2 * 3 * 3
    assert errors.values["forces_mae_novel"] == pytest.approx(6 / 2)
    assert errors.values["forces_rmse_novel"] == pytest.approx(np.sqrt(36 / 2))
    assert errors.values["forces_mae_familiar"] == pytest.approx(30 / 9)
    assert errors.values["forces_rmse_familiar"] == pytest.approx(np.sqrt(900 / 9))


def test_familiar_and_novel_exist_only_where_there_are_such_atoms(molecule, compare):
    methane = molecule("H-1-H")
    id_errors = frame_errors(compare(methane, "id", [0.1], 0.1), None)
    assert not any("novel" in name or "familiar" in name for name in id_errors.values)
    ood_errors = frame_errors(compare(methane, "ood", [0.1], 0.1, novel=True), None)
    assert "forces_mae_novel" in ood_errors.values
    assert "forces_mae_familiar" not in ood_errors.values


def test_energies_three_ways_by_hand(molecule, compare):
    methane = molecule("H-1-H")  # 5 atoms
    errors = frame_errors(compare(methane, "id", [0.010, 0.020, 0.060]), -0.025)
    assert errors.values["energy_mae_per_atom"] == pytest.approx(30 / 5)  # meV/atom
    assert errors.values["energy_mae_per_atom_offset"] == pytest.approx((15 + 5 + 35) / 3 / 5)
    assert errors.values["energy_mae_per_atom_within"] == pytest.approx((20 + 10 + 30) / 3 / 5)
    assert errors.weights["energy_mae_per_atom"] == 3


def test_within_a_molecule_needs_two_frames_and_offsets_need_training_labels(molecule, compare):
    errors = frame_errors(compare(molecule("H-1-H"), "id", [0.010]), None)
    assert "energy_mae_per_atom_within" not in errors.values
    assert "energy_mae_per_atom_offset" not in errors.values
    assert "energy_mae_per_atom" in errors.values


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e200])
@pytest.mark.parametrize("where", ["energy", "forces"])
def test_a_failed_frame_is_left_out_of_every_average(molecule, compare, bad, where):
    methane = molecule("H-1-H")
    comparison = compare(methane, "ood", [0.010, 0.030, 0.020], 0.007, novel=True)
    if where == "energy":
        comparison.predicted_energy[1] = bad
    else:
        comparison.predicted_forces[1, 3, 2] = bad
    assert usable_frames(comparison).tolist() == [True, False, True]
    rest = frame_errors(compare(methane, "ood", [0.010, 0.020], 0.007, novel=True), 0.1)
    errors = frame_errors(comparison, 0.1)
    assert errors.weights == rest.weights
    assert errors.values == pytest.approx(rest.values)


def test_all_frames_failed_leaves_no_value(molecule, compare):
    comparison = compare(molecule("H-1-H"), "id", [np.nan, np.nan])
    errors = frame_errors(comparison, 0.0)
    assert errors.values == errors.weights == {}


def test_float32_forces_are_summed_in_float64(molecule, compare):
    methane = molecule("H-1-H")
    comparison = compare(methane, "id", np.zeros(20_000), 0.0)
    comparison.reference_forces[:] = 0.0
    comparison.predicted_forces[:] = 0.1
    single = type(comparison)(
        methane,
        "id",
        comparison.reference_energy,
        comparison.predicted_energy,
        comparison.reference_forces.astype(np.float32),
        comparison.predicted_forces.astype(np.float32),
        comparison.novel,
    )
    exact = 1000 * float(np.float32(0.1))
    assert frame_errors(single, None).values["forces_mae"] == pytest.approx(exact, rel=1e-13)


@given(scale=st.floats(1e-3, 1e3), seed=st.integers(0, 2**16))
def test_scaling_the_errors_scales_the_metrics(molecule, compare, scale, seed):
    rng = np.random.default_rng(seed)
    ethane = molecule("H-2-H")
    energy, forces = rng.normal(size=4), rng.normal(size=(4, 8, 3))
    novel = rng.random(8) < 0.5
    one = frame_errors(compare(ethane, "ood", energy, forces, novel), 0.3)
    other = frame_errors(compare(ethane, "ood", scale * energy, scale * forces, novel), scale * 0.3)
    assert other.values == pytest.approx({k: scale * v for k, v in one.values.items()}, rel=1e-6)
    assert other.weights == one.weights


def test_check_names_the_array_that_does_not_fit(molecule, compare):
    comparison = compare(molecule("OH-2-H"), "ood", [0.0, 0.0])
    check(comparison)
    object.__setattr__(comparison, "predicted_forces", np.zeros((2, 4, 3)))
    with pytest.raises(DataError, match=r"predicted forces of OH-2-H \(ood\) of shape \(2, 9, 3\)"):
        check(comparison)


def test_check_refuses_labels_that_are_not_finite(molecule, compare):
    comparison = compare(molecule("OH-2-H"), "ood", [0.0, 0.0])
    comparison.reference_forces[1, 0, 0] = np.nan
    with pytest.raises(DataError, match="finite reference forces of OH-2-H"):
        check(comparison)
