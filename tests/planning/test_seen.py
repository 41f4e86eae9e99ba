"""Seen radii: environments are the same if and only if an isomorphism takes one to the other."""

import itertools
import random

import networkx
import numpy as np
import pytest

from mlip_compose.molecules.assembly import full
from mlip_compose.molecules.perception import molecule_of_smiles
from mlip_compose.planning.seen import Environments, Interned, seen_in
from mlip_compose.tasks.environments import environment_labels

DRUGS = (
    "CC(=O)Oc1ccccc1C(=O)O",
    "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
    "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
    "c1ccc2ccccc2c1",
    "C1CCC2CCCCC2C1",
    "C1CCCCC1C1CCCCC1",
    "C12C3C4C1C5C2C3C45",
    "C1CC2CCC1C2",
    "O=[N+]([O-])c1ccccc1CCBr",
    "C[N+](C)(C)CC(=O)[O-]",
    "C1=CC=CC=CC=C1",
    "c1ccncc1",
    "CC1=CC(=O)C=CC1=O",
    "NC(Cc1c[nH]c2ccccc12)C(=O)O",
)


def networks(environments, radius):
    """Return every neighbourhood of a molecule as a networkx graph with its root marked."""
    molecule = environments.molecule
    whole = networkx.Graph()
    for atom in range(molecule.n_atoms):
        whole.add_node(atom, kind=(int(molecule.numbers[atom]), int(molecule.charges[atom])))
    for (i, j), order in zip(molecule.bonds.tolist(), molecule.bond_orders.tolist(), strict=True):
        whole.add_edge(i, j, order=order)
    for atom in range(molecule.n_atoms):
        ball = networkx.single_source_shortest_path_length(whole, atom, cutoff=radius)
        part = whole.subgraph(ball).copy()
        part.nodes[atom]["root"] = True
        yield part


def same(first, second):
    """Return whether an isomorphism keeps elements, charges, bond orders and the root."""
    return networkx.is_isomorphic(
        first,
        second,
        node_match=lambda a, b: a == b,
        edge_match=lambda a, b: a == b,
    )


@pytest.mark.parametrize("radius", [1, 2, 3])
def test_keys_are_equal_if_and_only_if_environments_are(radius):
    table = Interned()
    molecules = [Environments(molecule_of_smiles(s), table) for s in DRUGS]
    environments = [
        (molecule.key(atom, radius), part)
        for molecule in molecules
        for atom, part in enumerate(networks(molecule, radius))
    ]
    pairs = list(itertools.combinations(environments, 2))
    random.Random(radius).shuffle(pairs)
    alike = [pair for pair in pairs if pair[0][0] == pair[1][0]][:1500]
    # Those that differ in the key alone where a cheaper look finds no difference are the hard ones.
    close = [
        (a, b)
        for a, b in pairs
        if a[0] != b[0] and a[1].number_of_nodes() == b[1].number_of_nodes()
    ][:2000]
    assert len(alike) > 500
    assert len(close) > 1000
    for (key, first), (other, second) in alike + close:
        assert (key == other) == same(first, second)


def test_rings_are_not_unrolled():
    """Six carbons of a ring and of a chain differ, though every walk of three bonds is the same."""
    ring, chain = molecule_of_smiles("C1CCCCC1"), molecule_of_smiles("CCCCCCCCCC")
    (seen,) = seen_in([ring], [chain])
    carbons = ring.numbers == 6
    assert set(seen.radii[carbons].tolist()) == {2}


def test_charges_and_aromatic_bonds_count():
    acid, ion = molecule_of_smiles("CC(=O)O"), molecule_of_smiles("CC(=O)[O-]")
    (seen,) = seen_in([ion], [acid])
    assert seen.radii.min() == -1
    benzene, triene = molecule_of_smiles("c1ccccc1"), molecule_of_smiles("C1C=CC=CC=C1")
    (seen,) = seen_in([benzene], [triene])
    assert set(seen.radii[benzene.numbers == 6].tolist()) == {0}


def test_all_of_a_training_molecule_is_seen_in_itself():
    molecule = molecule_of_smiles(DRUGS[0])
    (seen,) = seen_in([molecule], [molecule_of_smiles("CCO"), molecule])
    assert set(seen.radii.tolist()) == {6}
    assert set(seen.where) == {molecule.name}


def test_the_molecules_of_the_benchmark_have_the_classes_of_their_labels():
    """The keys part the atoms of the 254 molecules exactly as the labels of certificates do."""
    molecules = full()[::7]
    table = Interned()
    for radius in range(5):
        keys, labels = set(), set()
        for molecule in molecules:
            environments = Environments(molecule, table)
            own = {environments.key(atom, radius) for atom in range(molecule.n_atoms)}
            assert len(own) == len(set(environment_labels(molecule, radius)))
            keys |= own
            labels |= set(environment_labels(molecule, radius))
        assert len(keys) == len(labels)


@pytest.mark.parametrize("seed", range(5))
def test_writing_a_molecule_in_another_way_changes_nothing(seed):
    from rdkit import Chem

    drug = Chem.MolFromSmiles(DRUGS[seed])
    written = Chem.MolToRandomSmilesVect(drug, 5, randomSeed=seed + 1)
    molecules = [molecule_of_smiles(s) for s in written]
    for molecule in molecules[1:]:
        assert molecule.smiles == molecules[0].smiles
        assert np.array_equal(molecule.numbers, molecules[0].numbers)
        assert np.array_equal(molecule.bonds, molecules[0].bonds)
        assert np.array_equal(molecule.bond_orders, molecules[0].bond_orders)
