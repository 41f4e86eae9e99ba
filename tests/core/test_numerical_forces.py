"""Numerical forces are those of the energies, and nothing of the calculator is lost."""

import numpy as np
import pytest
from toy_calculators import Pairs

from mlip_compose.core.calculators import elements_of, make_calculator
from mlip_compose.core.errors import RequestError
from mlip_compose.core.evaluating import Evaluation, as_atoms, evaluate

NUMBERS = [8, 1, 1]
POSITIONS = np.array([[0.5, 0.0, 0.0], [1.4, 0.0, 0.0], [0.0, 1.0, 0.0]])


@pytest.mark.parametrize(("value", "within"), [(True, 1e-3), (0.001, 5e-5), (0.02, 2e-2)])
def test_they_are_the_analytical_ones_within_the_error_of_the_displacement(value, within):
    calculator = make_calculator("toy_calculators:EnergyOnly", {"numerical_forces": value})
    outcome = evaluate(calculator, as_atoms(NUMBERS, POSITIONS, 0, 1))
    assert isinstance(outcome, Evaluation)
    atoms = as_atoms(NUMBERS, POSITIONS, 0, 1)
    np.testing.assert_allclose(outcome.forces, Pairs().get_forces(atoms), atol=within)
    assert outcome.energy == Pairs().get_potential_energy(atoms)


def test_six_energies_are_taken_an_atom_and_charge_and_spin_are_told():
    calculator = make_calculator("toy_calculators:Told", {"numerical_forces": True})
    inner, states = calculator.get_potential_energy, []

    def told(atoms):
        states.append((atoms.info["charge"], atoms.info["spin"]))
        return inner(atoms)

    calculator.get_potential_energy = told
    calculator.get_forces(as_atoms(NUMBERS, POSITIONS, -1, 2))
    assert states == [(-1, 2)] * 18


def test_what_else_the_calculator_has_is_seen_through_it():
    arguments = {"elements": ["H", "O"], "numerical_forces": 0.01}
    assert elements_of(make_calculator("toy_calculators:Pairs", arguments)) == {1, 8}


@pytest.mark.parametrize("value", [False, None])
def test_they_are_on_request(value):
    made = make_calculator("toy_calculators:EnergyOnly", {"numerical_forces": value})
    outcome = evaluate(made, as_atoms(NUMBERS, POSITIONS, 0, 1))
    assert outcome == "NotImplementedError: no forces"


@pytest.mark.parametrize("value", ["yes", 0, -0.01, 0.5])
def test_a_displacement_that_cannot_be_is_refused(value):
    with pytest.raises(RequestError, match=r"a displacement up to 0\.1 Angstrom"):
        make_calculator("toy_calculators:EnergyOnly", {"numerical_forces": value})
