"""SIGKILL, SIGTERM and Ctrl-C at random moments of every stage, through the real command."""

import random
import shutil
import signal
import subprocess
import time
from itertools import cycle

import pytest

from faults import Command, check_whole, content, left_behind, run

SAID = {
    signal.SIGINT: (130, "interrupted; what was finished is kept, run again to go on"),
    signal.SIGTERM: (143, "told to end (SIGTERM); what was finished is kept, run again to go on"),
    signal.SIGHUP: (129, "the terminal was closed; what was finished is kept, run again to go on"),
}
FINISHED = ("The report is", "Built built")
FEW, MANY = 5, 24  # kills
RUN = ("run", "study.yaml", "--out", "results", "-j", "1")
MISSING = {  # files of finished results without which a run has that stage, and what follows it
    "train": ("trainings/*", "predictions/*", "scores/*", "*.*"),
    "predict": ("predictions/*", "scores/*", "*.*"),
    "score": ("scores/*", "gallery.json", "results.json", "report.html"),
    "report": ("report.html",),
}


def without(results, stage):
    for pattern in MISSING[stage]:
        for path in results.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def disturb(folder, arguments, kills, seed, undo, check):
    """Kill a command so many times, at moments spread over how long it takes; then let it end.

    Kills take turns in their signal and in whom they reach: the command alone, as from ``kill``, or
    all its processes, as from a terminal or a batch system. ``check`` may say that all was done.
    """
    chance = random.Random(seed)
    begin = time.monotonic()
    assert run(folder, *arguments)[0] == 0
    duration = time.monotonic() - begin
    undo()
    ways = cycle([(n, g) for n in (signal.SIGKILL, *SAID) for g in (False, True)])
    done = 0
    for _ in range(3 * kills):
        number, group = next(ways)
        command = Command(folder, *arguments)
        command.until_ready()
        try:
            command.process.wait(chance.uniform(0.0, 0.9 * duration))
        except subprocess.TimeoutExpired:
            command.send(number, group)
            done += 1
        status, out, err = command.ended()
        finished = any(text in out + err for text in FINISHED)
        if number != signal.SIGKILL and status != 0 and not finished:
            expected, message = SAID[number]
            assert status == expected, err
            assert err.splitlines()[-1] == message, err
        if check() or finished:  # and killed, if it was, in the last moments of the interpreter
            undo()
        if done == kills:
            break
    assert done == kills
    status, _, err = run(folder, *arguments)
    assert status == 0, err


def disturb_study(undisturbed, results, stage, kills, seed, monkeypatch, tmp_path):
    """Check also that runs leave no scratch directories, but for one until the next run."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    without(results, stage)
    disturb(
        results.parent,
        RUN,
        kills,
        seed,
        lambda: without(results, stage),
        lambda: check_whole(results),
    )
    assert content(results) == content(undisturbed / "results")
    assert left_behind(results) == []
    if kills < MANY:
        return
    without(results, "train")
    assert run(results.parent, *RUN)[0] == 0  # starts workers, and removes what killed ones left
    assert [path.name for path in scratch.iterdir()] == []


def test_a_study_is_killed(undisturbed, results, monkeypatch, tmp_path):
    disturb_study(undisturbed, results, "train", FEW, 1, monkeypatch, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("stage", MISSING)
def test_a_stage_is_killed_many_times(undisturbed, results, stage, monkeypatch, tmp_path):
    disturb_study(undisturbed, results, stage, MANY, 2, monkeypatch, tmp_path)


def disturb_build(built, place, kills, seed):
    made = place / "built.h5"

    def check():
        assert not made.exists() or made.read_bytes() == built.read_bytes()
        check_whole(place)
        return made.exists() and not place.joinpath("built.h5.parts").exists()

    arguments = ("data", "build", "recipe.yaml", "--out", "built.h5", "-j", "1")
    disturb(place, arguments, kills, seed, lambda: made.unlink(missing_ok=True), check)
    assert made.read_bytes() == built.read_bytes()
    assert left_behind(place) == []


def test_a_build_is_killed(built, place):
    disturb_build(built, place, FEW, 3)


@pytest.mark.slow
def test_a_build_is_killed_many_times(built, place):
    disturb_build(built, place, MANY, 4)


def disturb_report(results, kills, seed):
    page = results / "report.html"
    before = page.read_bytes()
    arguments = ("report", "results")
    disturb(results.parent, arguments, kills, seed, lambda: None, lambda: check_whole(results))
    assert page.read_bytes() == before
    assert left_behind(results) == []


def test_a_report_is_killed(results):
    disturb_report(results, FEW, 5)


@pytest.mark.slow
def test_a_report_is_killed_many_times(results):
    disturb_report(results, MANY, 6)


def test_a_second_ctrl_c_does_not_wait(place):
    command = Command(place, *RUN)
    command.until_ready()
    command.send(signal.SIGINT)
    time.sleep(0.02)
    command.send(signal.SIGINT)
    status, _, err = command.ended()
    # The second may come when Python is at its end, where it ends the process: 130 to a shell, too.
    assert status in (130, -signal.SIGINT)
    assert err.count("interrupted; what was finished is kept") == 1


def test_a_signal_that_nohup_switched_off_stays_so(results):
    command = Command(results.parent, "report", "results", before=["nohup"])
    command.until_ready()
    command.send(signal.SIGHUP)
    assert command.ended()[0] == 0
