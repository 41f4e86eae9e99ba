"""Any ASE calculator as a reference, named by the function or class that makes it."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from importlib.metadata import packages_distributions, version
from typing import Any, Final

import numpy as np

from mlip_compose.errors import RequestError
from mlip_compose.records import Failure, FloatArray, IntArray
from mlip_compose.references.base import Label, WalkError

FORM: Final = "'module:function', such as 'tblite.ase:TBLite'"


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
        try:
            json.dumps(arguments, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise RequestError(f"arguments of {name} that JSON can write", str(error)) from error
        self._make()

    @property
    def settings(self) -> Mapping[str, object]:
        """What is called, with which arguments."""
        return {"calculator": self.name, "arguments": self.arguments}

    def label(
        self, numbers: IntArray, positions: FloatArray, charge: int = 0, spin: int = 1
    ) -> Label | Failure:
        """Label one geometry (see ``references.base.Reference.label``)."""
        from ase import Atoms

        atoms = Atoms(numbers=numbers, positions=positions, info={"charge": charge, "spin": spin})
        try:
            return _evaluate(self._make(), atoms)
        except WalkError as error:
            return Failure("scf", self.name, str(error))

    def walker(self, numbers: IntArray, charge: int = 0, spin: int = 1) -> CalculatorWalker:
        """Return the calculator behind the calls of a walk; it keeps what it keeps."""
        return CalculatorWalker(self._make(), charge, spin)

    def tighter(self) -> None:
        """Return None: what makes a calculator more accurate is not known here."""

    def versions(self) -> Mapping[str, str]:
        """Versions of ASE and of the distribution that the module belongs to, if there is one."""
        package = self.name.split(":")[0].split(".")[0]
        names = packages_distributions().get(package, [])
        return {name: version(name) for name in sorted({"ase", *names})}

    def _make(self) -> Any:
        make = _function(self.name)
        try:
            calculator = make(**self.arguments)
        except Exception as error:
            arguments = ", ".join(f"{key}={value!r}" for key, value in self.arguments.items())
            raise RequestError(
                f"a calculator from {self.name}({arguments})", _one_line(error)
            ) from error
        for call in ("get_potential_energy", "get_forces"):
            if not callable(getattr(calculator, call, None)):
                raise RequestError(
                    f"an ASE calculator from {self.name}",
                    f"{type(calculator).__name__} without {call}",
                )
        return calculator


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
        return _evaluate(self._calculator, atoms)


def _evaluate(calculator: Any, atoms: Any) -> Label:
    """Ask for energy and forces of one geometry; a calculator computes both at the first call."""
    try:
        forces = np.array(calculator.get_forces(atoms), dtype=np.float64)
        energy = float(calculator.get_potential_energy(atoms))
    except Exception as error:  # a calculator may raise what it likes where it does not converge
        raise WalkError(_one_line(error)) from error
    if forces.shape != (len(atoms), 3):
        raise WalkError(f"forces of shape {forces.shape} for {len(atoms)} atoms")
    if not (np.isfinite(energy) and np.isfinite(forces).all()):
        raise WalkError("energy or forces that are not finite")
    return Label(energy, forces)


def _function(name: str) -> Callable[..., Any]:
    module_name, _, function_name = name.partition(":")
    if not (module_name and function_name):
        raise RequestError(f"a calculator as {FORM}", repr(name))
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise RequestError(
            f"a module {module_name!r} that can be imported", _one_line(error)
        ) from error
    function = getattr(module, function_name, None)
    if not callable(function):
        found = "no such name" if function is None else f"a {type(function).__name__}"
        raise RequestError(f"a function {function_name!r} in {module_name!r}", found)
    made: Callable[..., Any] = function
    return made


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
