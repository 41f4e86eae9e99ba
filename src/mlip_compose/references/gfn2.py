"""GFN2-xTB through tblite, the embedded reference.

Bannwarth, Ehlert, Grimme, J. Chem. Theory Comput. 15, 1652 (2019). Energy and forces take 1 ms
(methanol) to 25 ms (dodecanol) on one thread; more threads do not help, more processes do.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

import numpy as np

from mlip_compose.core.errors import RequestError, one_line
from mlip_compose.core.evaluating import Walker
from mlip_compose.core.host import one_thread
from mlip_compose.core.records import Failure, FloatArray, IntArray
from mlip_compose.core.units import BOHR, HARTREE, HARTREE_PER_BOHR, KELVIN_IN_HARTREE
from mlip_compose.references.base import Label, WalkError

METHOD: Final = "GFN2-xTB"
LIBRARY: Final = "tblite.library"
LABEL_ACCURACY: Final = 0.1
"""tblite's accuracy for labels: forces are within 0.05 meV/Angstrom of converged ones."""
TIGHTER: Final = 100.0
"""Divisor of the accuracy where the noise of labels is measured."""
WALK_ACCURACY: Final = 1.0
"""tblite's default, for the steps between labels."""
ELECTRONIC_TEMPERATURE: Final = 300.0  # K
MAX_ITERATIONS: Final = 250


class Gfn2Xtb:
    """GFN2-xTB labels.

    Parameters
    ----------
    accuracy
        tblite's numerical accuracy; smaller is tighter.
    """

    name = "gfn2-xtb"
    frames_at_once: Final = 50

    def __init__(self, accuracy: float = LABEL_ACCURACY) -> None:
        if not (isinstance(accuracy, int | float) and 0.0 < accuracy <= 100.0):
            raise RequestError("an accuracy above 0, at most 100", repr(accuracy))
        self.accuracy = float(accuracy)

    @property
    def settings(self) -> Mapping[str, object]:
        """Method, accuracy and electronic temperature (K)."""
        return {
            "method": METHOD,
            "accuracy": self.accuracy,
            "electronic_temperature_K": ELECTRONIC_TEMPERATURE,
            "max_iterations": MAX_ITERATIONS,
        }

    def label(
        self, numbers: IntArray, positions: FloatArray, charge: int = 0, spin: int = 1
    ) -> Label | Failure:
        """Label one geometry from a cold start (see ``references.base.Reference.label``)."""
        from tblite.exceptions import TBLiteRuntimeError

        try:
            with one_thread(LIBRARY):
                calculator = _calculator(numbers, positions, charge, spin, self.accuracy)
                return _label(calculator.singlepoint())
        except TBLiteRuntimeError as error:
            return Failure("scf", METHOD, one_line(error))

    def walker(self, numbers: IntArray, charge: int = 0, spin: int = 1) -> XtbWalker:
        """Return an ASE calculator that starts each step from the wavefunction of the last one."""
        return XtbWalker(numbers, charge, spin)

    def tighter(self) -> Gfn2Xtb:
        """Return GFN2-xTB at a hundredth of the accuracy parameter."""
        return Gfn2Xtb(self.accuracy / TIGHTER)

    def versions(self) -> Mapping[str, str]:
        """Version of tblite."""
        return {"tblite": version("tblite")}


class XtbWalker(Walker):
    """GFN2-xTB for the steps of one molecule, each from the wavefunction of the last one.

    tblite's own ASE calculator compares all of an Atoms object and fetches every property at each
    step, which for small molecules costs as much as the calculation.
    """

    def __init__(self, numbers: IntArray, charge: int, spin: int) -> None:
        super().__init__()
        self._numbers = np.asarray(numbers)
        self._charge = charge
        self._spin = spin
        self._calculator: Any = None
        self._result: Any = None

    def compute(self, atoms: Any) -> Label:
        """Evaluate a step at ``WALK_ACCURACY``."""
        from tblite.exceptions import TBLiteRuntimeError

        positions = atoms.positions
        try:
            if self._calculator is None:
                self._calculator = _calculator(
                    self._numbers, positions, self._charge, self._spin, WALK_ACCURACY
                )
            else:
                self._calculator.update(positions=positions / BOHR)
            with one_thread(LIBRARY):
                self._result = self._calculator.singlepoint(self._result)
        except TBLiteRuntimeError as error:
            raise WalkError(one_line(error)) from error
        return _label(self._result)


def _calculator(
    numbers: IntArray, positions: FloatArray, charge: int, spin: int, accuracy: float
) -> Any:
    from tblite.interface import Calculator

    calculator = Calculator(
        METHOD,
        np.asarray(numbers, dtype=np.int32),
        np.asarray(positions, dtype=np.float64) / BOHR,
        charge=float(charge),
        uhf=spin - 1,
    )
    calculator.set("verbosity", 0)
    calculator.set("accuracy", accuracy)
    calculator.set("temperature", ELECTRONIC_TEMPERATURE * KELVIN_IN_HARTREE)
    calculator.set("max-iter", MAX_ITERATIONS)
    return calculator


def _label(result: Any) -> Label:
    energy = float(result["energy"]) * HARTREE
    forces = np.asarray(result["gradient"], dtype=np.float64) * -HARTREE_PER_BOHR
    return Label(energy, forces)
