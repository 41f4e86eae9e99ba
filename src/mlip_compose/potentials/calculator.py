"""Any ASE calculator as a potential. Nothing is trained here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from pydantic import Field, field_validator

from mlip_compose.core.calculators import (
    check_arguments,
    check_calculator,
    elements_of,
    make_calculator,
    versions_of,
)
from mlip_compose.core.elements import check_symbol
from mlip_compose.core.evaluating import as_atoms, evaluate_apart
from mlip_compose.core.records import FloatArray, Molecule, TrainingSet
from mlip_compose.core.scratch import own_directory
from mlip_compose.potentials.base import (
    PotentialKind,
    Pretraining,
    Progress,
    Settings,
    check_request,
    silent,
)
from mlip_compose.potentials.files import read_model, restoring, write_model
from mlip_compose.potentials.trust import remember_function, require_remembered_function

NAME: Final = "calculator"
VERSION: Final = 1
EVERY_ELEMENT: Final = frozenset(range(1, 119))
NOT_STATED: Final = "a level of theory that was not stated"

Source = Literal["settings", "calculator", "unknown"]
"""Source of the elements that a calculator knows; elements from no source are not checked."""


class CalculatorSettings(Settings):
    """Settings of the kind ``calculator``."""

    function: str = Field(
        default="", description="What makes the calculator, as module:function; may be a class."
    )
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="Its keyword arguments, such as JSON can write."
    )
    elements: tuple[str, ...] | None = Field(
        default=None,
        description="Symbols of the elements that it knows; null asks the calculator.",
    )
    level_of_theory: str = Field(
        default="", description="Of the labels that it was made from, such as wB97X/6-31G(d)."
    )

    @field_validator("elements")
    @classmethod
    def _known(cls, symbols: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for symbol in symbols or ():
            check_symbol(symbol)
        return symbols

    def pretraining(self) -> Pretraining:
        """Return what the calculator learned elsewhere."""
        return Pretraining(self.function, self.level_of_theory or NOT_STATED, fine_tuned=False)

    def atomic_numbers(self) -> frozenset[int] | None:
        """Return the atomic numbers of ``elements``; None where the calculator has to say."""
        from ase.data import atomic_numbers

        if self.elements is None:
            return None
        return frozenset(atomic_numbers[symbol] for symbol in self.elements)


class CalculatorPotential:
    """A calculator as a potential, one geometry at a time.

    The calculator is made once, when and where it is first needed. It is never pickled or saved.
    Each geometry has a working directory of its own.
    After a failure it is reset, or made anew where it has no ``reset``: some calculators, such as
    ASE's EMT, would go on with arrays of the molecule before. Otherwise it may start from the frame
    before, as tblite's does: frames of a molecule come in their order. ``atoms.info`` has
    ``charge`` and ``spin`` (the multiplicity); a calculator may ignore them.

    Parameters
    ----------
    name
        Name of the kind. Its ``load`` restores the potential from ``facts``.
    make
        Function that makes the calculator, or raises RequestError.
    facts
        Content of ``model.json``, of types that JSON has.
    elements
        Atomic numbers that the calculator knows. None asks the calculator. Elements are not checked
        where the calculator does not say.
    function
        ``module:function`` that makes the calculator. The report names the version of its package.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], Any],
        facts: Mapping[str, Any],
        elements: frozenset[int] | None = None,
        function: str = "",
    ) -> None:
        self.name = name
        self._make = make
        self._facts = facts
        self._stated_elements = elements
        self._function = function
        self._calculator: Any = None
        self._failed: dict[int, str] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Return the state without the calculator, for other processes."""
        return {**self.__dict__, "_calculator": None}

    @property
    def calculator(self) -> Any:
        """The calculator, made at the first call."""
        if self._calculator is None:
            self._calculator = self._make()
        return self._calculator

    @property
    def elements(self) -> frozenset[int]:
        """Atomic numbers that the calculator knows; all of them where it does not say."""
        return self._elements()[0]

    @property
    def report(self) -> Mapping[str, object]:
        """Class and software of the calculator, its elements and their source."""
        elements, source = self._elements()
        return {
            "calculator": type(self.calculator).__name__,
            "software": versions_of(self._function),
            "elements_from": source,
            "elements": [] if source == "unknown" else sorted(elements),
        }

    @property
    def pretraining(self) -> Pretraining:
        """What the calculator learned elsewhere."""
        level_of_theory = str(self._facts.get("level_of_theory") or NOT_STATED)
        return Pretraining(self._function or self.name, level_of_theory, fine_tuned=False)

    def failed_frames(self) -> Mapping[int, str]:
        """Return the reasons of failed frames of the last ``predict``, by row of the batch."""
        return dict(self._failed)

    def predict(self, molecule: Molecule, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Predict frame by frame, on one thread; energy and forces of a failed frame are NaN.

        Libraries that share a small molecule among threads take several times as long, in all.
        """
        from threadpoolctl import threadpool_limits

        checked = check_request(self.name, self.elements, molecule, positions)
        self._failed = {}
        energies = np.full(len(checked), np.nan)
        forces = np.full(checked.shape, np.nan)
        calculator = self.calculator  # loads the libraries whose threads are limited
        with threadpool_limits(limits=1), own_directory():
            for row, geometry in enumerate(checked):
                atoms = as_atoms(molecule.numbers, geometry, molecule.charge, molecule.spin)
                result = evaluate_apart(calculator, atoms)
                if isinstance(result, str):
                    self._failed[row] = result
                    self._forget()
                    calculator = self.calculator
                else:
                    energies[row], forces[row] = result
        return energies, forces

    def save(self, directory: str | Path) -> None:
        """Write ``model.json`` with the settings that make the calculator again, and no code."""
        write_model(directory, self.name, VERSION, self._facts)

    def _forget(self) -> None:
        """Reset the calculator, so that no arrays of a failed frame stay in it."""
        reset = getattr(self._calculator, "reset", None)
        if callable(reset):
            reset()
        else:
            self._calculator = None

    def _elements(self) -> tuple[frozenset[int], Source]:
        if self._stated_elements is not None:
            return self._stated_elements, "settings"
        elements = elements_of(self.calculator)
        return (EVERY_ELEMENT, "unknown") if elements is None else (elements, "calculator")


