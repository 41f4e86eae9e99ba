"""Every reference through the same tests."""

from typing import Any

import numpy as np
import pytest

from mlip_compose.core.host import one_thread
from mlip_compose.core.records import Failure
from mlip_compose.references.registry import get_reference

WATER = np.array([8, 1, 1])
BENT = np.array([[0.0, 0.0, 0.1], [0.0, 0.8, -0.45], [0.1, -0.75, -0.5]])
TBLITE = "tblite.ase:TBLite"
REFERENCES: dict[str, Any] = {
    "gfn2-xtb": {},
    "pbe-d3bj/sto-3g": {"grid_level": 1},
    TBLITE: {"method": "GFN2-xTB", "verbosity": 0, "accuracy": 0.1},
}


@pytest.fixture(params=sorted(REFERENCES))
def reference(request):
    if "/" in request.param:
        pytest.importorskip("pyscf")
    return get_reference(request.param, REFERENCES[request.param])


def test_forces_are_the_negative_gradient(reference):
    step = 1e-3
    forces = reference.label(WATER, BENT).forces
    numeric = np.empty_like(BENT)
    for index in np.ndindex(*BENT.shape):
        moved = []
        for sign in (1, -1):
            positions = BENT.copy()
            positions[index] += sign * step
            moved.append(reference.label(WATER, positions).energy)
        numeric[index] = -(moved[0] - moved[1]) / (2 * step)
    np.testing.assert_allclose(forces, numeric, atol=2e-4)


def test_a_label_depends_on_the_geometry_alone(reference):
    # Workers have one thread each. With more, the order of sums differs in the last bit.
    with one_thread("tblite.library"):
        first = reference.label(WATER, BENT)
        reference.label(WATER, BENT * 1.05)
        again = reference.label(WATER, BENT)
    assert again.energy == first.energy
    np.testing.assert_array_equal(again.forces, first.forces)


def test_energy_is_invariant_and_forces_turn_with_the_molecule(reference):
    angle = 0.7
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    first = reference.label(WATER, BENT)
    turned = reference.label(WATER, BENT @ turn.T + 3.0)
    # the points of a grid do not turn with the molecule, and the one here is coarse
    energy, forces = (2e-3, 5e-2) if "grid_level" in reference.settings else (1e-6, 2e-4)
    assert turned.energy == pytest.approx(first.energy, abs=energy)
    np.testing.assert_allclose(turned.forces, first.forces @ turn.T, atol=forces)


def test_a_walker_agrees_with_the_labels(reference):
    from ase import Atoms

    atoms = Atoms(numbers=WATER, positions=BENT)
    atoms.calc = reference.walker(WATER)
    label = reference.label(WATER, BENT)
    assert atoms.get_potential_energy() == pytest.approx(label.energy, abs=1e-4)
    np.testing.assert_allclose(atoms.get_forces(), label.forces, atol=1e-3)
    atoms.positions += 0.01 * np.arange(9).reshape(3, 3)
    moved = reference.label(WATER, atoms.positions)
    np.testing.assert_allclose(atoms.get_forces(), moved.forces, atol=1e-3)


def test_charge_and_spin_reach_the_engine(reference):
    if reference.name == TBLITE:
        pytest.skip("takes the charge as an argument, not from atoms.info")
    neutral = reference.label(WATER, BENT).energy
    cation = reference.label(WATER, BENT, charge=1, spin=2).energy
    assert cation - neutral > 5.0


def test_what_cannot_be_computed_is_a_failure_with_a_reason(reference):
    outcome = reference.label(WATER, np.zeros((3, 3)))
    assert isinstance(outcome, Failure)
    assert outcome.stage == "scf"
    assert outcome.reason


def test_settings_and_versions_travel_with_the_labels(reference):
    assert reference.settings
    assert all(isinstance(version, str) for version in reference.versions().values())
