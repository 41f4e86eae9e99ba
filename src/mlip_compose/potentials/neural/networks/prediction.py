"""Prediction of frames of a molecule, in batches that fit into memory."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from graph_pes import GraphPESModel

from mlip_compose.core.records import FloatArray, Molecule
from mlip_compose.potentials.neural.networks.graphs import batch_graph, neighbour_pairs
from mlip_compose.potentials.neural.networks.runtime import chosen_device


def predict_in_batches(
    model: GraphPESModel,
    molecule: Molecule,
    positions: FloatArray,
    cutoff: float,
    dtype: torch.dtype,
    batch_edges: Mapping[str, int],
) -> tuple[FloatArray, FloatArray]:
    """Predict F frames of a molecule with a model, on a GPU where there is one.

    The number of edges of a batch is fixed. Memory does not grow with the number of frames or the
    size of the molecule.

    Parameters
    ----------
    model
        Model in evaluation mode.
    molecule
        A molecule of N atoms.
    positions : (F, N, 3) float64
        Angstrom.
    cutoff
        Angstrom.
    dtype
        Type of the model's parameters.
    batch_edges
        Number of directed edges of a batch, by type of device (``cpu``, ``cuda``).

    Returns
    -------
    energies : (F,) float64
        eV.
    forces : (F, N, 3) float64
        eV/Angstrom.
    """
    energies = np.empty(len(positions))
    forces = np.empty_like(positions)
    if len(positions) == 0:
        return energies, forces
    device = chosen_device()
    model = model.to(device)
    edges = len(neighbour_pairs(positions[:1], cutoff)[0])
    size = max(1, batch_edges[device.type] // max(1, edges))
    for start in range(0, len(positions), size):
        block = slice(start, start + size)
        graph = batch_graph(molecule, positions[block], cutoff, dtype)
        with torch.enable_grad():
            predicted = model.predict(graph.to(device), ["energy", "forces"])
        energies[block] = predicted["energy"].detach().double().cpu().numpy()
        flat_forces = predicted["forces"].detach().double().cpu().numpy()
        forces[block] = flat_forces.reshape(forces[block].shape)
    return energies, forces
