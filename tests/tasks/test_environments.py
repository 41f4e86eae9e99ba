"""Labels are a graph invariant: checked against networkx, which decides isomorphism by search."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlip_compose.core.records import Molecule
from mlip_compose.molecules.assembly import full
from mlip_compose.tasks.environments import environment_labels, rooted_smiles

RINGS = (
    "C1CC1",
    "C1CCC1",
    "C1CCCCC1",
    "c1ccccc1",
    "Cc1ccccc1O",
    "C1CC1CCC1CC1",
    "C12C3C4C1C5C2C3C45",
    "C1C2CC3CC1CC(C2)C3",
    "C1CC2CCC1C2",
    "OC1CCC(CC1)C#N",
    "C1=CCCCC1",
    "C1CCC2(CC1)CCCC2",
)
TREES = ("CCO", "COC", "C=CC", "C#CC", "CC(C)(C)C", "CC(=O)O", "OC=C", "O=CC", "NC(=O)CC", "CC")


def rooted_graph(molecule: Molecule, atom: int, radius: int) -> nx.Graph:
    graph = nx.Graph()
    for a, number in enumerate(molecule.numbers.tolist()):
        graph.add_node(a, mark=(number, a == atom))
    for (a, b), order in zip(molecule.bonds.tolist(), molecule.bond_orders.tolist(), strict=True):
        graph.add_edge(a, b, order=order)
    return nx.ego_graph(graph, atom, radius)


def same(one: nx.Graph, other: nx.Graph) -> bool:
    return nx.is_isomorphic(
        one,
        other,
        node_match=lambda x, y: x["mark"] == y["mark"],
        edge_match=lambda x, y: x["order"] == y["order"],
    )


@pytest.mark.parametrize("radius", range(5))
def test_labels_are_equal_exactly_where_neighbourhoods_are_isomorphic(read, radius):
    families: dict[str, nx.Graph] = {}
    sizes: dict[tuple[int, ...], list[str]] = {}
    for molecule in map(read, TREES + RINGS):
        for atom, label in enumerate(environment_labels(molecule, radius)):
            graph = rooted_graph(molecule, atom, radius)
            if label in families:
                assert same(graph, families[label])
            else:
                key = tuple(sorted(number for _, (number, _) in graph.nodes(data="mark")))
                for other in sizes.setdefault(key, []):
                    assert not same(graph, families[other])
                families[label] = graph
                sizes[key].append(label)
    assert len(families) > 3


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_renumbering_atoms_reorders_labels(read, renumber, data):
    smiles = data.draw(st.sampled_from(RINGS + TREES))
    molecule = read(smiles)
    order = data.draw(st.permutations(range(molecule.n_atoms)))
    renumbered = renumber(molecule, order)
    for radius in range(7):
        labels = environment_labels(molecule, radius)
        assert environment_labels(renumbered, radius) == tuple(labels[i] for i in order)


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_renumbering_a_molecule_of_the_grammar_reorders_labels(renumber, data):
    molecule = data.draw(st.sampled_from(full()))
    order = np.random.default_rng(data.draw(st.integers(0, 2**32))).permutation(molecule.n_atoms)
    renumbered = renumber(molecule, order.tolist())
    for radius in range(8):
        labels = environment_labels(molecule, radius)
        assert environment_labels(renumbered, radius) == tuple(labels[i] for i in order)


def test_a_ring_is_no_unrolled_tree(read):
    cyclopropane, cyclohexane, hexane = map(read, ("C1CC1", "C1CCCCC1", "CCCCCC"))
    middle = 2  # of hexane
    assert environment_labels(cyclohexane, 2)[0] == environment_labels(hexane, 2)[middle]
    assert environment_labels(cyclohexane, 3)[0] != environment_labels(hexane, 3)[middle]
    assert environment_labels(cyclopropane, 1)[0] != environment_labels(hexane, 1)[middle]
    assert environment_labels(cyclopropane, 2)[0] != environment_labels(cyclohexane, 2)[0]


def test_radius_0_is_the_element_and_bond_orders_and_hydrogens_count(read):
    aldehyde, alcohol = read("CC=O"), read("CCO")
    assert environment_labels(aldehyde, 0)[2] == environment_labels(alcohol, 0)[2]
    assert environment_labels(aldehyde, 0)[2] != environment_labels(alcohol, 0)[1]
    assert environment_labels(aldehyde, 1)[2] != environment_labels(alcohol, 1)[2]
    ethane, ethene = read("CC"), read("C=C")
    assert environment_labels(ethane, 1)[0] != environment_labels(ethene, 1)[0]
    hydrogen = -1
    assert environment_labels(ethane, 1)[hydrogen] == environment_labels(ethene, 1)[hydrogen]


def test_beyond_the_molecule_nothing_changes_and_any_radius_can_be_asked_for(read):
    butane = read("CCCC")
    assert environment_labels(butane, 30) == environment_labels(butane, 5)
    assert environment_labels(butane, 5) != environment_labels(butane, 4)


def test_labels_are_the_same_in_every_process(read):
    assert environment_labels(read("OCCC#N"), 3)[0] == "e0f370cf4fa37076bcb1"


@pytest.mark.parametrize("smiles", ["CCO", "C1CC1C#N", "NC(=O)CC=C"])
@pytest.mark.parametrize("radius", [0, 1, 2, 4])
def test_a_written_environment_is_found_in_its_molecule(read, smiles, radius):
    from rdkit import Chem

    molecule = read(smiles)
    graph = Chem.AddHs(Chem.MolFromSmiles(smiles))
    labels = environment_labels(molecule, radius)
    for atom in range(molecule.n_atoms):
        pattern = Chem.MolFromSmarts(rooted_smiles(molecule, atom, radius))
        root = next(a.GetIdx() for a in pattern.GetAtoms() if a.GetAtomMapNum() == 1)
        matches = graph.GetSubstructMatches(pattern, uniquify=False, maxMatches=10_000)
        assert labels[atom] in {labels[match[root]] for match in matches}
        assert pattern.GetNumAtoms() == len(rooted_graph(molecule, atom, radius))
