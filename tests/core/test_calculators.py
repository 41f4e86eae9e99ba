from types import SimpleNamespace

import numpy as np
import pytest

from mlip_compose.core.calculators import (
    check_arguments,
    elements_of,
    make_calculator,
    versions_of,
)
from mlip_compose.core.errors import RequestError
from mlip_compose.core.evaluating import Evaluation, Walker, as_atoms, evaluate

NUMBERS = [8, 1, 1]
RIGHT = np.array([[0.5, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def test_two_geometries_differ_by_the_work_of_the_forces():
    calculator = make_calculator("toy_calculators:Pairs", {"strength": 2.0})
    step = np.zeros((3, 3))
    step[1, 0] = 1e-5
    back, here, ahead = (
        evaluate(calculator, as_atoms(NUMBERS, RIGHT + sign * step, 0, 1)) for sign in (-1, 0, 1)
    )
    assert (ahead.energy - back.energy) / -2e-5 == pytest.approx(here.forces[1, 0], rel=1e-6)


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("raise", "ArithmeticError: no convergence"),
        ("short", "forces of shape (1, 3) for 3 atoms"),
        ("nan", "not finite"),
        ("infinite", "not finite"),
    ],
)
def test_what_fails_has_a_reason(way, reason):
    found = evaluate(
        make_calculator("toy_calculators:Fails", {"way": way}), as_atoms(NUMBERS, RIGHT, 0, 1)
    )
    assert isinstance(found, str)
    assert reason in found


class Tensor:
    """Numbers with a gradient, which numpy does not take, as PyTorch has them."""

    def __init__(self, values, attached=True):
        self.values, self.attached = values, attached

    def detach(self):
        return Tensor(self.values, attached=False)

    def cpu(self):
        return self

    def numpy(self):
        if self.attached:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad")
        return np.array(self.values)


@pytest.mark.parametrize("energy", [-3.5, [-3.5], [[-3.5]], Tensor(-3.5), Tensor([-3.5])])
def test_an_energy_may_be_an_array_of_one_and_a_tensor_with_a_gradient(energy):
    calculator = SimpleNamespace(
        get_potential_energy=lambda atoms: energy, get_forces=lambda atoms: Tensor(RIGHT)
    )
    outcome = evaluate(calculator, as_atoms(NUMBERS, RIGHT, 0, 1))
    assert outcome.energy == -3.5
    np.testing.assert_array_equal(outcome.forces, RIGHT)


def test_tensors_of_pytorch_are_taken():
    torch = pytest.importorskip("torch")
    forces = torch.tensor(RIGHT, requires_grad=True)
    calculator = SimpleNamespace(
        get_potential_energy=lambda atoms: (forces**2).sum()[None], get_forces=lambda atoms: forces
    )
    outcome = evaluate(calculator, as_atoms(NUMBERS, RIGHT, 0, 1))
    assert outcome.energy == pytest.approx((RIGHT**2).sum())


def test_energies_of_atoms_are_no_energy():
    calculator = SimpleNamespace(
        get_potential_energy=lambda atoms: np.zeros(3), get_forces=lambda atoms: RIGHT
    )
    reason = evaluate(calculator, as_atoms(NUMBERS, RIGHT, 0, 1))
    assert reason == "ValueError: an energy of shape (3,)"


def test_charge_and_spin_and_nothing_else_are_told():
    found = evaluate(make_calculator("toy_calculators:Told", {}), as_atoms(NUMBERS, RIGHT, 2, 3))
    assert found.energy == 23.0


@pytest.mark.parametrize(
    ("attributes", "elements"),
    [
        ({"elements": ["H", "C"]}, {1, 6}),
        ({"implemented_elements": (1, 17)}, {1, 17}),
        ({"z_table": SimpleNamespace(zs=[1, 6, 8])}, {1, 6, 8}),
        ({"model": SimpleNamespace(atomic_numbers=np.array([1, 7]))}, {1, 7}),
        ({}, None),
        ({"elements": []}, None),
        ({"elements": ["Xx"]}, None),
        ({"elements": lambda: ["H"]}, None),
        ({"elements": 7}, None),
    ],
)
def test_elements_are_read_where_calculators_keep_them(attributes, elements):
    assert elements_of(SimpleNamespace(**attributes)) == elements


def test_torchani_says_its_elements(monkeypatch):
    monkeypatch.setenv("TORCHANI_NO_WARN_EXTENSIONS", "1")
    torchani = pytest.importorskip("torchani")
    model = torchani.arch.simple_ani(("H", "C", "O"), lot="wb97x-631gd", ensemble_size=1)
    assert elements_of(model.ase()) == {1, 6, 8}


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("no_such_module:f", {}, "PYTHONPATH"),
        ("toy_calculators:absent", {}, "'absent'.*no such name"),
        ("toy_calculators:CONSTANT", {}, "a int"),
        ("toy_calculators:Nothing", {}, "Nothing without get_potential_energy"),
        (
            "toy_calculators:cannot_be_made",
            {"path": "w"},
            r"cannot_be_made\(path='w'\).*no weights in w",
        ),
        ("toy_calculators:Pairs", {"size": 3}, "unexpected keyword argument 'size'"),
        ("toy_calculators", {}, "module:function"),
        ("", {}, "module:function"),
    ],
)
def test_what_cannot_be_made_is_refused(name, arguments, says):
    with pytest.raises(RequestError, match=says):
        make_calculator(name, arguments)


def test_arguments_are_such_as_json_can_write():
    check_arguments("f", {"a": [1, None, "x"]})
    for value in (float("nan"), {1}, object()):
        with pytest.raises(RequestError, match="JSON can write"):
            check_arguments("f", {"a": value})


def test_versions_name_the_package_that_makes_it():
    assert set(versions_of("tblite.ase:TBLite")) == {"ase", "tblite"}
    assert set(versions_of("toy_calculators:Pairs")) == {"ase"}


class CountedWalk(Walker):
    """A spring on every atom, which counts the geometries that are computed."""

    computed = 0

    def compute(self, atoms):
        self.computed += 1
        return Evaluation(float((atoms.positions**2).sum()), -2.0 * atoms.positions)


def test_a_walker_computes_each_geometry_once_and_hands_out_copies():
    walker, atoms = CountedWalk(), as_atoms(NUMBERS, RIGHT, 0, 1)
    forces = walker.get_forces(atoms)
    energy = walker.get_potential_energy(atoms)
    forces[:] = 0.0  # as ASE's constraints do
    np.testing.assert_array_equal(walker.get_forces(atoms), -2.0 * RIGHT)
    assert walker.computed == 1
    atoms.positions += 0.1
    assert walker.get_potential_energy(atoms) > energy
    assert walker.computed == 2


def test_a_calculator_that_is_always_made_in_one_directory_is_refused(tmp_path):
    """Two processes would read each other's files; a directory for each call is right."""
    with pytest.raises(RequestError, match="one for all of them"):
        make_calculator("program_calculators:in_one_directory", {"place": {"of": str(tmp_path)}})
    places = {make_calculator("program_calculators:in_new_directories", {}).directory for _ in "ab"}
    assert len(places) == 2
