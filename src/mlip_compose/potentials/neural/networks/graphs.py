"""Molecules in vacuum as graphs of graph-pes.

F counts frames, N atoms of a molecule, E directed edges. Edges join atoms nearer than the cutoff.
There is no cell. Lengths are in Angstrom, energies in eV, forces in eV/Angstrom.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import torch
from graph_pes import AtomicGraph

from mlip_compose.core.records import FloatArray, Frames, IntArray, Molecule


def neighbour_pairs(positions: FloatArray, cutoff: float) -> tuple[IntArray, IntArray, IntArray]:
    """Find the ordered pairs of atoms nearer than ``cutoff`` in each frame.

    Parameters
    ----------
    positions : (F, N, 3)
        Angstrom.
    cutoff
        Angstrom.

    Returns
    -------
    frame, i, j : (E,) int64
        Frame, central atom and neighbour of each pair, in lexicographic order; E counts the pairs
        of all frames.
    """
    square = np.zeros((len(positions), positions.shape[1], positions.shape[1]))
    for axis in range(3):  # one (F, N, N) array at a time
        x = positions[:, :, axis]
        square += (x[:, :, None] - x[:, None, :]) ** 2
    near = square < cutoff**2
    near[:, np.arange(near.shape[1]), np.arange(near.shape[1])] = False
    frame, i, j = np.nonzero(near)
    return frame, i, j


def batch_graph(
    molecule: Molecule, positions: FloatArray, cutoff: float, dtype: torch.dtype
) -> AtomicGraph:
    """Make one batched graph of F frames of one molecule.

    Parameters
    ----------
    molecule
        A molecule of N atoms. The graph has its charge and spin, for models that take them.
    positions : (F, N, 3)
        Angstrom.
    cutoff
        Angstrom.
    dtype
        Type of the positions in the graph.
    """
    n_frames, n_atoms, _ = positions.shape
    frame, i, j = neighbour_pairs(positions, cutoff)
    first = frame * n_atoms
    return AtomicGraph(
        Z=torch.tensor(molecule.numbers.astype(np.int64)).repeat(n_frames),
        R=torch.tensor(positions.reshape(-1, 3), dtype=dtype),
        cell=torch.zeros(n_frames, 3, 3, dtype=dtype),
        neighbour_list=torch.tensor(np.stack([first + i, first + j])),
        neighbour_cell_offsets=torch.zeros(len(i), 3, dtype=dtype),
        properties={},
        cutoff=cutoff,
        other=_state(molecule, n_frames, dtype),
        batch=torch.arange(n_frames).repeat_interleave(n_atoms),
        ptr=torch.arange(n_frames + 1) * n_atoms,
    )


def _state(molecule: Molecule, n_frames: int, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    return {
        "total_charge": torch.full((n_frames,), molecule.charge, dtype=dtype),
        "total_spin": torch.full((n_frames,), molecule.spin, dtype=dtype),
    }


def labelled_graphs(
    molecules: Mapping[str, Molecule],
    frames: tuple[Frames, ...],
    reference_energies: Mapping[int, float],
    cutoff: float,
    dtype: torch.dtype,
) -> list[AtomicGraph]:
    """Make a graph of each frame, labelled with energy, eV, and forces (N, 3), eV/Angstrom.

    The reference energies of the atoms are subtracted from the energy in float64. The rest is some
    eV, and float32 holds it to 1e-6 eV. It would hold a total energy of -10,000 eV only to 1e-3 eV.

    Parameters
    ----------
    molecules
        Molecules by name.
    frames
        Frames of these molecules.
    reference_energies
        Atomic number to energy, eV.
    cutoff
        Angstrom.
    dtype
        Type of positions and labels in the graphs.
    """
    graphs = []
    for block in frames:
        molecule = molecules[block.molecule]
        numbers = molecule.numbers
        offset = sum(reference_energies[z] for z in numbers.tolist())
        positions = np.asarray(block.positions, dtype=np.float64)
        frame, i, j = neighbour_pairs(positions, cutoff)
        ends = np.searchsorted(frame, np.arange(len(block) + 1))
        atoms = torch.tensor(numbers.astype(np.int64))
        for f, (start, stop) in enumerate(pairwise(ends)):
            pairs = np.stack([i[start:stop], j[start:stop]])
            graphs.append(
                AtomicGraph(
                    Z=atoms,
                    R=torch.tensor(positions[f], dtype=dtype),
                    cell=torch.zeros(3, 3, dtype=dtype),
                    neighbour_list=torch.tensor(pairs),
                    neighbour_cell_offsets=torch.zeros(stop - start, 3, dtype=dtype),
                    properties={
                        "energy": torch.tensor(float(block.energy[f]) - offset, dtype=dtype),
                        "forces": torch.tensor(np.asarray(block.forces[f]), dtype=dtype),
                    },
                    cutoff=cutoff,
                    other=_state(molecule, 1, dtype),
                )
            )
    return graphs
