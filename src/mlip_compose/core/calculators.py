"""ASE calculators, by the function or class that makes them: made, checked, and described."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import packages_distributions, version
from typing import Any, Final

from mlip_compose.core.errors import RequestError, class_and_line
from mlip_compose.core.numerical_forces import ARGUMENT, NumericalForces, displacement_in
from mlip_compose.core.scratch import where_the_user_is
from mlip_compose.core.user_paths import (
    absolute_arguments,
    check_own_files,
    make_command_absolute,
    written_to,
)

FORM: Final = "'module:function', such as 'tblite.ase:TBLite'"

_ELEMENTS: Final = (
    "elements",
    "implemented_elements",
    "z_table.zs",  # mace.calculators.MACECalculator
    "model.atomic_numbers",  # torchani.ase.Calculator
)
"""Where calculators keep the elements that they know, as symbols or atomic numbers."""


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
        Keyword arguments of the call; and ``numerical_forces``, see
        :func:`~mlip_compose.core.numerical_forces.displacement_in`.

    Raises
    ------
    RequestError
        There is no such module or function, the call fails, or it returns no calculator; or all
        units of work would write into one directory.
    """
    displacement = displacement_in(name, arguments)
    arguments = {key: value for key, value in arguments.items() if key != ARGUMENT}
    check_own_files(name, arguments)
    with where_the_user_is():
        make = _function(name)
        try:
            calculator = make(**absolute_arguments(arguments))
            place = written_to(calculator)
            is_shared = place and place == written_to(make(**absolute_arguments(arguments)))
            make_command_absolute(calculator)
        except Exception as error:
            call = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
            raise RequestError(
                f"a calculator from {name}({call})", class_and_line(error)
            ) from error
    if is_shared:
        raise RequestError(
            f"calculations of {name} that each write into a directory of their own",
            f"{place}, one for all of them",
            "Leave the directory out where the calculator is made: each calculation has its own.",
        )
    if displacement is not None:
        calculator = NumericalForces(calculator, displacement)
    check_calculator(name, calculator)
    return calculator


def check_calculator(name: str, calculator: Any) -> None:
    """Raise RequestError unless ``calculator``, which ``name`` gave, is one of ASE's kind."""
    for call in ("get_potential_energy", "get_forces"):
        if not callable(getattr(calculator, call, None)):
            raise RequestError(
                f"an ASE calculator from {name}", f"{type(calculator).__name__} without {call}"
            )


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
