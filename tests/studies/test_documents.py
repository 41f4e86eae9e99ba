"""Study files and recipes: what is right is read, what is wrong is named."""

import pytest

from mlip_compose.core.errors import (
    NotOfThisKindError,
    RequestError,
    StudyError,
    UnknownNameError,
)
from mlip_compose.datasets.recipe import load_recipe, recipe_names
from mlip_compose.studies.study import load_study, study_names


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "document.yaml"
        path.write_text(text)
        return str(path)

    return write


@pytest.mark.parametrize("name", study_names())
def test_built_in_studies_are_right(name):
    assert load_study(name).name == name


@pytest.mark.parametrize("name", recipe_names())
def test_built_in_recipes_are_right(name):
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.selected()


def test_a_study_is_read_with_its_settings(written):
    study = load_study(
        written(
            """
            name: mine
            tasks: [length]
            potentials:
              - composition
              - {potential: additive, label: bonded}
            """
        )
    )
    assert [entry.shown for entry in study.potentials] == ["composition", "bonded"]
    assert study.levels == (2,)


GOOD = "name: mine\npotentials: [composition]\n"


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", StudyError, "found nothing"),
        ("just words", StudyError, "a mapping with keys name"),
        ("[1, 2]", StudyError, "found list"),
        ("a: [", StudyError, "YAML"),
        ("\x00", StudyError, "YAML"),
        ("name: mine\n", StudyError, "potentials"),
        (GOOD + "level: [2]\n", UnknownNameError, "Did you mean 'levels'"),
        (GOOD + "levels: [4]\n", RequestError, "1, 2 or 3"),
        (GOOD + "tasks: [lenght]\n", UnknownNameError, "Did you mean 'length'"),
        (GOOD + "tasks: []\n", StudyError, "tasks"),
        (GOOD + "train_frames: many\n", StudyError, "train_frames"),
        (GOOD + "train_frames: 0\n", StudyError, "train_frames"),
        (GOOD + "seeds: [0, 0]\n", StudyError, "seeds"),
        ("name: ../up\npotentials: [composition]\n", StudyError, "name"),
        ("name: m\npotentials: [aditive]\n", UnknownNameError, "Did you mean 'additive'"),
        ("name: m\npotentials: [composition, composition]\n", StudyError, "label"),
        (
            "name: m\npotentials: [{potential: composition, settings: {depth: 3}}]\n",
            UnknownNameError,
            "setting of composition",
        ),
        ("name: m\npotentials: [{potential: composition, labl: a}]\n", StudyError, "labl"),
    ],
)
def test_a_wrong_study_is_refused(written, text, error, message):
    with pytest.raises(error, match=message):
        load_study(written(text))


def test_a_study_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyError, match="UTF-8"):
        load_study(str(path))


def test_an_unknown_study_is_named_with_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'quick'"):
        load_study("quik")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("name: m\nmolecules: [OH-0-H]\n", NotOfThisKindError, "n"),
        ("name: m\nmolecules: [OX-1-H]\n", UnknownNameError, "Did you mean 'OH'"),
        ("name: m\nsampling: {temperature: 300}\n", StudyError, "temperature"),
        ("name: m\nsampling: {primary: 0}\n", StudyError, "primary"),
        ("name: m\nmolecule: full\n", UnknownNameError, "Did you mean 'molecules'"),
    ],
)
def test_a_wrong_recipe_is_refused(written, text, error, message):
    with pytest.raises(error, match=message):
        load_recipe(written(text)).selected()


ALIASES = "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = ALIASES.replace("[", "{<<: [").replace("]", "]}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &a [x, x, x]\n" + ALIASES, "aliases"),
        ("a: &a {x: 1}\n" + MERGES, "aliases"),
        ("name: &a [*a]\n", "an alias of what it stands in"),
        ("a: " + "[" * 50_000, "levels"),
        ("name: " + "9" * 6_000, "digits"),
        ("name: 0x" + "f" * 6_000, "64 bits"),
        ("name: " + "1:" * 2_000 + "1", "name is right"),
        ("name: !!int ''", "index"),
        ("name: !!bool perhaps", "perhaps"),
        ("name: !!timestamp soon", "group"),
        ("name: !!float x", "float"),
        ("name: !!python/object/apply:os.system ['touch ran']", "constructor"),
        (GOOD + "#" * 1_000_000, "at most 1,000,000 bytes"),
        (GOOD + "dataset: \0", "special characters"),
    ],
)
def test_yaml_beyond_a_document_is_refused(written, text, message):
    with pytest.raises(StudyError, match=message) as caught:
        load_study(written(text))
    assert len(str(caught.value)) < 10_000


