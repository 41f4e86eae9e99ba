import pickle
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlip_compose.core.errors import NotOfThisKindError, RequestError, UnknownNameError
from mlip_compose.core.records import Parts
from mlip_compose.molecules.assembly import assemble, find_molecule
from mlip_compose.molecules.groups import END_GROUPS
from mlip_compose.molecules.series import MAX_CHAIN, canonical_parts, parse_name, written_smiles

GROUPS = list(END_GROUPS)
# Elements of each end group, to count the atoms of a molecule without RDKit.
ELEMENTS = {
    "H": {1: 1},
    "OH": {8: 1, 1: 1},
    "NH2": {7: 1, 1: 2},
    "SH": {16: 1, 1: 1},
    "F": {9: 1},
    "Cl": {17: 1},
    "CHO": {6: 1, 1: 1, 8: 1},
    "COOH": {6: 1, 8: 2, 1: 1},
    "CONH2": {6: 1, 8: 1, 7: 1, 1: 2},
    "CN": {6: 1, 7: 1},
}

groups = st.sampled_from(GROUPS)
chains = st.integers(1, MAX_CHAIN)


@given(groups, chains, groups)
def test_canonical_order(x, n, y):
    parts = canonical_parts(x, n, y)
    assert parts == canonical_parts(y, n, x) == canonical_parts(*parts)
    assert sorted((parts.left, parts.right)) == sorted((x, y))
    if "H" in (x, y):
        assert parts.right == "H"
    else:
        assert GROUPS.index(parts.left) <= GROUPS.index(parts.right)


@given(groups, chains, groups)
def test_a_name_is_read_back(x, n, y):
    parts = canonical_parts(x, n, y)
    assert parse_name(parts.name) == parts
    assert parse_name(f"{parts.right}-{n}-{parts.left}") == parts


def test_names_of_the_design():
    assert canonical_parts("H", 4, "OH").name == "OH-4-H"
    assert canonical_parts("NH2", 4, "OH").name == "OH-4-NH2"
    assert canonical_parts("H", 4, "H").name == "H-4-H"


def test_numpy_integers_become_plain_ones():
    chain: Any = np.int64(4)
    assert type(canonical_parts("OH", chain, "H").chain) is int


@pytest.mark.parametrize("chain", [0, -1, MAX_CHAIN + 1, 2.0, "4", True, None])
def test_chain_out_of_range(chain):
    with pytest.raises(
        NotOfThisKindError, match=rf"whole number from 1 to 80; found n = {chain!r}"
    ):
        canonical_parts("OH", chain, "H")


def test_unknown_group_offers_the_nearest():
    with pytest.raises(UnknownNameError, match=r"end group .*found 'oh'. Did you mean 'OH'"):
        canonical_parts("oh", 4, "H")
    with pytest.raises(UnknownNameError, match="found 'Br'"):
        parse_name("H-4-Br")


@pytest.mark.parametrize(
    "name", ["", "OH", "OH-4", "OH-4-H-H", "OH--4-H", "OH-x-H", "OH-04-H", "OH-4.0-H", "OH-٤-H"]
)
def test_text_that_is_no_name(name):
    with pytest.raises(NotOfThisKindError, match="a name X-n-Y such as OH-4-H"):
        parse_name(name)


@pytest.mark.parametrize("name", ["OH-0-H", "CHO-0-CHO", "OH-81-H"])
def test_name_with_chain_out_of_range(name):
    with pytest.raises(NotOfThisKindError, match="from 1 to 80"):
        parse_name(name)


