"""A clock that jumps: nothing depends on the order of wall-clock times."""

import os
import shutil
import time

import pytest

from faults import content, run

RUN = ("run", "study.yaml", "--out", "results", "-j", "1")
SHIM = """
import os, time
true, at, jump = time.time, float(os.environ["JUMP_AT"]), float(os.environ["JUMP"])
time.time = lambda: true() + (jump if time.monotonic() > at else 0.0)
"""
"""Put in the way of Python's start: from a moment on the clock of all processes is off."""
YEAR = 365 * 86400.0


def set_times(folder, moment):
    for path in folder.rglob("*"):
        os.utime(path, (moment, moment))


def check_jump(undisturbed, place, jump, after):
    """Let the clock jump ``jump`` seconds, ``after`` seconds from the start of a run."""
    shim = place / "shim"
    shim.mkdir(exist_ok=True)
    (shim / "sitecustomize.py").write_text(SHIM)
    paths = [str(shim), os.environ.get("PYTHONPATH", "")]
    path = os.pathsep.join(entry for entry in paths if entry)
    at = str(time.monotonic() + after)
    status, _, err = run(place, *RUN, PYTHONPATH=path, JUMP=str(jump), JUMP_AT=at)
    if status == 2:  # Dask's time to find a worker was over
        assert "run the same command again" in err.lower()
        status, _, err = run(place, *RUN)
    assert status == 0, err
    assert content(place / "results") == content(undisturbed / "results")


@pytest.mark.slow
@pytest.mark.parametrize("jump", [YEAR, -YEAR], ids=["forward", "back"])
def test_the_clock_jumps_at_any_moment_of_a_study(undisturbed, place, jump):
    for after in (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0):
        check_jump(undisturbed, place, jump, after)
        shutil.rmtree(place / "results")


@pytest.mark.parametrize(
    "moment",
    [time.time() + YEAR, pytest.param(0.0, marks=pytest.mark.slow)],
    ids=["future", "1970"],
)
def test_times_of_files_mean_nothing(undisturbed, results, moment):
    place = results.parent
    set_times(place, moment)
    (score, *_) = sorted(results.glob("scores/*"))
    score.unlink()
    status, _, err = run(place, *RUN)
    assert status == 0, err
    assert content(results) == content(undisturbed / "results")
    set_times(results, moment)
    status, _, err = run(place, *RUN)
    assert status == 0
    assert "Nothing was missing" in err
