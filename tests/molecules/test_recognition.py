from collections import Counter
from contextlib import suppress
from itertools import combinations_with_replacement, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlip_compose.molecules.recognition import recognise_graph, recognise_smiles

from mlip_compose.core.errors import NotOfThisKindError
from mlip_compose.core.records import Parts
from mlip_compose.molecules.groups import END_GROUPS
from mlip_compose.molecules.series import assemble, canonical_parts, written_smiles

HEAVY = (6, 7, 8, 9, 16, 17)
CNO = (6, 7, 8)
PAIRS = tuple(combinations_with_replacement(END_GROUPS, 2))
every_parts = st.builds(
    lambda pair, chain: canonical_parts(pair[0], chain, pair[1]),
    st.sampled_from(PAIRS),
    st.integers(1, 20),
)


def renumbered(molecule, order, flips):
    """The atoms in another order, the bonds in another order and direction."""
    place = {old: new for new, old in enumerate(order)}
    numbers = [int(molecule.numbers[old]) for old in order]
    bonds = [[place[int(i)], place[int(j)]] for i, j in molecule.bonds]
    bonds = [bond[::-1] if flip else bond for bond, flip in zip(bonds, flips, strict=True)]
    return numbers, bonds, molecule.bond_orders.tolist()


@pytest.mark.parametrize(("x", "y"), PAIRS)
def test_assemble_then_recognise_is_the_identity_from_either_end(x, y):
    for chain in range(1, 21):
        parts = canonical_parts(x, chain, y)
        molecule = assemble(parts)
        assert recognise_smiles(molecule.smiles) == parts
        assert recognise_smiles(written_smiles(Parts(x, chain, y))) == parts
        assert recognise_smiles(written_smiles(Parts(y, chain, x))) == parts
        assert recognise_graph(molecule.numbers, molecule.bonds, molecule.bond_orders) == parts


@settings(deadline=None)
@given(every_parts, st.data())
def test_numbering_of_atoms_does_not_matter(parts, data):
    molecule = assemble(parts)
    order = data.draw(st.permutations(range(molecule.n_atoms)))
    flips = data.draw(st.lists(st.booleans(), min_size=len(molecule.bonds), max_size=256))
    numbers, bonds, orders = renumbered(molecule, order, flips[: len(molecule.bonds)])
    assert recognise_graph(numbers, bonds, orders) == parts
    assert recognise_graph(numbers, bonds) == parts  # orders follow from the valences


@settings(deadline=None)
@given(every_parts, st.integers(0, 2**31 - 1), st.booleans(), st.booleans())
def test_way_of_writing_does_not_matter(parts, seed, hydrogens, kekule):
    from rdkit import Chem, rdBase

    rdBase.SeedRandomNumberGenerator(seed)
    molecule = Chem.MolFromSmiles(assemble(parts).smiles)
    molecule = Chem.AddHs(molecule) if hydrogens else molecule
    smiles = Chem.MolToSmiles(molecule, doRandom=True, allBondsExplicit=kekule)
    assert recognise_smiles(smiles) == parts


@settings(deadline=None)
@given(every_parts, st.data())
def test_a_missing_hydrogen_is_noticed(parts, data):
    molecule = assemble(parts)
    heavy = int((molecule.numbers != 1).sum())
    gone = data.draw(st.integers(heavy, molecule.n_atoms - 1))
    order = [atom for atom in range(molecule.n_atoms) if atom != gone] + [gone]
    numbers, bonds, orders = renumbered(molecule, order, [False] * len(molecule.bonds))
    kept = [row for row, bond in enumerate(bonds) if molecule.n_atoms - 1 not in bond]
    bonds, orders = [bonds[row] for row in kept], [orders[row] for row in kept]
    with pytest.raises(NotOfThisKindError, match=r"add up to \d instead of \d: hydrogens are miss"):
        recognise_graph(numbers[:-1], bonds, orders)
    with pytest.raises(NotOfThisKindError):
        recognise_graph(numbers[:-1], bonds)


