"""Working directories of units, in this process."""

import threading
from pathlib import Path

import pytest

from mlip_compose.core.errors import RequestError
from mlip_compose.core.interruption import Interrupted
from mlip_compose.core.records import Failure
from mlip_compose.core.scratch import (
    do_unit,
    note_failure,
    own_directory,
    unit_of_work,
    user_path,
    where_the_user_is,
)


@pytest.fixture
def base(tmp_path, monkeypatch):
    """An empty directory for temporary files, beside the working directory."""
    for name in ("here", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    return tmp_path / "temporary"


def test_a_unit_works_in_an_empty_directory_that_goes_with_it(base):
    here = Path.cwd()

    def work(item):
        assert not list(Path().iterdir())
        Path("file").touch()
        return item, Path.cwd()

    done = do_unit(work, 3, keep=True)
    item, directory = done.outcome
    assert (item, done.kept) == (3, ())
    assert directory.parent == base
    assert Path.cwd() == here
    assert not list(base.iterdir())
    assert not list(here.iterdir())


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), Interrupted(2)])
def test_whatever_ends_a_unit_the_process_is_back_where_it_was(base, error):
    here = Path.cwd()

    def work(item):
        Path("file").touch()
        with own_directory():
            raise error

    with pytest.raises(type(error)):
        do_unit(work, 1)
    assert Path.cwd() == here
    assert not list(base.iterdir())
    assert do_unit(lambda _: user_path("file"), 1).outcome == here / "file"  # none is under way


def test_a_directory_that_was_left_empty_is_used_again(base):
    def work(_):
        places = []
        for write, fail in ((0, 0), (0, 0), (1, 0), (0, 1), (0, 0)):
            with own_directory():
                assert not list(Path().iterdir())
                places.append(Path.cwd())
                if write:
                    Path("file").touch()
                if fail:
                    note_failure()
        return places

    first, second, third, fourth, fifth = do_unit(work, 1).outcome
    assert first == second == third
    assert len({third, fourth, fifth}) == 3  # after a file, and after a failure
    assert not list(base.iterdir())


def test_a_directory_into_which_something_wrote_later_is_not_used_again(base):
    def work(_):
        with own_directory():
            first = Path.cwd()
        (first / "late").touch()
        with own_directory():
            assert Path.cwd() != first
            return list(Path().iterdir())

    assert do_unit(work, 1).outcome == []
    assert not list(base.iterdir())


def test_work_may_remove_its_own_directory(base):
    def work(_):
        with own_directory():
            Path.cwd().rmdir()
        with own_directory():
            return list(Path().iterdir())

    assert do_unit(work, 1).outcome == []


def test_the_process_comes_back_to_a_directory_that_was_renamed(base):
    here = Path.cwd()
    do_unit(lambda _: here.rename(here.with_name("elsewhere")), 1)
    assert Path.cwd() == here.with_name("elsewhere")


def fail_by_value(_):
    Path("file").touch()
    return Failure("scf", "frame", "no convergence")


def fail_by_note(_):
    Path("file").touch()
    note_failure()


def fail_inside(_):
    with own_directory():
        Path("file").touch()
        note_failure()


@pytest.mark.parametrize("work", [fail_by_value, fail_by_note, fail_inside])
def test_files_of_a_failure_are_kept_where_asked(base, work):
    assert do_unit(work, "frame 3").kept == ()
    assert not list(base.iterdir())
    (words,) = do_unit(work, "frame 3", keep=True).kept
    (kept,) = base.iterdir()
    assert [path.name for path in kept.iterdir()] == ["file"]
    assert "frame 3" in words
    assert str(kept) in words


def test_files_of_an_error_are_kept_and_the_error_says_where(base):
    def work(number):
        Path("file").touch()
        return 1 / number

    with pytest.raises(ZeroDivisionError) as raised:
        do_unit(work, 0, keep=True)
    (kept,) = base.iterdir()
    assert str(kept) in raised.value.__notes__[0]


def test_an_interrupted_unit_has_not_failed(base):
    def work(_):
        Path("file").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        do_unit(work, 0, keep=True)
    assert not list(base.iterdir())


def test_relative_paths_of_the_user_are_those_of_the_directory_before(base):
    here = Path.cwd()
    Path("weights").touch()
    with unit_of_work(), own_directory():
        assert user_path("weights") == here / "weights"
        assert user_path("/weights") == Path("/weights")
        assert not Path("weights").exists()
        with where_the_user_is():
            assert Path("weights").exists()
        assert not Path("weights").exists()
    assert user_path("weights") == Path("weights")


def test_units_of_threads_take_turns(base):
    """The working directory is the whole process's."""
    here, outcomes = Path.cwd(), []
    together = threading.Barrier(4)

    def work(number):
        Path("file").write_text(str(number))
        for _ in range(200):
            if Path("file").read_text() != str(number):
                return False
        return len(list(Path().iterdir())) == 1

    def thread(number):
        together.wait()
        outcomes.append(do_unit(work, number).outcome)

    threads = [threading.Thread(target=thread, args=[number]) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert outcomes == [True] * 4
    assert Path.cwd() == here


def test_where_there_is_no_place_for_a_directory_nothing_is_done(base, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(base / "absent"))
    with pytest.raises(RequestError, match=r"can be written; found No such file.*TMPDIR"):
        do_unit(lambda _: pytest.fail("work without a directory"), 1)
    assert user_path("weights") == Path("weights")  # no unit is under way


def test_a_failure_outside_of_a_unit_has_no_directory(base):
    note_failure()
    assert do_unit(lambda _: Path("file").touch(), 1, keep=True).kept == ()
