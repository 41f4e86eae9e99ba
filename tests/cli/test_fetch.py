import json

import pytest
from spring_potential import as_md17, spring_frames

from mlip_compose.store.catalogue import open_dataset


@pytest.fixture
def published(stand_in_hub):
    mini = open_dataset("mini-v1")
    files = {f"{name}.npz": as_md17(spring_frames(mini, name, 12)) for name in ("H-2-H", "F-1-H")}
    stand_in_hub.sha = stand_in_hub.commit(files | {"models/mace.model": b"weights" * 500})
    return stand_in_hub


def test_json_says_what_was_taken_and_what_was_left(command, published, tmp_path):
    outcome = command("data", "fetch", "gmd-26", "--endpoint", published.endpoint, "--json")
    assert outcome.status == 0
    document = json.loads(outcome.out)
    assert document["path"] == "data/gmd-26.h5"
    assert (document["molecules"], document["frames"]) == (2, 24)
    assert document["commit"] == published.sha
    assert [each["file"] for each in document["not_downloaded"]] == ["models/mace.model"]
    assert len(document["taken"]) == 2
    assert (tmp_path / "data/gmd-26.download/manifest.json").is_file()
    assert "--everything" in outcome.err
    assert "--split N" in outcome.err


def test_a_table_says_the_same(command, published):
    outcome = command("data", "fetch", "gmd-26", "--endpoint", published.endpoint, "--split", "3")
    assert outcome.status == 0
    for text in ("not downloaded: models/mace.model", "3,500 bytes", published.sha, "kcal/mol"):
        assert text in outcome.out
    assert "--split N" not in outcome.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gmd26",), "Did you mean 'gmd-26'"),
        (("gmd-26", "--revision", "v9"), "no revision 'v9'"),
        (("gmd-26", "--energy-unit", "cal"), "unit of energy"),
        (("gmd-26", "--endpoint", "hub.example"), "endpoint https"),
    ],
)
def test_requests_that_cannot_be_served(command, published, arguments, message, tmp_path):
    outcome = command("data", "fetch", "--endpoint", published.endpoint, *arguments)
    assert outcome.status == 2
    assert message in outcome.err
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_published_data_sets_are_listed(command):
    outcome = command("data", "list", "--json")
    assert json.loads(outcome.out)["published"]["gmd-26"]["repository"] == "AmirMasoud/GMD"
    assert "mlip-compose data fetch gmd-26" in command("data", "list").out
