"""``mlip-compose data check``: its lines, its JSON and its exit status."""

import json

import h5py
import pytest

from mlip_compose.core.records import PRIMARY
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.store.writer import write_store


@pytest.fixture
def small(tmp_path):
    """Return a function that writes a store of methanol, its energies times a factor."""
    mini = open_dataset("mini-v1")

    def write(factor=1.0):
        frames = mini.frames("OH-1-H", PRIMARY)
        frames.energy[:] *= factor
        path = tmp_path / "small.h5"
        write_store(path, mini.header, [(mini.molecules["OH-1-H"], [frames])])
        return path

    return write


def test_a_good_store_has_one_line_a_check_and_status_0(command, small):
    outcome = command("data", "check", small(), "--sample", 2)
    assert outcome.status == 0
    for name in (
        "schema",
        "checksums",
        "units",
        "duplicates",
        "recomputation",
        "label noise floor",
    ):
        assert name in outcome.out
    assert "FAILED" not in outcome.out
    assert "skipped" in outcome.out  # no relaxed minimum


def test_json_holds_every_check(command, small):
    path = small()
    outcome = command("data", "check", path, "--sample", 0, "--json")
    document = json.loads(outcome.out)
    assert outcome.status == 0
    assert set(document) == {"path", "dataset", "sha256", "passed", "checks"}
    assert (document["path"], document["dataset"], document["passed"]) == (
        str(path),
        "mini-v1",
        True,
    )
    by_name = {check["name"]: check for check in document["checks"]}
    assert len(by_name) == 13
    assert by_name["recomputation"]["passed"] is None
    assert by_name["recomputation"]["found"] == "no sample was asked for"
    assert by_name["units"]["details"]["molecules"] == {"eV and eV/Angstrom": 1}


def test_a_store_in_kcal_fails_with_status_1(command, small):
    outcome = command("data", "check", small(23.0605), "--sample", 0)
    assert outcome.status == 1
    assert "FAILED" in outcome.out
    assert "energies look like kcal/mol" in outcome.out.replace("\n", " ")
    assert "failed: units, forces against energies" in outcome.err


def test_a_failing_schema_leaves_the_rest_not_reached(command, small):
    path = small()
    with h5py.File(path, "r+") as file:
        del file["OH-1-H/primary/forces"]
    outcome = command("data", "check", path, "--json")
    document = json.loads(outcome.out)
    assert outcome.status == 1
    assert [check["passed"] for check in document["checks"]] == [False, *[None] * 12]
    assert "no forces" in document["checks"][0]["found"]


@pytest.mark.parametrize("content", [b"", b"not HDF5", None])
def test_a_file_that_cannot_be_read_is_refused(command, tmp_path, content):
    path = tmp_path / "bad.h5"
    if content is None:
        path = tmp_path  # a directory
    else:
        path.write_bytes(content)
    outcome = command("data", "check", path)
    assert outcome.status == 2
    assert outcome.out == ""
    assert str(path) in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("arguments", [["mini-v2"], ["mini-v1", "--sample", "-1"], []])
def test_wrong_arguments(command, arguments):
    outcome = command("data", "check", *arguments)
    assert outcome.status == 2
    assert "Traceback" not in outcome.err