def make(settings: CalculatorSettings) -> CalculatorPotential:
    """Return the potential of these settings. Its calculator is not made yet."""
    return CalculatorPotential(
        NAME,
        partial(make_calculator, settings.function, settings.arguments),
        settings.model_dump(mode="json"),
        settings.atomic_numbers(),
        settings.function,
    )


def wrap_calculator(calculator: Any) -> CalculatorPotential:
    """Return a potential of a calculator of this process, which cannot be saved and restored.

    Raises
    ------
    RequestError
        ``calculator`` is no ASE calculator.
    """
    kind = type(calculator)
    name = f"{kind.__module__}:{kind.__qualname__}"
    check_calculator(name, calculator)
    return CalculatorPotential(NAME, lambda: calculator, {"function": name}, function=name)


def check(settings: Settings) -> None:
    """Make the calculator once, so that errors show before any work is done.

    Raises
    ------
    RequestError
        The calculator cannot be made.
    """
    chosen = CalculatorSettings.model_validate(settings)
    check_arguments(chosen.function, chosen.arguments)
    make_calculator(chosen.function, chosen.arguments)
    remember_function(chosen.function, chosen.arguments)


def fit(
    data: TrainingSet,
    settings: Settings,
    seed: int,
    workdir: Path,
    progress: Progress = silent,
) -> CalculatorPotential:
    """Return the calculator as a potential, without a training."""
    chosen = CalculatorSettings.model_validate(settings)
    remember_function(chosen.function, chosen.arguments)
    progress(1.0, "nothing to train")
    return make(chosen)


def load(directory: Path) -> CalculatorPotential:
    """Restore a potential. Its calculator is made when it is first needed.

    Raises
    ------
    SchemaError
        The directory does not hold such a potential.
    RequestError
        The potential names a calculator that the user never made on this machine.
    """
    facts, _ = read_model(directory, NAME, VERSION)
    with restoring(NAME, directory):
        settings = CalculatorSettings.model_validate(facts)
    require_remembered_function(settings.function, settings.arguments)
    return make(settings)


KIND: Final = PotentialKind(
    name=NAME,
    summary="any ASE calculator, made by the function that its settings name; trains nothing",
    role="learned",
    settings=CalculatorSettings,
    fit=fit,
    load=load,
    check=check,
)
