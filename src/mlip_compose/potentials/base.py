"""Potentials and kinds of potential, as the rest of the package sees them.

A kind fits a potential to frames. A potential predicts frames and is saved to a directory.
F counts frames, N atoms. Positions are in Angstrom, energies in eV, forces in eV/Angstrom.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from mlip_compose.core.documents import Strict
from mlip_compose.core.errors import MissingExtraError, RequestError
from mlip_compose.core.records import (
    Failure,
    FloatArray,
    Molecule,
    ReceptiveField,
    Role,
    TrainingSet,
)

Progress = Callable[[float, str], None]
"""Function that is called with the fraction done, 0 to 1, and a short message."""


def silent(fraction: float, message: str) -> None:
    """Report no progress."""


class Settings(Strict):
    """Base of the settings of a kind. Unknown keys are refused, and values do not change."""

    def receptive_field(self) -> ReceptiveField | None:
        """Return how far a potential with these settings sees; None where nobody knows."""
        return None

    def pretraining(self) -> Pretraining | None:
        """Return what a potential with these settings learned elsewhere; None for nothing."""
        return None


class Potential(Protocol):
    """A fitted potential."""

    @property
    def name(self) -> str:
        """Name of its kind."""
        ...

    @property
    def elements(self) -> frozenset[int]:
        """Atomic numbers of the training; a molecule with another one is refused."""
        ...

    @property
    def report(self) -> Mapping[str, object]:
        """Facts about the fit that JSON can hold."""
        ...

    def predict(self, molecule: Molecule, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Predict energies and forces for a batch of geometries of one molecule.

        Parameters
        ----------
        molecule
            A molecule of N atoms.
        positions : (F, N, 3)
            Angstrom.

        Returns
        -------
        energies : (F,) float64
            Total energies, eV.
        forces : (F, N, 3) float64
            eV/Angstrom.

        Raises
        ------
        RequestError
            The molecule has an element that was not in training, or the shape is wrong.
        """
        ...

    def save(self, directory: str | Path) -> None:
        """Write the potential to a directory; ``load`` of its kind restores it."""
        ...


@runtime_checkable
class BacksOff(Protocol):
    """A potential with typed terms. An unseen type takes the parameters of a coarser type."""

    def unseen_types(self, molecule: Molecule) -> Mapping[str, tuple[int, int]]:
        """Count the terms of unseen types and all terms of a molecule, by kind of term."""
        ...


@runtime_checkable
class ListsTerms(Protocol):
    """A potential whose fitted terms can be listed."""

    def terms(self) -> Sequence[Any]:
        """Return a dataclass for each coefficient, with kind, type, quantity, value and unit."""
        ...


@runtime_checkable
class FailsFrames(Protocol):
    """A potential that may fail on single frames. Their energies and forces are NaN."""

    def failed_frames(self) -> Mapping[int, str]:
        """Return the reasons of failed frames of the last ``predict``, by row of the batch."""
        ...


@runtime_checkable
class KnowsStates(Protocol):
    """A potential that knows some charges and spins alone."""

    def state_unknown(self, molecule: Molecule) -> str:
        """Return a molecule's charge or spin where it is unknown, in words; empty where not."""
        ...


@runtime_checkable
class LearnedElsewhere(Protocol):
    """A potential that may have learned something before it saw a frame of the task."""

    @property
    def pretraining(self) -> Pretraining | None:
        """What the potential learned elsewhere; None for nothing."""
        ...


@dataclass(frozen=True)
class Pretraining:
    """What a potential learned before it saw a frame of the task.

    Attributes
    ----------
    card
        Name of its model card.
    level_of_theory
        Level of theory of the labels of the pretraining.
    fine_tuned
        Whether it was then trained on the task's frames. If not (zero-shot), its numbers mix the
        potential's errors with the difference between its level of theory and the reference's.
    """

    card: str
    level_of_theory: str
    fine_tuned: bool


class Fit(Protocol):
    """Function that fits a potential. It returns a scientific failure and does not raise it."""

    def __call__(
        self,
        data: TrainingSet,
        settings: Settings,
        seed: int,
        workdir: Path,
        progress: Progress = silent,
    ) -> Potential | Failure:
        """Fit to ``data``. A fit goes on from its checkpoint in ``workdir``, if there is one."""
        ...


@dataclass(frozen=True)
class PotentialKind:
    """A way to make potentials.

    Attributes
    ----------
    name
        Name, such as ``mace-small``.
    summary
        Description in one line.
    role
        Purpose of its row in a result.
    settings
        Pydantic model of its settings; every field has a default.
    fit
        Function ``fit(data, settings, seed, workdir, progress)``.
    load
        Function that restores a potential from the directory of its ``save``.
    extra
        Extra of this distribution that it needs; None where the core is enough.
    pretraining
        What it learned elsewhere. None for a potential that is trained from scratch, and for one
        whose settings say it.
    check
        Function that raises RequestError where settings cannot be served here (no such calculator,
        no weights). It is called once, in a process of its own, before any work is done.
    """

    name: str
    summary: str
    role: Role
    settings: type[Settings]
    fit: Fit
    load: Callable[[Path], Potential]
    extra: str | None = None
    pretraining: Pretraining | None = None
    check: Callable[[Settings], None] | None = None


def require_package(purpose: str, package: str, extra: str) -> None:
    """Raise MissingExtraError where ``package`` is not installed.

    Parameters
    ----------
    purpose
        What needs the package, such as ``training mace-small``.
    package
        Module of the package, such as ``graph_pes``.
    extra
        Extra of this distribution that has the package, such as ``train``.
    """
    if importlib.util.find_spec(package) is None:
        raise MissingExtraError(purpose, package, extra)


def check_request(
    potential: str, elements: frozenset[int], molecule: Molecule, positions: FloatArray
) -> FloatArray:
    """Return ``positions`` as float64 (F, N, 3), Angstrom, or refuse the request.

    Raises
    ------
    RequestError
        The molecule has an element outside ``elements``, or the shape is not (F, N, 3).
    """
    unknown = sorted(set(molecule.numbers.tolist()) - elements)
    if unknown:
        raise RequestError(
            f"a molecule of the elements that {potential} was trained on, Z = {sorted(elements)}",
            f"{molecule.name} with Z = {unknown}",
            "Train on molecules that have these elements.",
        )
    if positions.ndim != 3 or positions.shape[1:] != (molecule.n_atoms, 3):
        raise RequestError(
            f"positions of {molecule.name} with shape (F, {molecule.n_atoms}, 3)",
            f"shape {positions.shape}",
        )
    return np.ascontiguousarray(positions, dtype=np.float64)
