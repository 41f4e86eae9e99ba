"""Each conversion against a number that is known from elsewhere."""

import pytest
from scipy import constants

from mlip_compose.core import units

EV = constants.physical_constants["electron volt"][0]


def test_hartree():
    assert pytest.approx(constants.physical_constants["Hartree energy in eV"][0]) == units.HARTREE


def test_rydberg():
    expected = constants.physical_constants["Rydberg constant times hc in eV"][0]
    assert pytest.approx(expected) == units.RYDBERG == units.ENERGY_UNITS["Ry"]


def test_bohr():
    assert pytest.approx(constants.physical_constants["Bohr radius"][0] * 1e10) == units.BOHR


def test_kcal_per_mol():
    expected = constants.calorie * 1000 / constants.Avogadro / EV
    assert pytest.approx(expected) == units.KCAL_PER_MOL
    assert pytest.approx(23.0605, abs=1e-4) == units.EV_IN_KCAL_PER_MOL


def test_boltzmann():
    assert pytest.approx(constants.Boltzmann / EV) == units.BOLTZMANN
    # 300 K are 0.95 mHartree, as quantum chemists remember it
    assert pytest.approx(0.95e-3, abs=1e-6) == 300 * units.KELVIN_IN_HARTREE


def test_forces():
    assert pytest.approx(51.4221, abs=1e-4) == units.HARTREE_PER_BOHR


def test_milli():
    assert units.EV_IN_MEV == 1000.0


def test_units_by_name():
    assert units.ENERGY_UNITS["kJ/mol"] * 4.184 == pytest.approx(units.KCAL_PER_MOL)
    assert units.FORCE_UNITS["Hartree/Bohr"] == pytest.approx(units.HARTREE_PER_BOHR)
    assert units.FORCE_UNITS["kJ/mol/nm"] == pytest.approx(units.KJ_PER_MOL / 10)
