import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlip_compose.core.errors import NotOfThisKindError
from mlip_compose.molecules.assembly import assemble, full
from mlip_compose.molecules.groups import END_GROUPS
from mlip_compose.molecules.perception import molecule_of_smiles
from mlip_compose.molecules.series import (
    bifunctional,
    canonical_parts,
    monofunctional,
    parse_name,
    series_of,
)

POLYPHENYL = "Cc1ccc(cc1)-c1ccc(cc1)"
"""Methylbiphenyl: the group beside the methyl group has more than ten heavy atoms."""


def test_monofunctional_series():
    series = monofunctional()
    assert len(series) == len(set(series)) == 119
    names = {parts.name for parts in series}
    assert {f"{x}-{n}-H" for x in END_GROUPS for n in range(1, 13)} - names == {"H-1-H"}


def test_bifunctional_series():
    series = bifunctional()
    assert len(series) == len(set(series)) == 135
    assert {parts.chain for parts in series} == {2, 4, 6}
    assert sum(parts.left == parts.right for parts in series) == 9 * 3
    assert not any("H" in (parts.left, parts.right) for parts in series)


def test_other_chains_from_an_iterator():
    assert len(monofunctional(n for n in (1, 2))) == 19
    assert len(bifunctional(n for n in (1, 3))) == 90


def test_full_series_has_254_different_molecules():
    molecules = full()
    assert len(molecules) == 254
    assert len({molecule.inchikey for molecule in molecules}) == 254
    assert len({molecule.smiles for molecule in molecules}) == 254
    assert len({molecule.name for molecule in molecules}) == 254
    assert full() is molecules


OTHERS = ("*Br", "*OC", "*C=C", "*N(=O)=O", "*c1ccccc1", "*C#C", "*N(C)C", "*C1CC1", "*S(C)(=O)=O")
groups = st.sampled_from((*END_GROUPS, *OTHERS))


@settings(deadline=None)
@given(groups, st.integers(1, 15), groups, st.randoms(use_true_random=False))
def test_every_molecule_has_one_reading(x, chain, y, random):
    """It is found again from either end and however the atoms are numbered."""
    from rdkit import Chem

    parts = canonical_parts(x, chain, y)
    assert canonical_parts(y, chain, x) == parts
    assert parse_name(parts.name) == parts
    molecule = Chem.MolFromSmiles(assemble(parts).smiles)
    order = list(range(molecule.GetNumAtoms()))
    random.shuffle(order)
    reading = series_of(Chem.RenumberAtoms(molecule, order))
    assert reading is not None
    assert reading.parts == parts
    assert len(reading.chain) == parts.chain
    assert molecule_of_smiles(Chem.MolToSmiles(molecule, doRandom=True)).parts == parts


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(["C", "C", "C", "O", "N", "S", "C(C)", "C(=O)", "C(F)", "C1CC1"]),
                min_size=1, max_size=9), st.randoms(use_true_random=False))  # fmt: skip
def test_branched_and_broken_chains_have_one_reading(pieces, random):
    from rdkit import Chem

    molecule = Chem.MolFromSmiles("".join(pieces))
    order = list(range(molecule.GetNumAtoms()))
    random.shuffle(order)
    first, second = series_of(molecule), series_of(Chem.RenumberAtoms(molecule, order))
    assert (first and first.parts) == (second and second.parts)
    if first is not None:
        assert assemble(first.parts).smiles == Chem.MolToSmiles(molecule)


@pytest.mark.parametrize(
    ("smiles", "name"),
    [
        ("C", "H-1-H"),
        ("O=CCO", "OH-1-CHO"),
        ("CCOCC", "*OCC-2-H"),  # two runs with the same groups
        ("CCCOC", "*OC-3-H"),
        ("CCOCCO", "OH-2-*OCC"),  # of two runs of two: OH comes before *OCCO
        ("CC(C)C", "*C(C)C-1-H"),
        ("BrCCCOC", "*Br-3-*OC"),
        ("NCC(=O)O", "NH2-1-COOH"),
        ("CCC[N+](=O)[O-]", "*N(=O)=O-3-H"),
        ("C[N+](C)(C)C", "*[N+](C)(C)C-1-H"),
        ("CC(=O)[O-]", "*C(=O)[O-]-1-H"),
        ("c1ccccc1CCCCC", "*c1ccccc1-5-H"),
    ],
)
def test_readings(smiles, name):
    molecule = molecule_of_smiles(smiles)
    assert molecule.name == name
    assert assemble(molecule.parts).smiles == molecule.smiles


@pytest.mark.parametrize(
    "smiles", ["C1CCCCC1", "c1ccccc1", "C=C", "O", "OC=O", "[H][H]", "C1CC1C1CC1", POLYPHENYL]
)
def test_molecules_of_no_series(smiles):
    assert molecule_of_smiles(smiles).parts is None


def test_a_group_is_read_as_far_as_it_goes():
    assert canonical_parts("*CBr", 2, "H") == ("*Br", 3, "H")
    assert canonical_parts("*OCCCCC", 2, "H") == ("*OCC", 5, "H")
    assert canonical_parts("*O", 2, "*[H]") == ("OH", 2, "H")


def test_a_group_that_is_too_large_makes_no_series():
    with pytest.raises(NotOfThisKindError, match=r"at most 10 heavy atoms; found .*-2-H"):
        parse_name("*c1ccc(cc1)-c1ccccc1-2-H")
