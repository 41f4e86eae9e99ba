"""Molecules that the grammar does not make, renumbered molecules, and made-up frames."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mlip_compose.core.records import Frames, Molecule
from mlip_compose.molecules.assembly import full
from mlip_compose.molecules.perception import molecule_of_rdkit


def _read(smiles: str) -> Molecule:
    """Any molecule, called by its SMILES; heavy atoms in its order."""
    from rdkit import Chem

    return molecule_of_rdkit(Chem.MolFromSmiles(smiles)).called(smiles)


def _renumber(molecule: Molecule, order: list[int]) -> Molecule:
    """The same molecule, its atom i being atom ``order[i]`` of the given one."""
    place = np.argsort(order)
    rows = sorted(
        (*sorted(place[pair].tolist()), bond_order)
        for pair, bond_order in zip(molecule.bonds, molecule.bond_orders.tolist(), strict=True)
    )
    table = np.array(rows, dtype=np.uint8)
    return replace(
        molecule,
        numbers=molecule.numbers[order],
        bonds=table[:, :2],
        bond_orders=table[:, 2],
        charges=molecule.charges[order],
    )


@pytest.fixture(scope="session")
def read() -> Callable[[str], Molecule]:
    return _read


@pytest.fixture(scope="session")
def renumber() -> Callable[[Molecule, list[int]], Molecule]:
    return _renumber


@pytest.fixture(scope="session")
def by_name() -> dict[str, Molecule]:
    return {molecule.name: molecule for molecule in full()}


@pytest.fixture
def made_up_frames(by_name: dict[str, Molecule]) -> Callable[[str, str, np.ndarray], Frames]:
    """A source of random frames; |F| is 1 eV/Angstrom in primary, 2 in secondary trajectories."""

    def frames(name: str, trajectory: str, indices: np.ndarray) -> Frames:
        shape = (len(indices), by_name[name].n_atoms, 3)
        positions = np.empty(shape)
        for row, index in zip(positions, indices, strict=True):
            seed = [*name.encode(), *trajectory.encode(), int(index)]
            row[:] = np.random.default_rng(seed).normal(scale=2.0, size=row.shape)
        forces = np.zeros(shape)
        forces[..., 1] = {"primary": -1.0, "secondary": 2.0}[trajectory]
        return Frames(name, trajectory, indices, positions, np.zeros(len(indices)), forces)

    return frames
