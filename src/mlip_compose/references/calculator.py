"""Any ASE calculator as a reference, named by the function or class that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mlip_compose.core.calculators import (
    FORM,
    as_atoms,
    check_arguments,
    evaluate,
    make_calculator,
    versions_of,
)
from mlip_compose.core.records import Failure, FloatArray, IntArray
from mlip_compose.references.base import Label, WalkError

__all__ = ["FORM", "AnyCalculator", "CalculatorWalker"]


class AnyCalculator:
    """Labels of an ASE calculator.

    The calculator is made anew for each label, in the process that uses it, so that a label depends
    on the geometry alone. A function that is costly to call, because it loads a model, can keep
    what it loaded. The calculator finds ``charge`` and ``spin`` (the multiplicity) in
    ``atoms.info``; whether it heeds them is its own affair.

    Parameters
    ----------
    name
        ``module:function``; what is called may be a class.
    **arguments
        Keyword arguments of the call, such as JSON can write.

    Raises
    ------
    RequestError
        No such module or function, arguments that JSON cannot write, or a call that fails.
    """

    frames_at_once: Final = 10

    def __init__(self, name: str, **arguments: Any) -> None:
        self.name = name
        self.arguments = arguments
        check_arguments(name, arguments)
        self._make()

    @property
    def settings(self) -> Mapping[str, object]:
        """What is called, with which arguments."""
        return {"calculator": self.name, "arguments": self.arguments}

    def label(
        self, numbers: IntArray, positions: FloatArray, charge: int = 0, spin: int = 1
    ) -> Label | Failure:
        """Label one geometry (see ``references.base.Reference.label``)."""
        try:
            return _label(self._make(), as_atoms(numbers, positions, charge, spin))
        except WalkError as error:
            return Failure("scf", self.name, str(error))

    def walker(self, numbers: IntArray, charge: int = 0, spin: int = 1) -> CalculatorWalker:
        """Return the calculator behind the calls of a walk; it keeps what it keeps."""
        return CalculatorWalker(self._make(), charge, spin)

    def tighter(self) -> None:
        """Return None: what makes a calculator more accurate is not known here."""

    def versions(self) -> Mapping[str, str]:
        """Versions of ASE and of the distribution that the module belongs to, if there is one."""
        return versions_of(self.name)

    def _make(self) -> Any:
        return make_calculator(self.name, self.arguments)


class CalculatorWalker:
    """A calculator that raises ``WalkError`` where it fails."""

    def __init__(self, calculator: Any, charge: int, spin: int) -> None:
        self._calculator = calculator
        self._info = {"charge": charge, "spin": spin}

    def get_forces(self, atoms: Any) -> FloatArray:
        """Return the forces on ``atoms``, (N, 3) in eV/Angstrom."""
        return self._evaluate(atoms).forces

    def get_potential_energy(self, atoms: Any, force_consistent: bool = False) -> float:
        """Return the energy of ``atoms`` in eV."""
        return self._evaluate(atoms).energy

    def _evaluate(self, atoms: Any) -> Label:
        atoms.info.update(self._info)
        return _label(self._calculator, atoms)


def _label(calculator: Any, atoms: Any) -> Label:
    found = evaluate(calculator, atoms)
    if isinstance(found, str):
        raise WalkError(found)
    return Label(found.energy, found.forces)