@settings(deadline=None)
@given(every_parts.filter(lambda parts: parts.chain > 2), st.sampled_from([9, 17]), st.data())
def test_a_substituent_inside_the_chain_is_a_branch(parts, halogen, data):
    molecule = assemble(parts)
    numbers = molecule.numbers.tolist()
    degree = Counter(molecule.bonds.ravel().tolist())
    chain = [atom for atom, number in enumerate(numbers) if number == 6 and degree[atom] == 4]
    assert len(chain) == parts.chain
    inner = data.draw(st.sampled_from(chain[1:-1]))
    hydrogen = max(int(b[1]) for b in molecule.bonds if b[0] == inner)
    numbers[hydrogen] = halogen
    with pytest.raises(NotOfThisKindError, match=f"the chain branches at atom {inner} "):
        recognise_graph(numbers, molecule.bonds, molecule.bond_orders)


def small_molecules():
    """Every valid tree of up to three heavy atoms, and of four of C, N and O, as SMILES."""
    from rdkit import Chem, rdBase

    single, double, triple = Chem.BondType.SINGLE, Chem.BondType.DOUBLE, Chem.BondType.TRIPLE
    found = set()
    # Up to renumbering a tree of three atoms is a path, one of four a path or a star.
    trees = (((), HEAVY), ((0,), HEAVY), ((0, 1), HEAVY), ((0, 1, 2), CNO), ((0, 0, 0), CNO))
    for parents, elements in trees:
        for numbers in product(elements, repeat=len(parents) + 1):
            for orders in product((single, double, triple), repeat=len(parents)):
                molecule = Chem.RWMol()
                for number in numbers:
                    molecule.AddAtom(Chem.Atom(number))
                for atom, (parent, order) in enumerate(zip(parents, orders, strict=True)):
                    molecule.AddBond(atom + 1, parent, order)
                with rdBase.BlockLogs():
                    if not Chem.SanitizeMol(molecule, catchErrors=True):
                        found.add(Chem.MolToSmiles(molecule))
    return found


def test_exactly_the_molecules_of_the_grammar_are_recognised():
    parts = [canonical_parts(x, n, y) for x, y in PAIRS for n in range(1, 5)]
    made = {assemble(p).smiles: p for p in parts}
    molecules = small_molecules()
    recognised = {}
    for smiles in molecules:
        with suppress(NotOfThisKindError):
            recognised[smiles] = recognise_smiles(smiles)
    assert recognised == {smiles: p for smiles, p in made.items() if smiles in molecules}
    assert {"CC(=O)O", "CC(N)=O", "OCCO", "CC#N", "CCCl", "C"} <= recognised.keys() < molecules


@pytest.mark.parametrize(
    ("smiles", "name"),
    [
        ("C", "H-1-H"),  # made by the grammar; the series leaves it out
        ("O=CCO", "OH-1-CHO"),  # glycol aldehyde
        ("[H]C([H])([H])O[H]", "OH-1-H"),
        ("[CH3:1][OH:2]", "OH-1-H"),
        ("C1.C1", "H-2-H"),
        ("  CCO\n", "OH-2-H"),
        ("C[C@H2]O", "OH-2-H"),  # a stereo mark where there is no stereo centre
        ("N(CCO)", "OH-2-NH2"),
        ("C(O)(=O)CCC=O", "CHO-2-COOH"),
    ],
)
def test_unusual_ways_of_writing(smiles, name):
    assert recognise_smiles(smiles).name == name


