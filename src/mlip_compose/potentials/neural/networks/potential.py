"""A trained neural potential: prediction in batches, and a file without code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from graph_pes import GraphPESModel

from mlip_compose.core.records import FloatArray, Molecule
from mlip_compose.potentials.base import check_request
from mlip_compose.potentials.files import (
    energies_by_number,
    finite,
    read_model,
    restoring,
    write_model,
)
from mlip_compose.potentials.neural.networks.models import (
    DTYPES,
    build_model,
    load_parameter_arrays,
    parameter_arrays,
)
from mlip_compose.potentials.neural.networks.prediction import predict_in_batches
from mlip_compose.potentials.neural.settings import Architecture, NeuralSettings

_VERSION = 1
_BATCH_EDGES = {"cpu": 8_000, "cuda": 200_000}  # directed edges of one batch, by type of device


@dataclass(frozen=True, eq=False)
class NeuralPotential:
    """A sum of reference energies of the atoms and a graph-pes model of the rest of the energy.

    Attributes
    ----------
    architecture, settings
        Architecture and settings of the model.
    model
        Trained model, in evaluation mode.
    reference_energies
        Atomic number to energy, eV. Their sum, in float64, is added to the model's energy.
    report
        Parameters, validation curve and cost of the training, as JSON holds them.
    """

    architecture: Architecture
    settings: NeuralSettings
    model: GraphPESModel
    reference_energies: Mapping[int, float]
    report: Mapping[str, object]

    @property
    def name(self) -> str:
        """Name of the kind."""
        return self.architecture.name

    @property
    def elements(self) -> frozenset[int]:
        """Atomic numbers of the training molecules."""
        return frozenset(self.reference_energies)

    def predict(self, molecule: Molecule, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Predict energies (F,), eV, and forces (F, N, 3), eV/Angstrom, in batches of frames."""
        positions = check_request(self.name, self.elements, molecule, positions)
        energies, forces = predict_in_batches(
            self.model,
            molecule,
            positions,
            self.settings.cutoff,
            DTYPES[self.settings.dtype],
            _BATCH_EDGES,
        )
        return energies + sum(self.reference_energies[z] for z in molecule.numbers.tolist()), forces

    def save(self, directory: str | Path) -> None:
        """Write ``model.json`` (settings, reference energies, report) and ``model.npz``."""
        facts = {
            "settings": self.settings.model_dump(mode="json"),
            "reference_energies": {str(z): e for z, e in self.reference_energies.items()},
            "report": dict(self.report),
        }
        write_model(directory, self.name, _VERSION, facts, parameter_arrays(self.model))


def load_neural(architecture: Architecture, directory: Path) -> NeuralPotential:
    """Restore a saved potential: the model is built anew, and its parameters are set.

    Raises
    ------
    SchemaError
        The directory does not hold a potential of this architecture.
    """
    facts, arrays = read_model(directory, architecture.name, _VERSION)
    with restoring(architecture.name, directory):
        settings = architecture.settings.model_validate(facts["settings"])
        energies = energies_by_number(facts["reference_energies"])
        report = dict(facts["report"])
        model = build_model(architecture, settings, sorted(energies), seed=0)
        load_parameter_arrays(model, finite(arrays))
    model.eval().requires_grad_(False)
    return NeuralPotential(architecture, settings, model, energies, report)
