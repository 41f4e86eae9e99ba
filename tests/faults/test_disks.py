"""A full disk, a place that cannot be written, and several file systems."""

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from faults import check_whole, content, left_behind, run

RUN = ("run", "study.yaml", "--out", "disk/results", "-j", "1")
BUILD = ("data", "build", "recipe.yaml", "--out", "disk/built.h5", "-j", "1")


def mount(*arguments):
    return subprocess.run(["mount", *map(str, arguments)], capture_output=True, check=False)


@contextmanager
def mounted(folder, *options):
    """Mount a file system of its own, in memory, or skip the test where that is not allowed."""
    folder.mkdir(exist_ok=True)
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    tried = mount("-t", "tmpfs", *options, "tmpfs", folder)
    if tried.returncode:
        pytest.skip(f"no file system can be mounted here: {tried.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(disk, leave):
    """Leave so many bytes free."""
    statistics = os.statvfs(disk)
    size = statistics.f_bavail * statistics.f_frsize - leave
    with (disk / "filling").open("wb") as file:
        file.write(bytes(max(0, size)))


def full_at(place, disk, arguments, leave):
    """Run a command with so much room; then make room and run it again."""
    fill(disk, leave)
    status, _, err = run(place, *arguments)
    (disk / "filling").unlink()
    if status == 0:
        return False
    assert status == 2, err
    (message,) = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert "No space left on device" in message
    assert "run again" in message
    assert str(disk) in message or "disk/" in message
    check_whole(disk)
    status, _, err = run(place, *arguments)
    assert status == 0, err
    return True


def test_a_disk_that_is_full_from_the_start(place):
    with mounted(place / "disk", "-o", "size=4M") as disk:
        for arguments in (BUILD, RUN):
            fill(disk, 0)
            status, _, err = run(place, *arguments)
            assert status == 2
            assert "No space left on device" in err.splitlines()[-1]
            (disk / "filling").unlink()


@pytest.mark.slow
def test_a_disk_that_fills_during_a_study(undisturbed, place):
    """Room for a little more each time, so that it is missing at every file that is written."""
    failed = 0
    with mounted(place / "disk", "-o", "size=4M") as disk:
        for leave in range(4096, 1_600_000, 49_152):
            more = full_at(place, disk, RUN, leave)
            failed += more
            assert content(disk / "results") == content(undisturbed / "results")
            assert left_behind(disk / "results") == []
            shutil.rmtree(disk / "results")
            if not more:
                break
        assert failed > 5


@pytest.mark.slow
def test_a_disk_that_fills_during_a_build(built, place):
    failed = 0
    with mounted(place / "disk", "-o", "size=4M") as disk:
        for leave in range(4096, 400_000, 8192):
            more = full_at(place, disk, BUILD, leave)
            failed += more
            assert (disk / "built.h5").read_bytes() == built.read_bytes()
            assert left_behind(disk) == []
            (disk / "built.h5").unlink()
            if not more:
                break
        assert failed > 5


LEARNED = """
name: tiny
dataset: tiny.h5
tasks: [length]
levels: [1]
potentials: [{potential: schnet-small, settings: {steps: 20, validations: 4, batch_size: 2}}]
train_frames: 20
allow_missing: true
"""


@pytest.mark.slow
def test_a_disk_that_is_full_when_a_checkpoint_is_written(place):
    pytest.importorskip("graph_pes")
    (place / "study.yaml").write_text(LEARNED)
    with mounted(place / "disk", "-o", "size=4M") as disk:
        assert full_at(place, disk, RUN, 60_000)
        shutil.rmtree(disk / "results")
        assert full_at(place, disk, RUN, 200_000)


@pytest.mark.slow
def test_the_largest_file_is_limited(undisturbed, place):
    """What a quota does: RLIMIT_FSIZE, for those who cannot mount."""
    limited = ("prlimit", "--fsize=20000")
    status, _, err = run(place, "run", "study.yaml", "--out", "results", "-j", "1", before=limited)
    assert status == 2
    assert "File too large" in err.splitlines()[-1]
    check_whole(place / "results")
    status, _, err = run(place, "run", "study.yaml", "--out", "results", "-j", "1")
    assert status == 0, err
    assert content(place / "results") == content(undisturbed / "results")


def test_results_that_cannot_be_written(undisturbed, place):
    disk = place / "disk"
    with mounted(disk) as folder:
        shutil.copytree(undisturbed / "results", folder / "results")
        page = (folder / "results" / "report.html").read_bytes()
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        for arguments in (RUN, BUILD, ("report", "disk/results")):
            status, _, err = run(place, *arguments)
            assert status == 2
            message = err.splitlines()[-1]
            assert "Read-only file system" in message
            assert "disk" in message
        assert (folder / "results" / "report.html").read_bytes() == page
        status, _, err = run(place, "report", "disk/results", "--out", "elsewhere.html")
        assert status == 0, err
        assert (place / "elsewhere.html").read_bytes() == page


@pytest.mark.slow
def test_results_scratch_and_trainings_on_three_file_systems(undisturbed, place, tmp_path):
    """Nothing is renamed from one to another."""
    with mounted(tmp_path / "scratch") as scratch, mounted(tmp_path / "disk") as disk:
        (disk / "results").mkdir()
        (place / "work").mkdir()
        (disk / "results" / "work").symlink_to(place / "work")
        status, _, err = run(place, *RUN, TMPDIR=str(scratch))
        assert status == 0, err
        assert list(scratch.iterdir()) == []
        actual, expected = content(disk / "results"), content(undisturbed / "results")
        assert actual == expected


@pytest.mark.slow
def test_no_place_for_temporary_files(place, tmp_path):
    with mounted(tmp_path / "scratch", "-o", "ro") as scratch:
        only = {name: str(scratch) for name in ("TMPDIR", "TEMP", "TMP")}
        status, _, err = run(place, *RUN, **only)
        if status == 0:  # Python found /tmp
            return
        assert status == 2
        assert "TMPDIR" in err


@pytest.mark.parametrize("arguments", [("tasks", "list", "--json"), ("tasks", "list")])
def test_stdout_that_is_full(place, arguments):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    status, _, err = run(place, *arguments, before=["sh", "-c", 'exec "$@" >/dev/full', "sh"])
    assert status == 2
    assert "No space left on device" in err
