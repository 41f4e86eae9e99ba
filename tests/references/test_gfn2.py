import numpy as np
import pytest
from ase.build import molecule

from mlip_compose.core.errors import UnknownNameError
from mlip_compose.references.gfn2 import Gfn2Xtb
from mlip_compose.references.registry import get_reference


def test_energy_of_water_is_that_of_tblites_documentation():
    water = molecule("H2O")
    label = Gfn2Xtb().label(water.numbers, water.positions)
    # -137.96777... eV with the units of ASE; ours are CODATA 2018
    assert label.energy == pytest.approx(-137.96777, abs=2e-3)
    assert abs(label.forces.sum(axis=0)).max() < 1e-6


def test_labels_are_converged():
    ethanol = molecule("CH3CH2OH")
    positions = ethanol.positions + np.random.default_rng(0).normal(0, 0.05, (9, 3))
    usual = Gfn2Xtb().label(ethanol.numbers, positions)
    tight = Gfn2Xtb(accuracy=1e-3).label(ethanol.numbers, positions)
    assert abs(usual.energy - tight.energy) < 1e-5  # eV
    assert abs(usual.forces - tight.forces).max() < 1e-4  # eV/Angstrom


def test_an_unknown_reference_is_named_with_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'gfn2-xtb'"):
        get_reference("gfn1-xtb")
