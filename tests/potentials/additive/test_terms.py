from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from mlip_compose.molecules.assembly import assemble
from mlip_compose.molecules.series import parse_name
from mlip_compose.potentials.additive.term_kinds import KIND_BY_NAME
from mlip_compose.potentials.additive.terms import find_terms

NAMES = ("H-3-H", "OH-4-CN", "CONH2-2-COOH", "CHO-1-H")


def renumbered(molecule, seed=0):
    order = np.random.default_rng(seed).permutation(molecule.n_atoms)
    bonds = np.sort(np.argsort(order)[molecule.bonds], axis=1)
    rows = np.lexsort((bonds[:, 1], bonds[:, 0]))
    return replace(
        molecule,
        numbers=molecule.numbers[order],
        bonds=bonds[rows].astype(np.uint8),
        bond_orders=molecule.bond_orders[rows],
        charges=molecule.charges[order],
    )


def type_counts(molecule):
    return Counter(
        (block.kind.name, block.types[u])
        for block in find_terms(molecule).blocks
        for u in block.type_of.tolist()
    )


def test_ethane_by_hand():
    counts = Counter(
        name
        for (name, _), n in type_counts(assemble(parse_name("H-2-H"))).items()
        for _ in range(n)
    )
    assert counts["bond"] == 7
    assert counts["angle"] == 12
    assert counts["torsion"] == counts["pair-1-4"] == 9
    assert counts["stretch-stretch"] == 12
    assert counts["stretch-bend"] == 24
    assert counts["bend-bend"] == 2 * 12  # of 15 pairs of angles at an atom, 3 share no bond
    assert counts["bond-shift"] == 8  # from each carbon
    assert not {"out-of-plane", "pair-1-5", "pair"} & counts.keys()


def test_nothing_turns_about_a_triple_bond():
    topology = find_terms(assemble(parse_name("CN-2-H"))).topology
    middle = {b for t in topology.torsions for b in t[1:3]}
    assert middle
    assert all("#" not in topology.labels.environment[b] for b in middle)


@pytest.mark.parametrize("name", NAMES)
def test_types_do_not_depend_on_the_order_of_atoms(name):
    molecule = assemble(parse_name(name))
    for seed in range(3):
        assert type_counts(renumbered(molecule, seed)) == type_counts(molecule)


@pytest.mark.parametrize("name", NAMES)
def test_a_finer_label_determines_the_coarser_ones(name):
    coarse = {}
    for kind, labels in type_counts(assemble(parse_name(name))):
        assert len(labels) == len(KIND_BY_NAME[kind].levels)
        assert coarse.setdefault((kind, labels[-1]), labels) == labels


def test_couplings_can_be_left_out():
    molecule = assemble(parse_name("OH-2-H"))
    names = {block.kind.name for block in find_terms(molecule, couplings=False).blocks}
    left_out = {block.kind.name for block in find_terms(molecule).blocks} - names
    assert "torsion" in names
    assert left_out == {name for name, kind in KIND_BY_NAME.items() if kind.coupling}
