"""A trained neural potential: batched prediction, and a file without code in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from graph_pes import GraphPESModel
from pydantic import ValidationError

from mlip_compose.errors import SchemaError
from mlip_compose.potentials.base import check_request
from mlip_compose.potentials.files import read_model, write_model
from mlip_compose.potentials.neural.graphs import batch_graph, neighbour_pairs
from mlip_compose.potentials.neural.models import (
    DTYPES,
    build_model,
    load_parameter_arrays,
    parameter_arrays,
)
from mlip_compose.potentials.neural_kind import Architecture, NeuralSettings
from mlip_compose.records import FloatArray, Molecule

_VERSION = 1
_BATCH_EDGES = {"cpu": 8_000, "cuda": 200_000}  # directed edges of one batch, by type of device


@dataclass(frozen=True, eq=False)
class NeuralPotential:
    """A graph-pes model of what the reference energies of the atoms leave of the energy.

    Attributes
    ----------
    architecture, settings
        What it is.
    model
        The trained model, in evaluation mode.
    reference_energies
        Atomic number to energy, eV; summed in float64 and added to what the model predicts.
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
        """Predict energies (F,) in eV and forces (F, N, 3) in eV/Angstrom, in batches of frames.

        A batch has as many frames as fit a fixed number of neighbour pairs, so that memory does
        not grow with the number of frames or the size of the molecule. Runs on a GPU where there
        is one.
        """
        positions = check_request(self.name, self.elements, molecule, positions)
        offset = sum(self.reference_energies[z] for z in molecule.numbers.tolist())
        energies = np.empty(len(positions))
        forces = np.empty_like(positions)
        if len(positions) == 0:
            return energies, forces
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        model = self.model.to(device)
        edges = len(neighbour_pairs(positions[:1], self.settings.cutoff)[0])
        size = max(1, _BATCH_EDGES[device.type] // max(1, edges))
        for start in range(0, len(positions), size):
            block = slice(start, start + size)
            graph = batch_graph(
                molecule.numbers,
                positions[block],
                self.settings.cutoff,
                DTYPES[self.settings.dtype],
            )
            with torch.enable_grad():
                found = model.predict(graph.to(device), ["energy", "forces"])
            energies[block] = found["energy"].double().cpu().numpy() + offset
            forces[block] = found["forces"].double().cpu().numpy().reshape(forces[block].shape)
        return energies, forces

    def save(self, directory: Path) -> None:
        """Write ``model.json`` (settings, reference energies, report) and ``model.npz``."""
        facts = {
            "settings": self.settings.model_dump(mode="json"),
            "reference_energies": {str(z): e for z, e in self.reference_energies.items()},
            "report": dict(self.report),
        }
        write_model(directory, self.name, _VERSION, facts, parameter_arrays(self.model))


def load_neural(architecture: Architecture, directory: Path) -> NeuralPotential:
    """Restore a potential that was saved: the model is built anew and its parameters are set.

    Raises
    ------
    SchemaError
        When the file does not hold a potential of this architecture.
    """
    facts, arrays = read_model(directory, architecture.name, _VERSION)
    try:
        settings = architecture.settings.model_validate(facts["settings"])
        energies = {int(z): float(e) for z, e in facts["reference_energies"].items()}
        model = build_model(architecture, settings, sorted(energies), seed=0)
        load_parameter_arrays(model, arrays)
        report = dict(facts["report"])
    except (KeyError, AttributeError, ValueError, ValidationError) as error:
        raise SchemaError(
            f"a potential of kind {architecture.name!r} in {directory}",
            str(error),
            "Train it again with this version of the program.",
        ) from error
    model.eval().requires_grad_(False)
    return NeuralPotential(architecture, settings, model, energies, report)
