"""Molecules from SMILES, from bonds and from geometries."""

from typing import Any

import numpy as np
import pytest
from ase.build import molecule as structure
from hypothesis import given, settings
from hypothesis import strategies as st

from mlip_compose.core.errors import NotOfThisKindError
from mlip_compose.core.records import AROMATIC
from mlip_compose.molecules.perception import (
    MOST_ATOMS,
    chain_of,
    molecule_of_geometry,
    molecule_of_graph,
    molecule_of_rdkit,
    molecule_of_smiles,
    perceive_bonds,
)
from mlip_compose.store.catalogue import open_dataset

POOL = {
    "aspirin": "CC(=O)Oc1ccccc1C(=O)O",
    "caffeine": "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
    "naphthalene": "c1ccc2ccccc2c1",
    "betaine": "C[N+](C)(C)CC(=O)[O-]",
    "ibuprofen": "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
    "bromomethylcyclopropane": "C1CC1CBr",
    "acrylonitrile": "C=CC#N",
    "nitrobenzene": "O=[N+]([O-])c1ccccc1",
    "norbornane": "C1CC2CCC1C2",
    "thiophene": "c1ccsc1",
    "pyridine": "c1ccncc1",
    "pyrrole": "c1cc[nH]c1",
    "methanesulfonamide": "CS(N)(=O)=O",
    "dimethyl sulfoxide": "CS(C)=O",
    "methylphosphonic acid": "CP(=O)(O)O",
    "tetramethylsilane": "C[Si](C)(C)C",
    "methyl azide": "CN=[N+]=[N-]",
    "methyl isocyanide": "C[N+]#[C-]",
    "benzoquinone": "O=C1C=CC(=O)C=C1",
    "glucose": "OCC1OC(O)C(O)C(O)C1O",
    "iodomethane": "CI",
    "ethyne": "C#C",
    "water": "O",
    "hydrogen": "[H][H]",
}
IONS = {
    "acetate": "CC(=O)[O-]",
    "methylammonium": "C[NH3+]",
    "ammonium": "[NH4+]",
    "tetramethylammonium": "C[N+](C)(C)C",
    "methanolate": "C[O-]",
    "pyridinium": "c1cc[nH+]cc1",
}


def embedded(smiles: str) -> tuple[Any, Any]:
    """Numbers and positions of a geometry that RDKit makes."""
    from rdkit import Chem
    from rdkit.Chem import rdDistGeom

    molecule = Chem.AddHs(Chem.MolFromSmiles(smiles))
    assert rdDistGeom.EmbedMolecule(molecule, randomSeed=1) == 0
    numbers = [atom.GetAtomicNum() for atom in molecule.GetAtoms()]
    return np.array(numbers), molecule.GetConformer().GetPositions()


@pytest.fixture(scope="module")
def mini():
    return open_dataset("mini-v1")


def test_bonds_are_right_in_every_frame_of_mini_v1(mini):
    checked = 0
    for name, molecule in mini.molecules.items():
        geometries = [mini.minimum(name).positions]
        for trajectory in ("primary", "secondary"):
            if mini.n_frames(name, trajectory):
                geometries.append(mini.frames(name, trajectory).positions)
        for positions in np.concatenate(geometries):
            assert np.array_equal(perceive_bonds(molecule.numbers, positions), molecule.bonds), name
            checked += 1
    assert checked == 7625 + 254


def test_every_molecule_is_recognised_from_a_thermal_geometry_in_the_order_given(mini):
    rng = np.random.default_rng(3)
    for name, molecule in mini.molecules.items():
        positions = mini.frames(name, "primary", np.array([0])).positions[0]
        order = rng.permutation(molecule.n_atoms)
        found = molecule_of_geometry(molecule.numbers[order], positions[order])
        assert found.name == name
        assert (found.smiles, found.inchikey) == (molecule.smiles, molecule.inchikey)
        assert np.array_equal(found.numbers, molecule.numbers[order])
        assert _bonds(found, order) == _bonds(molecule, np.arange(molecule.n_atoms))


