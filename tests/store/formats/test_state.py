"""Charge and spin of a frame in any common spelling."""

import numpy as np
import pytest
from ase.build import molecule

from mlip_compose.core.errors import DataError
from mlip_compose.store.formats.keys import Keys
from mlip_compose.store.formats.state import state_of


def state(info, **arrays):
    atoms = molecule("CH3OH")  # 18 electrons
    for name, values in arrays.items():
        atoms.arrays[name] = np.asarray(values, dtype=float)
    return state_of("frame 0", atoms, {**info, **atoms.arrays}, Keys())[:2]


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({}, (None, None)),
        ({"charge": 1, "spin": 2}, (1, 2)),
        ({"total_charge": -1.0, "multiplicity": np.int64(2)}, (-1, 2)),
        ({"totalCharge": np.array([1])}, (1, None)),
        ({"charge": 0, "spin": 1}, (0, 1)),
        ({"spin": 3}, (None, 3)),
        ({"spin": 0}, (None, 1)),  # unpaired electrons
        ({"charge": 1, "spin": 1}, (1, 2)),  # an odd number of electrons is no singlet
        ({"charge": 1, "spin": 0.5}, (1, 2)),
        ({"spin_multiplicity": 1}, (None, 1)),
    ],
)
def test_charge_and_spin_are_read_in_any_spelling(info, expected):
    assert state(info) == expected


@pytest.mark.parametrize(
    "info",
    [
        {"charge": 0.5},
        {"charge": "one"},
        {"multiplicity": 2},
        {"multiplicity": 0},
        {"charge": 1, "multiplicity": 1},
        {"spin": -1},
        {"spin": float("nan")},
    ],
)
def test_what_is_no_charge_or_spin_of_the_molecule_is_refused(info):
    with pytest.raises(DataError, match="frame 0"):
        state(info)


def test_charges_and_moments_of_atoms_are_summed():
    assert state({}, initial_charges=[0, 1, 0, 0, 0, 0]) == (1, None)
    assert state({}, initial_charges=[0.2, 0.3, -0.5, 0, 0, 0]) == (None, None)
    assert state({"charge": 1}, initial_magmoms=[0.1, 0.92, 0, 0, 0, 0]) == (1, 2)
    assert state({"charge": 0}, initial_magmoms=[1, 0, 0, 0, 0, 0]) == (0, None)
    with pytest.raises(DataError, match="whole number"):
        state({}, initial_charges=[0.4, 0, 0, 0, 0, 0])
    with pytest.raises(DataError, match="one total charge"):
        state({"charge": 0}, initial_charges=[1, 0, 0, 0, 0, 0])
    with pytest.raises(DataError, match="one spin multiplicity"):
        state({"charge": 1, "spin": 4}, initial_magmoms=[1, 0, 0, 0, 0, 0])
