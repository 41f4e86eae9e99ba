"""Recipes name molecules; their names are those of groups and files."""

import pytest

from mlip_compose.core.errors import RequestError
from mlip_compose.datasets.recipe import Recipe, load_recipe, write_recipe
from mlip_compose.molecules.perception import molecule_of_smiles


def names(*texts):
    return [molecule.name for molecule in Recipe(name="mine", molecules=texts).selected()]


def test_a_name_follows_a_smiles():
    assert names("c1ccccc1 benzene", "OCCCC", "OH-1-H", "OO") == [
        "benzene",
        "OH-4-H",
        "OH-1-H",
        "H2O2-MHAJPDPJQMAIIY",
    ]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("../../etc/benzene", "_.._etc_benzene"),
        ("/benzene", "_benzene"),
        ("ben\x00ze\nne", "ben_ze_ne"),
        ("..", "C6H6-UHOVQNZJYSORNB"),
        ("b" * 300, "b" * 100),
    ],
)
def test_a_name_stays_in_its_folder(written, name):
    """A name is that of a file while a data set is built, and of a group of the store."""
    assert names(f"c1ccccc1 {written}") == [name]


@pytest.mark.parametrize("text", ["", " ", "CO.CO benzene", "C[CH2]", "XX-4-H"])
def test_what_is_no_molecule_is_refused(text):
    with pytest.raises(RequestError):
        names(text)


def test_two_molecules_of_one_name_are_refused():
    with pytest.raises(RequestError, match="one molecule of the name 'ring'"):
        names("c1ccccc1 ring", "C1CC1 ring")


def test_a_recipe_of_molecules_has_each_once_and_as_many_frames_of_each(tmp_path):
    """Formamide and its tautomer have one InChIKey, so that their systematic names were equal."""
    smiles = ("NC=O", "N=CO", "OCCCC", "BrCCCl", "c1ccccc1", "C1CC1")
    called = {"c1ccccc1": "ring", "C1CC1": "ring"}
    molecules = [molecule_of_smiles(s) for s in smiles]
    molecules = [m.called(called.get(m.smiles, m.smiles)) for m in molecules]
    path = tmp_path / "mine.yaml"
    write_recipe(Recipe.of_molecules("mine", molecules), path, "two\nlines")
    assert path.read_text("utf-8").startswith("# two\n# lines\nname: mine\n")
    recipe = load_recipe(str(path))
    chosen = recipe.selected()
    assert [m.smiles for m in chosen] == [m.smiles for m in molecules]
    assert [m.name for m in chosen][2:] == ["OH-4-H", "Cl-2-*Br", "ring", "ring-2"]
    assert len({m.name for m in chosen}) == len(chosen)
    assert {recipe.sampling.frames("primary", molecule) for molecule in chosen} == {40}
    assert {recipe.sampling.frames("secondary", molecule) for molecule in chosen} == {15}
    with pytest.raises(RequestError, match="name another with --recipe"):
        write_recipe(recipe, path, "")


@pytest.mark.parametrize(("name", "molecules"), [("a b", ["CO"]), (".x", ["CO"]), ("mine", [])])
def test_a_recipe_needs_a_name_and_molecules(name, molecules):
    with pytest.raises(RequestError):
        Recipe.of_molecules(name, map(molecule_of_smiles, molecules))


def test_a_recipe_may_be_of_all_molecules_with_two_groups():
    molecules = Recipe(name="pairs", molecules="bifunctional").selected()
    assert len(molecules) == 135
    assert not any(molecule.is_monofunctional for molecule in molecules)