def _bonds(molecule, atoms):
    """Bonds with their orders, by the numbers that atoms have elsewhere."""
    return {
        (*sorted(atoms[list(bond)].tolist()), int(bond_order))
        for bond, bond_order in zip(molecule.bonds.tolist(), molecule.bond_orders, strict=True)
    }


def test_in_the_stored_order_the_arrays_are_the_stored_ones(mini):
    molecule = mini.molecules["COOH-2-CN"]
    found = molecule_of_geometry(molecule.numbers, mini.minimum("COOH-2-CN").positions[0])
    for array in ("numbers", "bonds", "bond_orders"):
        assert np.array_equal(getattr(found, array), getattr(molecule, array))
        assert getattr(found, array).dtype == np.uint8


@pytest.mark.parametrize("name", POOL)
def test_neutral_molecules_are_perceived_without_a_charge(name):
    expected = molecule_of_smiles(POOL[name])
    found = molecule_of_geometry(*embedded(POOL[name]))
    assert (found.smiles, found.inchikey) == (expected.smiles, expected.inchikey)
    assert found.charge == 0


@pytest.mark.parametrize("name", IONS)
def test_ions_are_perceived_with_their_charge_alone(name):
    expected = molecule_of_smiles(IONS[name])
    geometry = embedded(IONS[name])
    found = molecule_of_geometry(*geometry, charge=expected.charge)
    assert (found.smiles, found.charge) == (expected.smiles, expected.charge)
    with pytest.raises(NotOfThisKindError, match=r"of charge 0; .*Give the charge"):
        molecule_of_geometry(*geometry)


def test_a_radical_is_no_molecule():
    numbers, positions = embedded("CCO")
    with pytest.raises(NotOfThisKindError):
        molecule_of_geometry(numbers[:-1], positions[:-1])


def test_a_broken_bond_leaves_no_molecule(mini):
    molecule = mini.molecules["OH-2-H"]
    positions = mini.minimum("OH-2-H").positions[0].copy()
    oxygen = int(np.flatnonzero(molecule.numbers == 8)[0])
    positions[oxygen] += 10.0
    with pytest.raises(NotOfThisKindError, match="fragments"):
        molecule_of_geometry(molecule.numbers, positions)


@pytest.mark.parametrize("name", POOL | IONS)
def test_a_graph_gives_the_molecule_back(name):
    molecule = molecule_of_smiles((POOL | IONS)[name], name)
    again = molecule_of_graph(
        molecule.numbers, molecule.bonds, molecule.bond_orders, molecule.charges, name
    )
    assert (again.name, again.smiles, again.inchikey, again.parts) == (
        molecule.name,
        molecule.smiles,
        molecule.inchikey,
        molecule.parts,
    )
    for array in ("numbers", "bonds", "bond_orders", "charges"):
        assert np.array_equal(getattr(again, array), getattr(molecule, array)), array
        assert not getattr(again, array).flags.writeable


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted((POOL | IONS).values())), st.integers(0, 2**31 - 1), st.booleans())
def test_way_of_writing_does_not_matter(smiles, seed, hydrogens):
    from rdkit import Chem, rdBase

    rdBase.SeedRandomNumberGenerator(seed)
    molecule = Chem.MolFromSmiles(smiles)
    molecule = Chem.AddHs(molecule) if hydrogens else molecule
    written = molecule_of_smiles(Chem.MolToSmiles(molecule, doRandom=True))
    expected = molecule_of_smiles(smiles)
    assert (written.name, written.smiles) == (expected.name, expected.smiles)
    assert np.array_equal(written.bonds, expected.bonds)


def test_names():
    assert molecule_of_smiles("OCC", "ethyl alcohol").name == "OH-2-H"
    assert molecule_of_smiles("c1ccccc1", "benzene").name == "benzene"
    assert molecule_of_smiles("c1ccccc1").name == "C6H6-UHOVQNZJYSORNB"
    assert molecule_of_smiles("c1ccccc1").family == "other"
    assert molecule_of_smiles("CC(=O)[O-]").charge == -1