def test_an_alias_of_a_value_is_right(written):
    text = GOOD.replace("[composition]", "[&a {potential: composition}, {<<: *a, label: b}]")
    assert [entry.shown for entry in load_study(written(text)).potentials] == ["composition", "b"]


@pytest.mark.parametrize("load", [load_study, load_recipe])
@pytest.mark.parametrize("name", ["x" * 5_000, "a/" * 5_000, "a\0b"])
def test_names_that_no_file_can_have_are_unknown(load, name):
    with pytest.raises(UnknownNameError):
        load(name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            GOOD + "tasks: length\n",
            r"tasks is right: a list; found 'length'. Write tasks: \[length",
        ),
        (GOOD + "levels: 2\n", r"a list; found 2. Write levels: \[2\]"),
        (GOOD + "predictions: a.h5\n", r"Write predictions: \[a.h5\]"),
        ("name: a\npotentials: additive\n", r"Write potentials: \[additive\]"),
        (
            "name: a\npotentials: [{potential: additive, seeds: 1}]\n",
            r"potentials.0.seeds is right: a list; found 1. Write seeds: \[1\]",
        ),
        (
            "name: a\npotentials: [{potential: additive, ceiling: 2}]\n",
            r"potentials.0.ceiling is right: a list; found 2. Write ceiling: \[2\]",
        ),
        (
            GOOD + "tasks: [{name: x, train: {elements: '*'}, ood: {chain: {most: 2}}}]\n",
            r'\["\*"\]',
        ),
        (GOOD + "tasks: [3]\n", "tasks.0 is right: text; found 3. Write it in quotes"),
        (GOOD + "dataset: 5\n", "dataset is right: text; found 5. Write it in quotes"),
        ("name: 12\npotentials: [a]\n", "name is right: text; found 12. Write it in quotes"),
        (GOOD + "train_frames: 1:40\n", "train_frames is right: a whole number; found '1:40'"),
        (GOOD + "train_frames: yes\n", "train_frames is right: a whole number; found 'yes'"),
        (GOOD + "train_frames: true\n", "train_frames is right: a number; found true"),
        (GOOD + "train_frames: 4.5\n", "train_frames is right: a whole number; found 4.5"),
        (GOOD + "levels: [true]\n", "levels.0 is right: a number; found true"),
        (GOOD + "ceiling: perhaps\n", "ceiling is right: true or false; found 'perhaps'"),
        (GOOD + "name: other\n", "the key 'name' twice, in line 1 and in line 3"),
        ("potentials: [a]\n", "that has the key name; found potentials"),
        (
            "name: a\npotentials: [{potential: additive, settings: [a]}]\n",
            r"potentials.0.settings is right: keys with values; found \['a'\]",
        ),
        (
            "name: a\npotentials: [{potential: additive, settings: {couplings: 2}}]\n",
            "settings of additive in which couplings is right: true or false; found 2",
        ),
        (
            "name: a\npotentials: [{potential: calculator, settings: {elements: [H, D]}}]\n",
            "symbol of an element, such as Cl; found 'D', which is deuterium: its element is H",
        ),
    ],
)
def test_a_value_of_another_type_is_refused_with_what_to_write(written, text, message):
    with pytest.raises(StudyError, match=message):
        load_study(written(text))


def test_words_and_numbers_of_a_study_are_what_they_look_like(written):
    text = "name: no\npotentials: [{potential: additive, label: on}]\ntrain_frames: 4e2\n"
    study = load_study(written(text + "ceiling: yes\nallow_missing: off\n"))
    assert (study.name, study.potentials[0].label, study.train_frames) == ("no", "on", 400)
    assert (study.ceiling, study.allow_missing) == (True, False)


def test_a_recipe_of_one_molecule_as_text_is_refused_with_what_to_write(written):
    with pytest.raises(StudyError, match=r"molecules is right: a list; .* Write molecules: \[OH"):
        load_recipe(written("name: a\nmolecules: OH-4-H\n"))
