"""ASE calculators: those that a function or class makes, and the one that walks ask.

References label with a calculator and potentials predict with one; what can go wrong is the same.
"""

from __future__ import annotations

import importlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import packages_distributions, version
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlip_compose.core.errors import RequestError, class_and_line
from mlip_compose.core.host import is_out_of_memory
from mlip_compose.core.scratch import note_failure, own_directory, where_the_user_is
from mlip_compose.core.user_paths import (
    absolute_arguments,
    check_own_files,
    make_command_absolute,
)

FORM: Final = "'module:function', such as 'tblite.ase:TBLite'"

_ELEMENTS: Final = (
    "elements",
    "implemented_elements",
    "z_table.zs",  # mace.calculators.MACECalculator
    "model.atomic_numbers",  # torchani.ase.Calculator
)
"""Where calculators keep the elements that they know, as symbols or atomic numbers."""


class Evaluation(NamedTuple):
    """Energy and forces of one geometry.

    Attributes
    ----------
    energy : float
        Total energy, eV.
    forces : (N, 3) float64
        eV/Angstrom.
    """

    energy: float
    forces: NDArray[np.floating]


class Walker(ABC):
    """The ASE calculator of a walk in small steps: dynamics, or a relaxation, of one molecule.

    ASE asks for the forces and for the energy of a geometry in two calls. A walker holds the last
    geometry with its evaluation, so that the second call costs nothing.
    """

    def __init__(self) -> None:
        self._last: tuple[NDArray[np.floating], Evaluation] | None = None

    @abstractmethod
    def compute(self, atoms: Any) -> Evaluation:
        """Evaluate a geometry that is not the last one.

        Parameters
        ----------
        atoms
            ASE's ``Atoms``; the atoms of every call are the same, their positions differ.
        """

    def get_forces(self, atoms: Any) -> NDArray[np.floating]:
        """Return the forces on ``atoms``, (N, 3) in eV/Angstrom; the caller may change them."""
        return self._evaluate(atoms).forces.copy()

    def get_potential_energy(self, atoms: Any, force_consistent: bool = False) -> float:
        """Return the energy of ``atoms`` in eV (the forces are always consistent with it)."""
        return self._evaluate(atoms).energy

    def _evaluate(self, atoms: Any) -> Evaluation:
        if self._last is None or not np.array_equal(self._last[0], atoms.positions):
            evaluation = self.compute(atoms)
            self._last = atoms.positions.copy(), evaluation
        return self._last[1]


def check_arguments(name: str, arguments: Mapping[str, Any]) -> None:
    """Raise RequestError unless JSON can write the keyword arguments of a calculator."""
    try:
        json.dumps(dict(arguments), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise RequestError(f"arguments of {name} that JSON can write", str(error)) from error


def make_calculator(name: str, arguments: Mapping[str, Any]) -> Any:
    """Make an ASE calculator.

    A unit of work calculates in a scratch directory. The calculator is made in the directory before
    it, so that files which the call opens are the user's. Paths of the user's that are for later
    become absolute (see :func:`mlip_compose.core.user_paths.absolute_arguments`).

    Parameters
    ----------
    name
        ``module:function``; what is called may be a class, or ``Class.method``.
    arguments
        Keyword arguments of the call.

    Raises
    ------
    RequestError
        There is no such module or function, the call fails, or it returns no calculator; or all
        units of work would write into one directory.
    """
    check_own_files(name, arguments)
    with where_the_user_is():
        make = _function(name)
        try:
            calculator = make(**absolute_arguments(arguments))
            make_command_absolute(calculator)
        except Exception as error:
            call = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
            raise RequestError(
                f"a calculator from {name}({call})", class_and_line(error)
            ) from error
    check_calculator(name, calculator)
    return calculator


def check_calculator(name: str, calculator: Any) -> None:
    """Raise RequestError unless ``calculator``, which ``name`` gave, is one of ASE's kind."""
    for call in ("get_potential_energy", "get_forces"):
        if not callable(getattr(calculator, call, None)):
            raise RequestError(
                f"an ASE calculator from {name}", f"{type(calculator).__name__} without {call}"
            )


def as_atoms(numbers: ArrayLike, positions: ArrayLike, charge: int, spin: int) -> Any:
    """Return a geometry as ASE's ``Atoms``, with nothing but ``charge`` and ``spin`` in its info.

    Parameters
    ----------
    numbers : (N,) int
        Atomic numbers.
    positions : (N, 3) float
        Angstrom.
    charge
        Total charge, in elementary charges.
    spin
        Spin multiplicity 2S + 1.
    """
    from ase import Atoms

    return Atoms(numbers=numbers, positions=positions, info={"charge": charge, "spin": spin})


def evaluate(calculator: Any, atoms: Any) -> Evaluation | str:
    """Ask for energy and forces of one geometry; a calculator computes both at the first call.

    Returns
    -------
    Evaluation | str
        Finite numbers of the right shape, or the reason why there are none.
    """
    try:
        forces = np.array(calculator.get_forces(atoms), dtype=np.float64)
        energy = float(calculator.get_potential_energy(atoms))
    except Exception as error:  # a calculator may raise what it likes where it does not converge
        if is_out_of_memory(error):  # which says nothing of the frame
            raise
        return class_and_line(error)
    if forces.shape != (len(atoms), 3):
        return f"forces of shape {forces.shape} for {len(atoms)} atoms"
    if not (np.isfinite(energy) and np.isfinite(forces).all()):
        return "energy or forces that are not finite"
    return Evaluation(energy, forces)


def evaluate_apart(calculator: Any, atoms: Any) -> Evaluation | str:
    """Evaluate one geometry in a directory of its own, with no file of another geometry in it."""
    with own_directory():
        outcome = evaluate(calculator, atoms)
        if isinstance(outcome, str):
            note_failure()
    return outcome


def elements_of(calculator: Any) -> frozenset[int] | None:
    """Return the atomic numbers of the elements that a calculator knows; None if it has no list."""
    for path in _ELEMENTS:
        value = calculator
        for attribute in path.split("."):
            value = getattr(value, attribute, None)
        try:
            elements = _atomic_numbers([] if value is None or callable(value) else list(value))
        except (TypeError, ValueError, KeyError):
            continue
        if elements:
            return elements
    return None


def versions_of(name: str) -> dict[str, str]:
    """Return the versions of ASE and of the distribution that the module belongs to, if any."""
    module = name.split(":")[0].split(".")[0]
    names = packages_distributions().get(module, [])
    return {package: version(package) for package in sorted({"ase", *names})}


def _atomic_numbers(elements: Iterable[Any]) -> frozenset[int]:
    from ase.data import atomic_numbers

    return frozenset(atomic_numbers[e] if isinstance(e, str) else int(e) for e in elements)


def _function(name: str) -> Callable[..., Any]:
    module_name, _, function_name = name.partition(":")
    if not (module_name and function_name):
        raise RequestError(f"a calculator as {FORM}", repr(name))
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        lacking = isinstance(error, ModuleNotFoundError)
        raise RequestError(
            f"a module {module_name!r} that can be imported",
            class_and_line(error),
            "Is it installed? A file of your own is found in a directory that PYTHONPATH names."
            if lacking
            else "",
        ) from error
    function: Any = module
    for attribute in function_name.split("."):
        function = getattr(function, attribute, None)
    if not callable(function):
        value = "no such name" if function is None else f"a {type(function).__name__}"
        raise RequestError(f"a function {function_name!r} in {module_name!r}", value)
    maker: Callable[..., Any] = function
    return maker
