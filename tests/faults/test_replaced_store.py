"""A store replaced between two runs, and during one: results never mix."""

import json
import os
import shutil

import numpy as np
import pytest

from faults import Command, content, run, write_tiny_store
from mlip_compose.core.errors import ChecksumError
from mlip_compose.core.records import PRIMARY
from mlip_compose.store.reader import Store

RUN = ("run", "study.yaml", "--out", "results", "-j", "1")
CHANGED = 1.0  # eV, on every energy


@pytest.fixture
def other(tmp_path):
    path = tmp_path / "other.h5"
    write_tiny_store(path, shift=CHANGED)
    return path


@pytest.mark.slow
def test_results_of_two_stores_do_not_mix(undisturbed, results, other):
    place = results.parent
    before = content(results)
    shutil.copy(other, place / "tiny.h5")
    status, _, err = run(place, *RUN)
    assert status == 0, err
    mixed = json.loads((results / "results.json").read_text())
    shutil.copytree(results, place / "both")
    shutil.rmtree(results)
    status, _, err = run(place, *RUN)
    assert status == 0, err
    alone = json.loads((results / "results.json").read_text())
    sha256 = Store(other).checksum
    assert {score["dataset_sha256"] for score in mixed["scores"]} == {sha256}
    assert mixed["scores"] == alone["scores"]
    assert (place / "both" / "gallery.json").read_bytes() == (results / "gallery.json").read_bytes()

    shutil.copy(undisturbed / "tiny.h5", place / "tiny.h5")
    status, _, err = run(place, "run", "study.yaml", "--out", "both", "-j", "1")
    assert status == 0, err
    after = content(place / "both")
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize("in_place", [False, True], ids=["renamed", "overwritten"])
def test_a_store_that_is_replaced_while_it_is_read(place, other, in_place):
    path = place / "tiny.h5"
    store = Store(path)
    first = store.frames("F-1-H", PRIMARY).energy
    status = path.stat()
    if in_place:
        path.write_bytes(other.read_bytes())
    else:
        other.replace(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    with pytest.raises(ChecksumError, match="while it was used"):
        store.frames("F-1-H", PRIMARY)
    assert np.allclose(Store(path).frames("F-1-H", PRIMARY).energy, first + CHANGED)


def test_a_store_that_is_only_touched_goes_on(place):
    store = Store(place / "tiny.h5")
    first = store.frames("F-1-H", PRIMARY).energy
    os.utime(place / "tiny.h5", (0, 0))
    assert np.array_equal(store.frames("F-1-H", PRIMARY).energy, first)


@pytest.mark.slow
def test_a_store_that_is_replaced_during_a_run(place, other):
    command = Command(place, *RUN)
    while not (place / "results" / "certificates").exists():
        assert command.process.poll() is None
    other.replace(place / "tiny.h5")
    status, _, err = command.ended()
    assert status == 2
    assert "sha256" in err.splitlines()[-1]
    status, _, err = run(place, *RUN)
    assert status == 0, err
    results = json.loads((place / "results" / "results.json").read_text())
    sha256 = Store(place / "tiny.h5").checksum
    assert results["dataset"]["sha256"] == sha256
    assert {score["dataset_sha256"] for score in results["scores"]} == {sha256}
