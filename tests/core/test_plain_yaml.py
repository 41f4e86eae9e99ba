"""YAML means what a person wrote: words of YAML 1.1 are text, and numbers are numbers."""

from pathlib import Path

import pytest
import yaml

from mlip_compose.core.plain_yaml import parse_yaml, write_yaml

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("[CO, NO, No, N, Y]", ["CO", "NO", "No", "N", "Y"]),  # SMILES and elements
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("4e2", 400.0),
        ("1e-3", 0.001),
        ("-1.5E+3", -1500.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("1_000", 1000),
        ("0400", 400),
        ("0o17", 15),
        ("0x1F", 31),
        ("-12", -12),
        ("1:40", "1:40"),
        ("12:00:00", "12:00:00"),
        ("2024-01-01", "2024-01-01"),
        ("=", "="),
        ("-", [None]),
        ("'4e2'", "4e2"),
        ("e3", "e3"),
        ("1e", "1e"),
        ("{1: a}", {1: "a"}),
    ],
)
def test_a_plain_word_is_what_it_looks_like(written, value):
    assert repr(parse_yaml(written)) == repr(value)


def test_numbers_that_are_none_are_read():
    assert parse_yaml(".inf") == float("inf") == -parse_yaml("-.INF")
    assert repr(parse_yaml(".nan")) == "nan"


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", "{a: 1, b: {c: 1, c: 1}}", "1: a\n1: b\n"])
def test_a_key_that_stands_twice_is_refused(text):
    with pytest.raises(ValueError, match=r"the key '[ac1]' twice, in line 1 and in line [12]"):
        parse_yaml(text)


def test_a_merged_key_may_stand_again():
    assert parse_yaml("[&a {x: 1, y: 2}, {<<: *a, x: 3}]")[1] == {"x": 3, "y": 2}


@pytest.mark.parametrize(
    "value", ["no", "4e2", "08", "0o7", "0400", "1_0", "1:40", "2024-01-01", "", "~", "<<", 1e-5]
)
def test_what_is_written_means_the_same_in_both_versions(value):
    written = write_yaml({"key": [value]})
    assert parse_yaml(written) == yaml.safe_load(written) == {"key": [value]}


def test_the_documents_of_the_repository_mean_what_they_meant():
    paths = list(REPOSITORY.glob("src/**/*.y*ml"))
    assert len(paths) > 20
    for path in paths:
        text = path.read_text("utf-8")
        assert parse_yaml(text) == yaml.safe_load(text), path
