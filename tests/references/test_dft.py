import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from mlip_compose.core.errors import MissingExtraError, RequestError, UnknownNameError
from mlip_compose.core.records import Failure
from mlip_compose.references.dft import Dft
from mlip_compose.references.registry import get_reference

pytest.importorskip("pyscf")

HF = np.array([9, 1])
BOND = np.array([[0.0, 0.0, 0.0], [0.1, 0.2, 0.95]])
COARSE: dict[str, Any] = {"grid_level": 1}


def test_the_name_says_what_is_computed():
    reference = Dft("PBE-D3BJ/def2-SVP")
    assert reference.name == "pbe-d3bj/def2-svp"
    assert reference.settings == {
        "functional": "pbe",
        "basis": "def2-svp",
        "dispersion": "d3bj",
        "auxbasis": "def2-universal-jfit",
        "grid_level": 3,
        "grid_response": True,
        "conv_tol_hartree": 1e-9,
        "max_cycles": 100,
    }
    assert Dft("r2scan/def2-tzvp").settings["dispersion"] is None
    assert set(reference.versions()) == {"pyscf", "pyscf-dispersion"}
    assert set(Dft("pbe/sto-3g").versions()) == {"pyscf"}


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("pbx/def2-svp", UnknownNameError, "a functional"),
        ("pbe/def3-svp", UnknownNameError, "a basis"),
        ("pbe-d3/def2-svp", RequestError, "with D3"),
        ("lda-d3bj/sto-3g", RequestError, "D3.BJ. has parameters for"),
        ("pbe def2-svp/", RequestError, "a functional and a basis"),
        ("pbe//etc/passwd", RequestError, "a functional and a basis"),
    ],
)
def test_what_pyscf_does_not_know_is_refused(name, error, says):
    with pytest.raises(error, match=says):
        Dft(name)


@pytest.mark.parametrize(
    "setting",
    [
        {"grid_level": 10},
        {"grid_level": "fine"},
        {"conv_tol": 0.0},
        {"conv_tol": "small"},
        {"max_cycles": 0},
        {"auxbasis": "def2-nothing"},
    ],
)
def test_settings_out_of_range_are_refused(setting):
    with pytest.raises(RequestError, match=r"grid_level|conv_tol|max_cycles|auxiliary basis"):
        get_reference("pbe/sto-3g", setting)


def test_a_setting_that_there_is_not_is_named_with_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'grid_level'"):
        get_reference("pbe/sto-3g", {"grid_levels": 2})


def test_dispersion_is_in_energy_and_forces():
    """The difference is that of simple-dftd3, and its gradient that of its energy."""
    numbers = np.array([18, 18])

    def dispersion(distance):
        positions = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, distance]])
        with_d3, without = (
            Dft(name, **COARSE).label(numbers, positions)
            for name in ("pbe-d3bj/sto-3g", "pbe/sto-3g")
        )
        return with_d3.energy - without.energy, (with_d3.forces - without.forces)[1, 2]

    energy, force = dispersion(3.8)
    assert -0.02 < energy < -0.002  # eV; argon's well is 12 meV deep
    step = 0.01
    numeric = -(dispersion(3.8 + step)[0] - dispersion(3.8 - step)[0]) / (2 * step)
    assert force == pytest.approx(numeric, rel=1e-2)
    assert force < 0.0


def test_no_convergence_is_a_failure():
    outcome = Dft("pbe/sto-3g", max_cycles=1).label(HF, BOND)
    assert isinstance(outcome, Failure)
    assert str(outcome) == "scf of pbe/sto-3g: no convergence within 1 cycles"


def test_a_charge_that_does_not_fit_the_spin_is_a_failure():
    outcome = Dft("pbe/sto-3g").label(HF, BOND, charge=1, spin=1)
    assert isinstance(outcome, Failure)
    assert "not consistent" in outcome.reason


def test_a_walk_that_cannot_go_on_says_so():
    from ase import Atoms

    from mlip_compose.references.base import WalkError

    atoms = Atoms(HF, BOND * 0)
    atoms.calc = Dft("pbe/sto-3g").walker(HF)
    with pytest.raises(WalkError, match="two atoms closer"):
        atoms.get_forces()


def test_nothing_is_printed_and_no_file_is_left(tmp_path, monkeypatch, capfd):
    for variable in ("TMPDIR", "PYSCF_TMPDIR"):
        monkeypatch.setenv(variable, str(tmp_path))
    code = (
        "import numpy as np\n"
        "from mlip_compose.references.dft import Dft\n"
        "label = Dft('pbe-d3bj/sto-3g', grid_level=0).label(\n"
        "    np.array([9, 1]), np.array([[0, 0, 0], [0, 0, 0.9]]))\n"
        "assert label.forces.shape == (2, 3)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_a_package_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyscf.dft", None)
    with pytest.raises(MissingExtraError, match=r"mlip-compose\[dft\]"):
        Dft("pbe/6-31g")


def test_dispersion_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyscf.dispersion", None)
    with pytest.raises(MissingExtraError, match="pyscf-dispersion"):
        Dft("pbe-d3bj/6-31g")
    Dft("pbe/6-31g")
