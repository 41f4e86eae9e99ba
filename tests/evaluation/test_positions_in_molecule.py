from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from mlip_compose.evaluation.attribution import (
    NOWHERE,
    distance_from_end_group,
    distance_from_novel_atom,
)
from mlip_compose.molecules.perception import molecule_of_smiles

CH2, CH3 = ["C", "H", "H"], ["C", "H", "H", "H"]
SYMBOLS = {1: "H", 6: "C", 7: "N", 8: "O", 9: "F", 16: "S", 17: "Cl"}


def by_distance(molecule, away):
    """Return the formula of the atoms at each distance."""
    found = {}
    for number, bonds in zip(molecule.numbers.tolist(), away.tolist(), strict=True):
        found.setdefault(bonds, Counter())[SYMBOLS[number]] += 1
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("OH-3-H", {0: ["O", "H"], 1: CH2, 2: CH2, 3: CH3}),
        ("F-1-H", {0: ["F"], 1: CH3}),
        ("CHO-2-H", {0: ["C", "O", "H"], 1: CH2, 2: CH3}),
        ("COOH-1-H", {0: ["C", "O", "O", "H"], 1: CH3}),
        ("CONH2-2-H", {0: ["C", "O", "N", "H", "H"], 1: CH2, 2: CH3}),
        ("CN-2-H", {0: ["C", "N"], 1: CH2, 2: CH3}),
        ("OH-4-CN", {0: ["O", "H", "C", "N"], 1: [*CH2, *CH2], 2: [*CH2, *CH2]}),
        ("F-1-Cl", {0: ["F", "Cl"], 1: CH2}),
        ("H-1-H", {1: ["C", "H", "H", "H", "H"]}),
        ("H-2-H", {1: [*CH3, *CH3]}),
        ("H-5-H", {1: [*CH3, *CH3], 2: [*CH2, *CH2], 3: CH2}),
    ],
)
def test_every_part_is_as_far_from_the_end_group_as_its_carbon(assembled, name, expected):
    molecule = assembled(name)
    found = by_distance(molecule, distance_from_end_group(molecule))
    assert found == {bonds: Counter(atoms) for bonds, atoms in expected.items()}


def test_bonds_are_counted_to_the_nearest_novel_atom_hydrogens_included(assembled):
    butanol = assembled("OH-4-H")
    novel = butanol.numbers == 8
    found = by_distance(butanol, distance_from_novel_atom(butanol, novel))
    assert found == {
        0: {"O": 1},
        1: {"H": 1, "C": 1},
        2: {"C": 1, "H": 2},
        3: {"C": 1, "H": 2},
        4: {"C": 1, "H": 2},
        5: {"H": 3},
    }
    ends = np.flatnonzero((butanol.numbers == 8) | (np.arange(butanol.n_atoms) == 4))
    two = np.isin(np.arange(butanol.n_atoms), ends)
    away = distance_from_novel_atom(butanol, two)
    assert away[:5].tolist() == [0, 1, 2, 1, 0]  # O, then the four carbons of the chain


def test_a_molecule_without_a_novel_atom_has_no_distances(assembled):
    ethanol = assembled("OH-2-H")
    assert distance_from_novel_atom(ethanol, np.zeros(ethanol.n_atoms, dtype=bool)) is None


def test_what_no_bond_leads_to_is_nowhere(assembled):
    """A hydrogen is cut off the last carbon of ethanol."""
    ethanol = assembled("OH-2-H")
    last = ethanol.n_atoms - 1
    kept = ~(ethanol.bonds == last).any(axis=1)
    cut = replace(ethanol, bonds=ethanol.bonds[kept], bond_orders=ethanol.bond_orders[kept])
    novel = cut.numbers == 8
    assert distance_from_novel_atom(cut, novel)[last] == NOWHERE


def test_a_molecule_of_no_series_has_no_end_group():
    assert set(distance_from_end_group(molecule_of_smiles("c1ccccc1")).tolist()) == {NOWHERE}


def test_distances_from_a_group_of_any_kind():
    """1-Methoxypropane: OCH3 at 0, then the carbons with their hydrogens."""
    ether = molecule_of_smiles("CCCOC")
    away = distance_from_end_group(ether)
    assert sorted(away[ether.numbers > 1].tolist()) == [0, 0, 1, 2, 3]
    assert sorted(away.tolist()) == [0] * 5 + [1] * 3 + [2] * 3 + [3] * 4


def test_the_order_of_atoms_and_bonds_makes_no_difference(assembled):
    molecule = assembled("NH2-3-COOH")
    order = np.random.default_rng(3).permutation(molecule.n_atoms)
    place = np.argsort(order)
    shuffled = replace(
        molecule,
        numbers=molecule.numbers[order],
        bonds=place[molecule.bonds][::-1],
        bond_orders=molecule.bond_orders[::-1],
    )
    expected = distance_from_end_group(molecule)[order]
    np.testing.assert_array_equal(distance_from_end_group(shuffled), expected)
