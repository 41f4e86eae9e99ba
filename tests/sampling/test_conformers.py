import numpy as np
import pytest
from ase import Atoms
from rdkit.Chem import MolFromSmarts

from mlip_compose.molecules.geometry import superposed_rmsd, topology_kept
from mlip_compose.molecules.perception import molecule_of_smiles, rdkit_of
from mlip_compose.sampling.conformers import (
    DISTINCT_RMSD,
    LOWEST,
    conformer_pool,
    draw_starts,
    extended_conformers,
    starts_of_minimum,
)


def pool_of(molecule, seed=0, size=12):
    return conformer_pool(molecule, np.random.default_rng(seed), size)


@pytest.mark.parametrize("name", ["OH-4-H", "CN-3-H", "COOH-2-CONH2"])
def test_a_pool_has_ordered_energies_and_the_molecules_own_atoms(molecule, name):
    parts = molecule(name)
    positions, energies = pool_of(parts)
    assert positions.shape == (len(energies), parts.n_atoms, 3)
    assert (np.diff(energies) >= 0).all()
    assert topology_kept(parts, positions).all()


def test_a_pool_depends_on_its_seed_alone(molecule):
    first, again, other = (pool_of(molecule("OH-4-H"), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0], again[0])
    assert not np.allclose(first[0][0], other[0][0])


def test_the_two_trajectories_start_from_different_conformers(molecule):
    parts = molecule("H-6-H")
    heavy = parts.numbers > 1
    primary, secondary = draw_starts(parts, pool_of(parts), 500.0, np.random.default_rng(0))
    assert superposed_rmsd(primary[heavy], secondary[heavy]) > DISTINCT_RMSD


def test_a_molecule_with_one_conformer_starts_from_two_embeddings(molecule):
    parts = molecule("H-2-H")
    primary, secondary = draw_starts(parts, pool_of(parts), 500.0, np.random.default_rng(0))
    assert not np.array_equal(primary, secondary)


def test_a_pool_of_one_is_where_both_start(molecule):
    parts = molecule("H-2-H")
    pool = pool_of(parts, size=1)
    for start in draw_starts(parts, pool, 500.0, np.random.default_rng(0)):
        np.testing.assert_array_equal(start, pool[0][0])


def test_a_molecule_that_mmff_does_not_know_is_relaxed_with_uff():
    """Boron has no parameters in MMFF94; the extended conformers are made with MMFF94 alone."""
    borane = molecule_of_smiles("CCB(O)O")
    positions, energies = pool = pool_of(borane)
    assert (np.diff(energies) >= 0).all()
    assert topology_kept(borane, positions).all()
    np.testing.assert_array_equal(starts_of_minimum(borane, pool), positions[:LOWEST])


@pytest.mark.parametrize("smiles", ["C", "CCCC1CC1", "CCCc1ccccc1"])
def test_a_chain_ends_where_a_ring_or_nothing_follows(smiles):
    """Bonds of a ring are not turned, and methane has none to turn."""
    parts = molecule_of_smiles(smiles)
    (extended,) = starts_of_minimum(parts, pool_of(parts))
    assert topology_kept(parts, extended[None]).all()


@pytest.mark.parametrize(
    ("name", "path"),
    [("H-7-H", range(7)), ("OH-5-H", range(6)), ("NH2-4-COOH", range(7)), ("CHO-3-H", range(5))],
)
def test_the_extended_conformers_are_all_anti(molecule, name, path):
    parts = molecule(name)
    found = extended_conformers(parts, pool_of(parts))
    assert topology_kept(parts, found).all()
    for positions in found:
        atoms = Atoms(numbers=parts.numbers, positions=positions)
        chain = [i for i in range(parts.n_atoms) if parts.numbers[i] == 6]
        for torsion in zip(chain, chain[1:], chain[2:], chain[3:], strict=False):
            assert atoms.get_dihedral(*torsion) == pytest.approx(180.0, abs=0.5)


@pytest.mark.parametrize(
    ("smiles", "expected"), [("COC=O", 0.0), ("CCC(=O)OC", 0.0), ("CCCCC(=O)OC", 0.0)]
)
def test_a_conjugated_bond_is_not_turned(smiles, expected):
    ester = molecule_of_smiles(smiles)
    path = rdkit_of(ester).GetMol().GetSubstructMatch(MolFromSmarts("O=[CX3]-O-[CH3]"))
    for positions in starts_of_minimum(ester, pool_of(ester)):
        dihedral = Atoms(numbers=ester.numbers, positions=positions).get_dihedral(*path)
        assert abs((dihedral + 180) % 360 - 180) == pytest.approx(expected, abs=15.0)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("H-4-H", 1),
        ("CONH2-2-H", 1),
        ("COOH-2-H", 1),
        ("OH-1-H", 1),
        ("OH-2-H", 3),
        ("SH-3-H", 3),
        ("OH-2-NH2", 9),
    ],
)
def test_groups_that_turn_stand_in_every_staggered_place(molecule, name, number):
    parts = molecule(name)
    found = extended_conformers(parts, pool_of(parts))
    assert len(found) == number
    distances = np.linalg.norm(found[:, :, None] - found[:, None], axis=-1)
    different = {tuple(np.round(each.ravel(), 2)) for each in distances}
    assert len(different) == number


def test_superposed_rmsd_ignores_where_a_molecule_is(molecule):
    from scipy.spatial.transform import Rotation

    a = pool_of(molecule("OH-4-H"), size=1)[0][0]
    b = Rotation.from_euler("xyz", [0.3, 1.0, -2.0]).apply(a) + np.array([1.0, 2.0, 3.0])
    assert superposed_rmsd(a, b) == pytest.approx(0.0, abs=1e-6)
    assert superposed_rmsd(a, a + np.eye(len(a), 3)) > 0.1
    assert superposed_rmsd(a[:1], b[:1]) == 0.0