@pytest.mark.parametrize(
    ("name", "smiles", "inchikey"),
    [
        ("H-4-H", "CCCC", "IJDNQMDRQITEOD-UHFFFAOYSA-N"),
        ("OH-2-H", "CCO", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"),
        ("OH-4-H", "CCCCO", "LRHPLDYGYMQRHN-UHFFFAOYSA-N"),
        ("OH-2-OH", "OCCO", "LYCAIKOWRPUZTN-UHFFFAOYSA-N"),
        ("COOH-1-H", "CC(=O)O", "QTBSBXVTEAMEQO-UHFFFAOYSA-N"),
        ("CN-1-H", "CC#N", "WEVYAHXRMPXWCK-UHFFFAOYSA-N"),
        ("NH2-1-COOH", "NCC(=O)O", "DHMQDGOQFOQNFH-UHFFFAOYSA-N"),
    ],
)
def test_published_identifiers(name, smiles, inchikey):
    molecule = assemble(parse_name(name))
    assert (molecule.name, molecule.smiles, molecule.inchikey) == (name, smiles, inchikey)


@pytest.mark.parametrize(
    ("parts", "smiles"),
    [
        (Parts("OH", 2, "H"), "OCC"),
        (Parts("H", 2, "OH"), "CCO"),
        (Parts("COOH", 1, "CHO"), "OC(=O)CC=O"),
        (Parts("CHO", 1, "COOH"), "O=CCC(=O)O"),
        (Parts("CONH2", 1, "CN"), "NC(=O)CC#N"),
        (Parts("CN", 1, "CONH2"), "N#CCC(=O)N"),
    ],
)
def test_smiles_is_written_from_left_to_right(parts, smiles):
    assert written_smiles(parts) == smiles


@given(groups, chains, groups)
def test_atoms_and_bonds(x, n, y):
    molecule = assemble(canonical_parts(x, n, y))
    counted = Counter({1: 2 * n, 6: n}) + Counter(ELEMENTS[x]) + Counter(ELEMENTS[y])
    assert Counter(molecule.numbers.tolist()) == counted
    assert (molecule.charge, molecule.spin) == (0, 1)

    heavy = int(np.sum(molecule.numbers != 1))
    assert np.all(molecule.numbers[:heavy] != 1)
    bonds = molecule.bonds.astype(int)
    assert np.all(bonds[:, 0] < bonds[:, 1])
    assert bonds.tolist() == sorted(bonds.tolist())
    assert len(bonds) == molecule.n_atoms - 1  # connected and without rings: recognise tests it
    bearers = bonds[bonds[:, 1] >= heavy, 0][np.argsort(bonds[bonds[:, 1] >= heavy, 1])]
    assert np.all(np.diff(bearers) >= 0)  # hydrogens in the order of the atoms that bear them
    valence = np.zeros(molecule.n_atoms, dtype=int)
    np.add.at(valence, bonds.ravel(), np.repeat(molecule.bond_orders.astype(int), 2))
    wanted = {1: 1, 6: 4, 7: 3, 8: 2, 9: 1, 16: 2, 17: 1}
    assert valence.tolist() == [wanted[z] for z in molecule.numbers.tolist()]


def test_atom_order_of_one_molecule():
    molecule = assemble(parse_name("COOH-1-CN"))
    assert molecule.numbers.tolist() == [8, 6, 8, 6, 6, 7, 1, 1, 1]
    assert molecule.bonds.tolist() == [
        *([0, 1], [0, 6], [1, 2], [1, 3], [3, 4], [3, 7], [3, 8], [4, 5])
    ]
    assert molecule.bond_orders.tolist() == [1, 1, 2, 1, 1, 1, 1, 3]


def test_arrays_are_bytes_and_read_only():
    molecule = assemble(parse_name("CONH2-80-CONH2"))  # the longest one
    for array in (molecule.numbers, molecule.bonds, molecule.bond_orders):
        assert array.dtype == np.uint8
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    assert molecule.bonds.max() == molecule.n_atoms - 1  # no index has wrapped around


def test_either_order_gives_the_same_object():
    assert assemble(Parts("H", 4, "OH")) is assemble(Parts("OH", 4, "H"))
    with pytest.raises(NotOfThisKindError):
        assemble(Parts("H", 0, "OH"))


def test_a_molecule_travels_to_another_process():
    molecule = assemble(parse_name("OH-4-NH2"))
    copy = pickle.loads(pickle.dumps(molecule))
    assert copy.parts == molecule.parts
    assert copy.bonds.tolist() == molecule.bonds.tolist()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("OH-4-H", "OH-4-H"),
        ("H-4-OH", "OH-4-H"),
        ("butan-1-ol", "OH-4-H"),
        ("1-chloro-4-fluorobutane", "F-4-Cl"),
        ("OCCCC", "OH-4-H"),
        ("OCCCC butyl alcohol", "OH-4-H"),
        ("InChI=1S/C4H10O/c1-2-3-4-5/h5H,2-4H2,1H3", "OH-4-H"),
        ("InChI=1S/C6H6/c1-2-4-6-5-3-1/h1-6H", "C6H6-UHOVQNZJYSORNB"),
        ("c1ccccc1 benzene", "benzene"),
        ("*Br-3-H", "*Br-3-H"),
    ],
)
def test_texts_that_name_a_molecule(text, name):
    assert find_molecule(text).name == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("OX-4-H", "Did you mean 'OH'"),
        ("OH-0-H", "n = 0"),
        ("InChI=1S/C6", "an InChI that RDKit can read"),
        ("butanol", "no SMILES"),
        ("", "no atoms"),
    ],
)
def test_texts_that_name_none(text, message):
    with pytest.raises(RequestError, match=message):
        find_molecule(text)
