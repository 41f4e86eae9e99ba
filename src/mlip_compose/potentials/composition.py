"""``composition``: energies by composition and zero forces, the scale of the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlip_compose.core.records import FloatArray, Molecule, ReceptiveField, TrainingSet
from mlip_compose.potentials.base import PotentialKind, Progress, Settings, check_request, silent
from mlip_compose.potentials.files import energies_by_number, read_model, restoring, write_model
from mlip_compose.potentials.reference_energies import fit_reference_energies

_NAME = "composition"
_VERSION = 1


class CompositionSettings(Settings):
    """Settings of ``composition``: there are none."""

    def receptive_field(self) -> ReceptiveField:
        """Return a field of no bonds: an atom sees only itself."""
        return ReceptiveField(0, 0.0, "an atom's energy is that of its element")


@dataclass(frozen=True)
class CompositionPotential:
    """One energy per element, for any geometry.

    Attributes
    ----------
    reference_energies
        Atomic number to energy, eV.
    """

    reference_energies: Mapping[int, float]

    @property
    def name(self) -> str:
        """Name of the kind."""
        return _NAME

    @property
    def elements(self) -> frozenset[int]:
        """Atomic numbers of the training molecules."""
        return frozenset(self.reference_energies)

    @property
    def report(self) -> Mapping[str, object]:
        """Energy of each element, eV, and the number of parameters."""
        energies = {str(z): e for z, e in self.reference_energies.items()}
        return {"parameters": len(energies), "reference_energies_ev": energies}

    def predict(self, molecule: Molecule, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Predict the same energy (F,) for every frame, eV, and zero forces (F, N, 3)."""
        positions = check_request(_NAME, self.elements, molecule, positions)
        energy = sum(self.reference_energies[z] for z in molecule.numbers.tolist())
        return np.full(len(positions), energy), np.zeros_like(positions)

    def save(self, directory: str | Path) -> None:
        """Write ``model.json``."""
        facts = {"reference_energies": {str(z): e for z, e in self.reference_energies.items()}}
        write_model(directory, _NAME, _VERSION, facts)


def fit(
    data: TrainingSet,
    settings: Settings,
    seed: int,
    workdir: Path,
    progress: Progress = silent,
) -> CompositionPotential:
    """Fit one energy per element; ``settings``, ``seed`` and ``workdir`` are not used."""
    potential = CompositionPotential(fit_reference_energies(data))
    progress(1.0, f"{len(potential.elements)} elements")
    return potential


def load(directory: Path) -> CompositionPotential:
    """Restore a potential that was saved."""
    facts, _ = read_model(directory, _NAME, _VERSION)
    with restoring(_NAME, directory):
        return CompositionPotential(energies_by_number(facts["reference_energies"]))


KIND = PotentialKind(
    name=_NAME,
    summary="Zero forces and one energy per element: the scale of the numbers.",
    role="scale",
    settings=CompositionSettings,
    fit=fit,
    load=load,
)
