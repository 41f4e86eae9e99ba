import json

import pytest


@pytest.mark.parametrize(
    "arguments",
    [
        ("tasks", "list"),
        ("tasks", "show", "transfer", "--level", "1"),
        ("tasks", "certify", "length", "--level", "1"),
        ("molecules", "list"),
        ("molecules", "show", "OH-4-H"),
        ("data", "list"),
        ("data", "info", "mini-v1"),
        ("potentials", "list"),
        ("potentials", "show", "additive"),
    ],
    ids=" ".join,
)
def test_every_listing_is_a_table_or_json_alone(command, arguments):
    table = command(*arguments)
    assert table.status == 0
    assert table.out
    document = command(*arguments, "--json")
    assert document.status == 0
    assert json.loads(document.out)
    assert not document.err


def test_a_certificate_has_the_keys_that_others_rely_on(command):
    outcome = command("tasks", "certify", "length", "--level", "2", "--json")
    certificate = json.loads(outcome.out)
    assert certificate["task"] == "length"
    assert certificate["level"] == 2
    assert certificate["coverage_radius"] == 2
    assert len(certificate["coverage"]) == 7
    assert len(certificate["atom_divergence"]) == 2
    assert len(certificate["compound_divergence"]) == 5
    assert "OH-4-H" in certificate["train_molecules"]
    assert "OH-12-H" in certificate["ood_molecules"]
    assert certificate["leaks"] == []


def test_a_split_names_its_molecules_for_people(command):
    outcome = command("tasks", "show", "length")
    assert "butan-1-ol" in outcome.out


@pytest.mark.parametrize("text", ["OH-4-H", "H-4-OH", "OCCCC", "C(CCO)C"])
def test_a_molecule_is_found_by_name_or_smiles(command, text):
    assert json.loads(command("molecules", "show", text, "--json").out)["molecule"] == "OH-4-H"


def test_version(command):
    assert command("--version").out.startswith("mlip-compose ")
