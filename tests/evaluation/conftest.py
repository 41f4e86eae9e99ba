"""Molecules and comparisons small enough to work out by hand."""

from collections.abc import Callable
from functools import partial
from typing import Any

import builders
import numpy as np
import pytest

from mlip_compose.core.records import Comparison, Molecule
from mlip_compose.evaluation.score import Header
from mlip_compose.molecules.assembly import assemble
from mlip_compose.molecules.series import parse_name

GROUPS = {"H": [1], "OH": [8, 1], "NH2": [7, 1, 1], "F": [9], "Cl": [17]}


@pytest.fixture(scope="session")
def molecule() -> Callable[..., Molecule]:
    """Make a molecule from its name; its graph does not matter here."""

    def make(name: str, numbers: list[int] | None = None) -> Molecule:
        parts = parse_name(name)
        atoms = GROUPS[parts.left] + [6, 1, 1] * parts.chain + GROUPS[parts.right]
        if numbers is not None:
            atoms = numbers
        return Molecule(
            name=name,
            smiles="",
            inchikey=name,
            numbers=np.array(atoms, dtype=np.uint8),
            bonds=np.zeros((0, 2), dtype=np.uint8),
            bond_orders=np.zeros(0, dtype=np.uint8),
            charges=np.zeros(len(atoms), dtype=np.int8),
            parts=parts,
        )

    return make


@pytest.fixture(scope="session")
def assembled() -> Callable[[str], Molecule]:
    """Make a molecule with its graph from its name."""
    return lambda name: assemble(parse_name(name))


@pytest.fixture(scope="session")
def compare() -> Callable[..., Comparison]:
    """Make a comparison from its errors: energies (F,) in eV; forces anything that broadcasts."""

    def make(
        molecule: Molecule, part: Any, energy: Any, forces: Any = 0.0, novel: Any = False
    ) -> Comparison:
        rng = np.random.default_rng(7)
        error = np.asarray(energy, dtype=np.float64)
        shape = (len(error), molecule.n_atoms, 3)
        reference_energy = np.round(rng.normal(-100.0, 1.0, len(error)), 3)
        reference_forces = np.round(rng.normal(0.0, 1.0, shape), 3)
        return Comparison(
            molecule=molecule,
            part=part,
            reference_energy=reference_energy,
            predicted_energy=reference_energy + error,
            reference_forces=reference_forces,
            predicted_forces=reference_forces + np.broadcast_to(forces, shape),
            novel=np.broadcast_to(novel, molecule.n_atoms).astype(bool),
        )

    return make


@pytest.fixture(scope="session")
def header() -> Callable[..., Header]:
    """Make a header; keywords replace its fields."""
    return partial(builders.header, potential="additive", role="feasibility", dataset="mini-v1")
