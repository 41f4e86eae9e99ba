"""Molecules as sums of training molecules: what is found, which sum of several, and what is not."""

from collections import Counter

import numpy as np
import pytest

from mlip_compose.molecules.assembly import full
from mlip_compose.molecules.perception import molecule_of_smiles
from mlip_compose.tasks.decomposition import decompose
from mlip_compose.tasks.rules import TASKS

MOLECULES = {molecule.name: molecule for molecule in full()}


def split(task, level):
    found = TASKS[task].split(MOLECULES.values(), level)
    return [MOLECULES[name] for name in found.train], [MOLECULES[name] for name in found.ood]


def smiles(decomposition):
    """The pieces with their coefficients, equal ones together."""
    counts = Counter()
    for term in decomposition.terms:
        counts[term.smiles] += term.coefficient
    return dict(counts)


def test_two_end_groups_come_from_molecules_with_one():
    training, _ = split("recombination", 1)
    found = decompose(MOLECULES["OH-2-CN"], training)
    assert smiles(found) == {"CCO": 1, "CCC#N": 1, "CC": -1}
    assert found.overlap == 2


def test_a_chain_comes_apart_into_windows():
    training, _ = split("length", 2)
    found = decompose(MOLECULES["OH-7-H"], training)
    assert smiles(found) == {"CCCCO": 1, "CCCC": 3, "CCC": -3}
    assert found.overlap == 3


def test_windows_of_two_carbons_share_a_methane():
    training, _ = split("length", 1)
    found = decompose(MOLECULES["F-7-H"], training)
    assert found.overlap == 1
    assert smiles(found) == {"CCF": 1, "CC": 5, "C": -5}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("level", [1, 2, 3])
def test_every_atom_and_bond_counts_once(task, level):
    """Pieces are training molecules or hydrides, and atoms that they have twice are taken off."""
    training, ood = split(task, level)
    known = {molecule.smiles for molecule in training}
    ood = ood[::4]
    found = {molecule.name: decompose(molecule, training) for molecule in ood}
    for name, decomposition in found.items():
        if decomposition is None:
            continue
        counts = np.zeros(MOLECULES[name].n_atoms, dtype=int)
        caps = Counter()
        for term in decomposition.terms:
            counts[list(term.atoms)] += term.coefficient
            for cap in term.caps:
                caps[cap] += term.coefficient
            heavy = (MOLECULES[name].numbers[list(term.atoms)] > 1).sum()
            assert term.smiles in known or heavy == 1
        assert (counts == 1).all()
        assert not any(caps.values())
    without = {name for name, decomposition in found.items() if decomposition is None}
    # molecules of `crossing` that are shorter than every training molecule with their group
    short = {m.name for m in ood if task == "crossing" and m.parts.chain < 7}
    assert without == short


def test_a_training_molecule_is_itself():
    found = decompose(MOLECULES["OH-4-H"], [MOLECULES["OH-4-H"]])
    assert [(term.smiles, term.coefficient, term.caps) for term in found.terms] == [
        ("CCCCO", 1, ())
    ]


def test_rings_stay_whole_and_a_new_group_has_no_sum():
    training = [molecule_of_smiles(text) for text in ("CCc1ccccc1", "CCCO", "CC")]
    target = molecule_of_smiles("OCCc1ccccc1")
    assert decompose(target, training) is None  # ethanol is not there
    training.append(molecule_of_smiles("CCO"))
    assert smiles(decompose(target, training)) == {"CCc1ccccc1": 1, "CCO": 1, "CC": -1}


def test_the_largest_overlap_is_taken():
    training = [molecule_of_smiles(text) for text in ("CC", "CCC", "CCCO", "CCO", "CCCN", "CCN")]
    found = decompose(molecule_of_smiles("OCCCN"), training)
    assert smiles(found) == {"CCCO": 1, "CCCN": 1, "CCC": -1}
    assert found.overlap == 3
