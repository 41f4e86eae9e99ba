"""What every potential is to the rest of the package: fitted on frames, predicts frames, is a file.

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
"""Called with the fraction done, 0 to 1, and a short message."""


def silent(fraction: float, message: str) -> None:
    """Report no progress."""


class Settings(Strict):
    """Base of the settings of a kind: unknown keys are refused, values do not change."""

    def receptive_field(self) -> ReceptiveField | None:
        """Return how far a potential with these settings sees; None where that is not known."""
        return None

    def pretraining(self) -> Pretraining | None:
        """Return what a potential with these settings learned elsewhere, where settings say it."""
        return None


class Potential(Protocol):
    """A fitted potential."""

    @property
    def name(self) -> str:
        """Name of its kind."""
        ...

    @property
    def elements(self) -> frozenset[int]:
        """Atomic numbers that it was trained on; a molecule with another one is refused."""
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
            The molecule with N atoms.
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
            When the molecule has an element that was not in training, or the shape is wrong.
        """
        ...

    def save(self, directory: str | Path) -> None:
        """Write the potential to a directory, from which its kind's ``load`` restores it."""
        ...


@runtime_checkable
class BacksOff(Protocol):
    """A potential with typed terms, which takes a coarser type where a type was not in training."""

    def unseen_types(self, molecule: Molecule) -> Mapping[str, tuple[int, int]]:
        """Count, for each kind of term of a molecule, those of an unseen type, and all."""
        ...


@runtime_checkable
class ListsTerms(Protocol):
    """A potential whose fitted terms can be listed."""

    def terms(self) -> Sequence[Any]:
        """Return a dataclass for each coefficient: kind, type, quantity, value, unit ..."""
        ...


@runtime_checkable
class FailsFrames(Protocol):
    """A potential that may fail on single frames, whose energies and forces are then NaN."""

    def failed_frames(self) -> Mapping[int, str]:
        """Return why frames of the last call of ``predict`` failed, by their row in the batch."""
        ...


@runtime_checkable
class LearnedElsewhere(Protocol):
    """A potential that learned something before it saw a frame of the task, and says what."""

    @property
    def pretraining(self) -> Pretraining | None:
        """What it learned elsewhere."""
        ...


@dataclass(frozen=True)
class Pretraining:
    """What a potential knew before it saw a frame of the task.

    Attributes
    ----------
    card
        Name of its model card.
    level_of_theory
        Of the labels that it was pretrained on.
    fine_tuned
        Whether it was trained on the task's frames then. If not (zero-shot), its numbers mix the
        potential's errors with the difference between its level of theory and the reference's.
    """

    card: str
    level_of_theory: str
    fine_tuned: bool


class Fit(Protocol):
    """Fits a potential; a scientific failure is returned, not raised."""

    def __call__(
        self,
        data: TrainingSet,
        settings: Settings,
        seed: int,
        workdir: Path,
        progress: Progress = silent,
    ) -> Potential | Failure:
        """Fit to ``data``; ``workdir`` holds checkpoints, if any, from which a fit goes on."""
        ...


@dataclass(frozen=True)
class PotentialKind:
    """A way to make potentials.

    Attributes
    ----------
    name, summary
        What it is called and, in a line, is.
    role
        What its row in a result is for.
    settings
        Model of its settings; every field has a default.
    fit
        ``fit(data, settings, seed, workdir, progress)``.
    load
        Restore a potential from the directory that its ``save`` wrote.
    extra
        The extra of this distribution that it needs; None when the core is enough.
    pretraining
        What it learned elsewhere; None for a potential that is trained from scratch, or where its
        settings say it.
    check
        Raise RequestError where these settings cannot be served here (no such calculator, no
        weights). Called once in a process of its own, before any work is done.
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
    """Raise MissingExtraError where ``package`` is not installed; ``purpose`` is what needs it."""
    if importlib.util.find_spec(package) is None:
        raise MissingExtraError(purpose, package, extra)


def check_request(
    potential: str, elements: frozenset[int], molecule: Molecule, positions: FloatArray
) -> FloatArray:
    """Return ``positions`` as float64 (F, N, 3), or refuse what cannot be predicted.

    Raises
    ------
    RequestError
        When the molecule has an element outside ``elements``, or the shape is not (F, N, 3).
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
