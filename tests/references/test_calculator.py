import numpy as np
import pytest

from mlip_compose.core.errors import RequestError
from mlip_compose.core.records import Failure
from mlip_compose.references.base import WalkError
from mlip_compose.references.calculator import AnyCalculator
from mlip_compose.references.registry import get_reference

DIMER = np.array([7, 7])
APART = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.2]])
LENNARD_JONES = "ase.calculators.lj:LennardJones"
PLANTED = "planted_calculators"


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """A module of calculators that fail in different ways."""
    (tmp_path / f"{PLANTED}.py").write_text(
        "import numpy as np\n"
        "class Base:\n"
        "    def get_potential_energy(self, atoms): return 1.0\n"
        "    def get_forces(self, atoms): return np.zeros((len(atoms), 3))\n"
        "class Nothing: pass\n"
        "class Raising(Base):\n"
        "    def get_forces(self, atoms): raise ArithmeticError('no\\n  convergence')\n"
        "class NotANumber(Base):\n"
        "    def get_potential_energy(self, atoms): return float('nan')\n"
        "class Short(Base):\n"
        "    def get_forces(self, atoms): return np.zeros((1, 3))\n"
        "class Told(Base):\n"
        "    def get_potential_energy(self, atoms):\n"
        "        return 10.0 * atoms.info['charge'] + atoms.info['spin']\n"
        "CONSTANT = 3\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


def test_arguments_reach_the_calculator_and_travel():
    reference = get_reference(LENNARD_JONES, {"sigma": 1.1, "epsilon": 0.5})
    assert reference.settings == {
        "calculator": LENNARD_JONES,
        "arguments": {"sigma": 1.1, "epsilon": 0.5},
    }
    other = get_reference(LENNARD_JONES, {"sigma": 1.1, "epsilon": 1.0})
    first, second = (r.label(DIMER, APART) for r in (reference, other))
    np.testing.assert_allclose(second.forces, 2 * first.forces)
    assert first.forces[0, 2] != 0.0


def test_versions_are_those_of_the_distribution():
    assert set(AnyCalculator("tblite.ase:TBLite", method="GFN2-xTB").versions()) == {
        "ase",
        "tblite",
    }


def test_a_module_without_distribution_has_no_version(planted):
    assert set(AnyCalculator(f"{PLANTED}:Told").versions()) == {"ase"}


def test_charge_and_spin_are_told(planted):
    assert AnyCalculator(f"{PLANTED}:Told").label(DIMER, APART, charge=2, spin=3).energy == 23.0


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Raising", "ArithmeticError: no convergence"),
        ("NotANumber", "not finite"),
        ("Short", r"forces of shape \(1, 3\) for 2 atoms"),
    ],
)
def test_a_calculator_that_fails_gives_a_failure(planted, name, says):
    from ase import Atoms

    reference = AnyCalculator(f"{PLANTED}:{name}")
    outcome = reference.label(DIMER, APART)
    assert isinstance(outcome, Failure)
    assert outcome.stage == "scf"
    with pytest.raises(WalkError, match=says):
        reference.walker(DIMER).get_forces(Atoms(DIMER, APART))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("no_such_module:Function", "a module 'no_such_module' that can be imported"),
        (f"{PLANTED}:Absent", "a function 'Absent'.*no such name"),
        (f"{PLANTED}:CONSTANT", "a function 'CONSTANT'.*a int"),
        (f"{PLANTED}:Nothing", "Nothing without get_potential_energy"),
        (":Function", "module:function"),
        (f"{PLANTED}:", "module:function"),
    ],
)
def test_what_is_no_calculator_is_refused(planted, name, says):
    with pytest.raises(RequestError, match=says):
        get_reference(name)


def test_arguments_that_cannot_be_are_refused():
    with pytest.raises(RequestError, match="JSON can write"):
        AnyCalculator(LENNARD_JONES, sigma={1, 2})
    with pytest.raises(RequestError, match=r"SumCalculator\(calcs=\[\]\)"):
        AnyCalculator("ase.calculators.mixing:SumCalculator", calcs=[])