@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("CC(C)C", "the chain branches at atom 1 (C), bonded to 3 atoms other than H"),
        ("CC(O)C", "branches at atom 1"),
        ("CC(F)(F)F", "branches at atom 1 (C), bonded to 4"),
        ("C[C@@H](O)F", "branches at atom 1"),
        ("C1CCCCC1", "there is a ring"),
        ("c1ccccc1", "there is a ring"),
        ("CCCCC=C", "carbon atoms 4 and 5 have a double bond"),
        ("F/C=C/F", "carbon atoms 1 and 2 have a double bond"),
        ("CC#C", "carbon atoms 1 and 2 have a triple bond"),
        ("CCOCC", "between carbon atoms 1 and 3 the chain is broken by atom 2 (O)"),
        ("CNC", "broken by atom 1 (N)"),
        ("CSSC", "broken by atom 1 (S) and 2 (S)"),
        ("CCC(C)=O", "broken by atom 2 (C)"),
        ("CC(=O)OC", "broken by atom 1 (C) and 3 (O)"),
        ("O", "no CH2 carbon (n = 0)"),
        ("[H][H]", "no CH2 carbon"),
        ("C=O", "no CH2 carbon"),
        ("C#N", "no CH2 carbon"),
        ("OC=O", "no CH2 carbon"),
        ("O=CC=O", "no CH2 carbon"),
        ("O=C=O", "no CH2 carbon"),
        ("CCC(=O)Cl", "the group -C(-Cl)(=O) at atom 1 (C) is none of those"),
        ("COO", "the group -O(-O(-H))"),
        ("CC(=N)N", "the group -C(-N(-H)(-H))(=N(-H))"),
        ("COOOOOOC=O", "the group -O(-O(-O(...)))"),
        ("CCBr", "atom 2 has the atomic number 35, none of H, C, N, O, F, S, Cl"),
        ("*CC", "atom 0 has the atomic number 0"),
        ("[Na+].[Cl-]", "2 separate fragments"),
        ("CCO.O", "2 separate fragments"),
        ("CC[NH3+]", "atom 2 (N) has the charge +1"),
        ("[NH3+]CC(=O)[O-]", "atom 0 (N) has the charge +1"),
        ("C[N+](=O)[O-]", "atom 1 (N) has the charge +1"),
        ("[13CH3]C", "atom 0 (C) has the isotope label 13"),
        ("[2H]C", "atom 0 (H) has the isotope label 2"),
        ("[CH2]C", "the bonds of atom 0 (C) add up to 3 instead of 4: hydrogens are missing, or"),
        ("[H]", "add up to 0 instead of 1"),
        ("CS(C)=O", "the bonds of atom 1 (S) add up to 4 instead of 2: more than"),
        ("CC->O", "the bond between atoms 1 and 2 is dative"),
        ("C~C", "the bond between atoms 0 and 1 is unspecified"),
        ("", "there are no atoms"),
        ("C" * 81, "n = 81"),
    ],
)
def test_not_of_this_kind(smiles, reason):
    with pytest.raises(NotOfThisKindError) as caught:
        recognise_smiles(smiles)
    assert caught.value.expected.startswith(("a molecule X-(CH2)n-Y with", "X-(CH2)n-Y with n"))
    assert caught.value.found.startswith(f"{smiles!r}, where ")
    assert reason in caught.value.found


@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("C(", "a syntax error"),
        ("butanol", "a syntax error"),
        ("CC>>C", "a syntax error"),
        ("C(C)(C)(C)(C)C", "Explicit valence for atom # 0 C, 5, is greater than permitted"),
        ("c1cccc1", "kekulize"),
        ("CC O", "a blank or a character outside ASCII"),
        ("CC |$a;b$|", "a blank"),
        ("Cé", "a blank or a character outside ASCII"),
    ],
)
def test_no_smiles_at_all(smiles, reason, capfd):
    with pytest.raises(NotOfThisKindError, match="expected a valid SMILES") as caught:
        recognise_smiles(smiles)
    assert repr(smiles) in caught.value.found
    assert reason in caught.value.found
    assert capfd.readouterr() == ("", "")  # RDKit stays silent


def test_rdkit_is_silenced_nowhere_else(capfd):
    from rdkit import Chem

    with pytest.raises(NotOfThisKindError):
        recognise_smiles("C(")
    assert Chem.MolFromSmiles("C(") is None
    assert "C(" in capfd.readouterr().err
