from __future__ import annotations

import os

import numpy as np
import pytest

from mlip_compose.core.records import PRIMARY, SECONDARY, Frames, Parts, TrainingSet
from mlip_compose.molecules.assembly import assemble

os.environ.setdefault("OMP_NUM_THREADS", "1")

ATOM_ENERGIES = {1: -13.6, 6: -1030.0, 8: -2040.0}  # eV, large: what float32 could not hold


def morse(positions):
    """Energy (F,) and forces (F, N, 3) of a sum of Morse-like terms over all pairs."""
    vectors = positions[:, :, None] - positions[:, None]
    distances = np.linalg.norm(vectors, axis=-1) + np.eye(positions.shape[1])
    decay = np.exp(-1.5 * (distances - 1.4)) * (1 - np.eye(positions.shape[1]))
    energy = 0.5 * np.sum(0.5 * (decay**2 - 2 * decay), axis=(1, 2))
    slope = 0.5 * (-3.0 * decay**2 + 3.0 * decay)
    forces = -np.sum((slope / distances)[..., None] * vectors, axis=2)
    return energy, forces


def geometries(molecule, n_frames, seed):
    """Random but separated atoms: graphs of any kind do for these tests."""
    rng = np.random.default_rng(seed)
    n = molecule.n_atoms
    side = int(np.ceil(n ** (1 / 3)))
    lattice = 1.5 * np.argwhere(np.ones((side, side, side)))[:n]
    return lattice + rng.normal(0, 0.12, size=(n_frames, n, 3))


def labelled(molecule, trajectory, n_frames, seed):
    positions = geometries(molecule, n_frames, seed)
    energy, forces = morse(positions)
    energy = energy + sum(ATOM_ENERGIES[z] for z in molecule.numbers.tolist())
    return Frames(molecule.name, trajectory, np.arange(n_frames), positions, energy, forces)


@pytest.fixture(scope="session")
def data():
    molecules = [assemble(p) for p in (Parts("H", 2, "H"), Parts("OH", 1, "H"), Parts("H", 3, "H"))]
    return TrainingSet(
        {m.name: m for m in molecules},
        tuple(labelled(m, PRIMARY, 6, seed) for seed, m in enumerate(molecules)),
        tuple(labelled(m, SECONDARY, 3, 50 + seed) for seed, m in enumerate(molecules)),
    )


@pytest.fixture(scope="session")
def tiny():
    from mlip_compose.potentials.neural.architectures.mace import MaceSettings

    return MaceSettings(
        channels=4,
        radial_width=8,
        steps=12,
        batch_size=3,
        validations=4,
        learning_rate=0.02,
        ema_decay=0.5,
        cutoff=3.0,
    )


@pytest.fixture(scope="session")
def fitted(data, tiny, tmp_path_factory):
    """A potential, with what it has been told on the way."""
    from mlip_compose.potentials.neural.architectures.mace import SMALL as KIND

    told = []
    workdir = tmp_path_factory.mktemp("fitted")
    potential = KIND.fit(data, tiny, 0, workdir, lambda f, message: told.append((f, message)))
    return potential, told
