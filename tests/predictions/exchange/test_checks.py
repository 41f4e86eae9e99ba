"""Units and labels are told from the numbers, and nothing else is taken for them."""

import numpy as np
import pytest

from mlip_compose.core.errors import RequestError
from mlip_compose.core.units import ENERGY_UNITS, FORCE_UNITS
from mlip_compose.predictions.exchange.checks import (
    LabelledPredictions,
    agreement,
    refuse_gradients,
    refuse_labels,
    refuse_per_atom,
    refuse_units,
)

NOT_TOLD = ("eV/Angstrom", "eV/Bohr", "Hartree/nm", "Ry/nm")


def compared(energy_factor=1.0, force_factor=1.0, noise=0.05, shift=7.0):
    """Return predictions of two molecules in other units, with errors and another zero."""
    rng = np.random.default_rng(0)
    found = []
    for n_atoms in (5, 9):
        energy, forces = rng.normal(size=12) - 400, rng.normal(size=(12, n_atoms, 3))
        found.append(
            LabelledPredictions(
                (energy + shift * n_atoms + noise * rng.normal(size=12)) * energy_factor,
                energy,
                (forces + noise * rng.normal(size=forces.shape)) * force_factor,
                forces,
            )
        )
    return found


def test_predictions_with_errors_pass():
    for noise in (1e-4, 0.05, 0.5):
        refuse_labels(compared(noise=noise))
        refuse_units(compared(noise=noise), None, None)
        refuse_gradients(compared(noise=noise))
        refuse_per_atom(compared(noise=noise))


@pytest.mark.parametrize("unit", [unit for unit in FORCE_UNITS if unit not in NOT_TOLD])
def test_another_unit_of_force_is_named(unit):
    with pytest.raises(RequestError, match=rf"as in {unit}\. Add --force-unit '{unit}'"):
        refuse_units(compared(force_factor=1 / FORCE_UNITS[unit], noise=1e-3), None, None)


@pytest.mark.parametrize("unit", [unit for unit in ENERGY_UNITS if unit != "eV"])
def test_another_unit_of_energy_is_named(unit):
    with pytest.raises(RequestError, match=rf"as in {unit}\. Add --energy-unit '{unit}'"):
        refuse_units(compared(energy_factor=1 / ENERGY_UNITS[unit]), None, None)


@pytest.mark.parametrize("unit", ["eV/Angstrom", "Hartree/Bohr", "kcal/mol/Angstrom"])
@pytest.mark.parametrize("noise", [1e-3, 0.05, 1.0])
def test_gradients_in_place_of_forces_are_named_in_any_unit(unit, noise):
    wrong = compared(force_factor=-1 / FORCE_UNITS[unit], noise=noise)
    with pytest.raises(RequestError, match=r"opposite sign.*--forces-are gradients"):
        refuse_gradients(wrong)


@pytest.mark.parametrize("unit", ["eV", "Hartree", "kcal/mol"])
@pytest.mark.parametrize("shift", [0.0, 7.0])
def test_energies_per_atom_are_named_in_any_unit_and_with_another_zero(unit, shift):
    wrong = [
        pair._replace(predicted_energy=pair.predicted_energy / pair.forces.shape[1])
        for pair in compared(1 / ENERGY_UNITS[unit], shift=shift)
    ]
    with pytest.raises(RequestError, match=r"energies per atom.*--energies-are per-atom"):
        refuse_per_atom(wrong)


def test_energies_per_atom_of_a_bad_potential_are_named():
    """They follow no frame, but have the size of the labels over the number of atoms."""
    wrong = [
        pair._replace(predicted_energy=pair.predicted_energy / pair.forces.shape[1])
        for pair in compared(noise=2.0, shift=0.0)
    ]
    with pytest.raises(RequestError, match="energies per atom"):
        refuse_per_atom(wrong)


def test_a_stated_unit_is_taken_at_its_word():
    wrong = compared(energy_factor=23.06, force_factor=-23.06)
    refuse_units(wrong, "eV", "eV/Angstrom")
    with pytest.raises(RequestError, match="energies in eV"):
        refuse_units(wrong, None, "eV/Angstrom")
    with pytest.raises(RequestError, match="forces in eV/Angstrom"):
        refuse_units(wrong, "eV", None)


@pytest.mark.parametrize(
    ("energy_factor", "force_factor", "noise"),
    [
        (0.5, 0.5, 0.05),  # a potential that is too soft
        (3.0, 3.0, 0.05),
        (0.0, 0.0, 0.0),  # one that says nothing
        (1 / 27.2, 1 / 51.4, 1.0),  # one that is far too soft, and mostly wrong
    ],
)
def test_bad_predictions_are_no_other_units(energy_factor, force_factor, noise):
    bad = compared(energy_factor, force_factor, noise)
    refuse_units(bad, None, None)
    refuse_gradients(bad)
    refuse_per_atom(bad)


@pytest.mark.parametrize("seed", range(20))
def test_a_potential_that_learned_nothing_is_taken_as_it_is(seed):
    rng = np.random.default_rng(seed)
    bad = [
        pair._replace(
            predicted_energy=rng.normal(size=12) * 10.0 ** rng.uniform(-2, 3),
            predicted_forces=rng.normal(size=pair.forces.shape),
        )
        for pair in compared()
    ]
    refuse_gradients(bad)
    refuse_per_atom(bad)
    refuse_units(bad, None, None)


def test_labels_are_known_though_they_were_rounded():
    (first, second) = compared()
    rounded = LabelledPredictions(
        first.energy, first.energy, np.round(first.forces, 8).astype(np.float32), first.forces
    )
    with pytest.raises(RequestError, match="energies and forces are the same"):
        refuse_labels([rounded])
    refuse_labels([rounded, second])


def test_where_all_failed_there_is_nothing_to_check():
    none = LabelledPredictions(np.empty(0), np.empty(0), np.empty((0, 5, 3)), np.empty((0, 5, 3)))
    refuse_labels([none])
    refuse_units([none], None, None)
    refuse_gradients([none])
    refuse_per_atom([none])
    assert agreement([], []) is None