def test_charges_and_aromatic_bonds_are_in_the_graph():
    nitrobenzene = molecule_of_smiles(POOL["nitrobenzene"])
    assert sorted(nitrobenzene.charges.tolist())[::13] == [-1, 1]
    assert (nitrobenzene.bond_orders == AROMATIC).sum() == 6
    assert nitrobenzene.charge == 0


def test_sulfoxides_have_one_writing():
    assert molecule_of_smiles("C[S+](C)[O-]").smiles == molecule_of_smiles("CS(C)=O").smiles


def test_the_chain_is_found_in_the_order_of_the_atoms():
    from rdkit import Chem

    toluene = molecule_of_rdkit(Chem.MolFromSmiles("c1ccccc1CCC"))
    assert chain_of(toluene) == (6, 7, 8)
    assert chain_of(molecule_of_smiles("c1ccccc1")) == ()


@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("[Na+].[Cl-]", "2 fragments"),
        ("CCO.O", "2 fragments"),
        ("", "no atoms"),
        ("*CC", "atom 0 (*), which is none of H, B, C"),
        ("C[Zn]C", "(Zn), which is none of H, B, C"),
        ("[13CH3]C", "an isotope: atom 0 (C) of mass 13"),
        ("[2H]C", "an isotope"),
        ("[CH2]C", "a radical: unpaired electrons at atom 0 (C)"),
        ("[H]", "a radical"),
        ("CC->O", "a dative bond"),
        ("C~C", "a unspecified bond"),
        ("C" * (MOST_ATOMS // 3 + 1), f"{3 * (MOST_ATOMS // 3 + 1) + 2}"),
        ("C(", "no SMILES"),
        ("butanol", "no SMILES"),
        ("CC>>C", "no SMILES"),
        ("C(C)(C)(C)(C)C", "Explicit valence for atom # 0 C, 5, is greater than permitted"),
        ("c1cccc1", "kekulize"),
        ("CC O", "a blank or a character outside ASCII"),
        ("CC |$a;b$|", "a blank"),
        ("Cé", "a blank or a character outside ASCII"),
    ],
)
def test_what_is_no_such_molecule_is_refused(smiles, reason, capfd):
    with pytest.raises(NotOfThisKindError) as caught:
        molecule_of_smiles(smiles)
    assert reason in caught.value.found
    assert capfd.readouterr() == ("", "")  # RDKit stays silent


def test_rdkit_is_silenced_nowhere_else(capfd):
    from rdkit import Chem

    with pytest.raises(NotOfThisKindError):
        molecule_of_smiles("C(")
    assert Chem.MolFromSmiles("C(") is None
    assert "C(" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("formula", "charge", "smiles"),
    [
        ("CH3", 0, "[CH3]"),  # the anion less an electron
        ("OH", 0, "[OH]"),
        ("HCO", 0, "[CH]=O"),
        ("CH3OH", 1, "C[OH+]"),  # less an electron of a lone pair
        ("CH3SCH3", 1, "C[S+]C"),
        ("CH3CHO", 1, "CC=[O+]"),
        ("CH3NO2", -1, "CN([O])[O-]"),
    ],
)
def test_a_doublet_whose_spin_is_said_is_a_molecule(formula, charge, smiles):
    atoms = structure(formula)
    for order in (np.arange(len(atoms)), np.random.default_rng(0).permutation(len(atoms))):
        found = molecule_of_geometry(atoms.numbers[order], atoms.positions[order], charge, spin=2)
        assert (found.smiles, found.charge, found.spin, found.parts) == (smiles, charge, 2, None)
        assert found.name.endswith(f"_q{charge:+d}_s2")


@pytest.mark.parametrize(("formula", "charge"), [("C2H6", 1), ("C6H6", 1), ("C6H6", -1)])
def test_a_doublet_whose_electron_the_bonds_do_not_tell_is_refused(formula, charge):
    atoms = structure(formula)
    with pytest.raises(NotOfThisKindError, match="whose unpaired electron the bonds tell"):
        molecule_of_geometry(atoms.numbers, atoms.positions, charge, spin=2)
