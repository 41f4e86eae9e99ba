"""Any ASE calculator as a reference, named by the function or class that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mlip_compose.core.calculators import FORM, check_arguments, make_calculator, versions_of
from mlip_compose.core.evaluating import Walker, as_atoms, evaluate, evaluate_apart
from mlip_compose.core.records import Failure, FloatArray, IntArray
from mlip_compose.references.base import Label, WalkError

__all__ = ["FORM", "AnyCalculator", "CalculatorWalker"]


class AnyCalculator:
    """Labels of an ASE calculator.

    Each label takes a new calculator, in the process that uses it, and a working directory of its
    own, so that a label depends on the geometry alone. A function that is costly to call, because
    it loads a model, can keep the model for the next call. The calculator finds ``charge`` and
    ``spin`` (the multiplicity) in ``atoms.info``, and decides itself whether it uses them.

    A class of another package, with a name and settings of its own, may inherit from this one.

    Parameters
    ----------
    function
        ``module:function`` or ``module:Class``, such as ``tblite.ase:TBLite``.
    **arguments
        Keyword arguments of the call, of types that JSON can write.

    Raises
    ------
    RequestError
        No such module or function, arguments that JSON cannot write, or a call that fails.
    """

    frames_at_once: Final = 10

    def __init__(self, function: str, /, **arguments: Any) -> None:
        self.name = self.function = function
        self.arguments = arguments
        check_arguments(function, arguments)
        self._make()

    @property
    def settings(self) -> Mapping[str, object]:
        """The name of the function or class, and the arguments of the call."""
        return {"calculator": self.function, "arguments": self.arguments}

    def label(
        self, numbers: IntArray, positions: FloatArray, charge: int = 0, spin: int = 1
    ) -> Label | Failure:
        """Label one geometry (see ``references.base.Reference.label``)."""
        outcome = evaluate_apart(self._make(), as_atoms(numbers, positions, charge, spin))
        return Failure("scf", self.name, outcome) if isinstance(outcome, str) else outcome

    def walker(self, numbers: IntArray, charge: int = 0, spin: int = 1) -> CalculatorWalker:
        """Return one calculator for a walk; it may start each step from the step before."""
        return CalculatorWalker(self._make(), charge, spin)

    def tighter(self) -> None:
        """Return None: no argument is known that makes any calculator more accurate."""

    def versions(self) -> Mapping[str, str]:
        """Versions of ASE and of the distribution that the module belongs to, if there is one."""
        return versions_of(self.function)

    def _make(self) -> Any:
        return make_calculator(self.function, self.arguments)


class CalculatorWalker(Walker):
    """A calculator that raises ``WalkError`` where it fails."""

    def __init__(self, calculator: Any, charge: int, spin: int) -> None:
        super().__init__()
        self._calculator = calculator
        self._info = {"charge": charge, "spin": spin}

    def compute(self, atoms: Any) -> Label:
        """Ask the calculator, which finds charge and spin in ``atoms.info``."""
        atoms.info.update(self._info)
        outcome = evaluate(self._calculator, atoms)
        if isinstance(outcome, str):
            raise WalkError(outcome)
        return outcome
