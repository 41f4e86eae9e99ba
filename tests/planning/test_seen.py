"""Seen radii: environments are the same if and only if an isomorphism takes one to the other."""

import itertools
from collections import Counter, defaultdict
from contextlib import suppress
from operator import eq
from pathlib import Path

import networkx
import numpy as np
import pytest
from rdkit import RDConfig

from mlip_compose.core.errors import RequestError
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
PAIRS = ((1, 190, 180), (2, 1100, 850), (3, 2500, 1200), (4, 3850, 1000))
"""Radius, and the least numbers of pairs of one key and of two: more than 10,000 in all."""


def of_the_institute(every):
    """Return molecules of NCI's list, which RDKit ships: rings, ions, many kinds of bonds."""
    lines = (Path(RDConfig.RDDataDir) / "NCI/first_5K.smi").read_text().splitlines()
    for line in lines[::every]:
        with suppress(RequestError):  # salts and metals
            yield molecule_of_smiles(line.split()[0])


@pytest.fixture(scope="module")
def molecules():
    drugs = [molecule_of_smiles(smiles) for smiles in DRUGS]
    table = Interned()
    return [Environments(molecule, table) for molecule in (*drugs, *of_the_institute(every=6))]


def whole(molecule):
    """Return a molecule as a networkx graph, made from its arrays alone."""
    graph = networkx.Graph()
    for (i, j), order in zip(molecule.bonds.tolist(), molecule.bond_orders.tolist(), strict=True):
        graph.add_edge(i, j, order=order)
    kinds = zip(molecule.numbers.tolist(), molecule.charges.tolist(), strict=True)
    graph.add_nodes_from((atom, {"kind": kind}) for atom, kind in enumerate(kinds))
    return graph


def around(graph, atom, radius):
    """Return the part of a graph at most so many bonds from an atom.

    What makes the search short and changes no answer: nodes have their distance from the root, and
    a hydrogen, which is the end of one bond, is counted at its neighbour.
    """
    ball = networkx.single_source_shortest_path_length(graph, atom, cutoff=radius)
    kinds = graph.nodes(data="kind")
    ends = {i for i in ball if i != atom and kinds[i] == (1, 0) and graph.degree[i] == 1}
    part = networkx.Graph()
    for i in ball.keys() - ends:
        hydrogens = sum(j in ends for j in graph[i])
        part.add_node(i, kind=(ball[i], *kinds[i], hydrogens))
    for i in part:
        edges = ((i, j, order) for j, order in graph.adj[i].items() if j in part)
        part.add_edges_from(edges)
    return part


def same(first, second):
    """Return whether an isomorphism keeps elements, charges, bond orders and the root."""
    return networkx.is_isomorphic(first, second, node_match=eq, edge_match=eq)


def sketch(part):
    """Return how many atoms of an element, with so many hydrogens, there are at each distance."""
    kinds = Counter((kind[:2], kind[-1]) for _, kind in part.nodes(data="kind"))
    return frozenset(kinds.items())


@pytest.mark.parametrize(("radius", "alike", "unlike"), PAIRS)
def test_keys_are_equal_if_and_only_if_environments_are(radius, alike, unlike, molecules):
    """Pairs are hard ones: of one key, or of two keys that a cheaper look finds to be the same."""
    places = defaultdict(list)
    for molecule in molecules:
        graph = whole(molecule.molecule)
        for atom in range(molecule.molecule.n_atoms):
            places[molecule.key(atom, radius)].append((graph, atom))
    parts = {key: around(*members[0], radius) for key, members in places.items()}
    again = {key: members[-1] for key, members in places.items() if len(members) > 1}
    assert len(again) >= alike
    for key, member in again.items():
        assert same(parts[key], around(*member, radius)), key
    sketches = defaultdict(list)
    for key, part in parts.items():
        sketches[sketch(part)].append(key)
    pairs = [pair for keys in sketches.values() for pair in itertools.combinations(keys, 2)]
    assert len(pairs) >= unlike
    for one, other in pairs:
        assert not same(parts[one], parts[other]), (one, other)


def test_rings_are_not_unrolled():
    """Six carbons of a ring and of a chain differ, though every walk of three bonds is the same."""
    ring, chain = molecule_of_smiles("C1CCCCC1"), molecule_of_smiles("CCCCCCCCCC")
    (seen,) = seen_in([ring], [chain])
    carbons = ring.numbers == 6
    assert set(seen.radii[carbons].tolist()) == {2}


def test_rings_of_the_same_atoms_in_another_order_are_another_environment():
    """Two squares beside and two across each other have the same walks and atoms of two bonds."""
    beside, across = (molecule_of_smiles(s) for s in ("C12C(C)CC1CC2C", "C1(C(C)C)C2CC1C2"))
    seen = seen_in([beside, across], [beside], 2)
    assert set(seen[0].radii.tolist()) == {2}
    assert seen[1].radii.min() == 1


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
