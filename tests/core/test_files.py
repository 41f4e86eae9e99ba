import errno
import fcntl
import io
import os
import subprocess
import sys

import numpy as np
import pytest

from mlip_compose.core import hdf5
from mlip_compose.core.errors import UnwritableError
from mlip_compose.core.files import appearing_whole, set_aside, write_text, writing
from mlip_compose.core.hdf5 import create_hdf5


def names(directory):
    return [path.name for path in directory.iterdir()]


def interrupted(path):
    with appearing_whole(path) as file:
        file.write(b"after")
        raise ZeroDivisionError


def test_a_file_appears_when_the_context_ends(tmp_path):
    path = tmp_path / "deep" / "file"
    with appearing_whole(path) as file:
        file.write(b"half")
        assert not path.exists()
    assert path.read_bytes() == b"half"
    assert names(path.parent) == ["file"]


def test_an_error_leaves_what_was_there(tmp_path):
    path = tmp_path / "file"
    write_text(path, "before")
    with pytest.raises(ZeroDivisionError):
        interrupted(path)
    assert path.read_text() == "before"
    assert names(tmp_path) == ["file"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("no directory")
    with pytest.raises(UnwritableError, match=r"permission to write .*File exists.*run again"):
        write_text(tmp_path / "file" / "below", "x")


def test_an_error_of_another_file_stays_what_it_is(tmp_path):
    with pytest.raises(FileNotFoundError), appearing_whole(tmp_path / "file"):
        (tmp_path / "absent").read_text()
    assert not names(tmp_path)


def test_what_a_killed_process_left_is_used_up(tmp_path):
    (tmp_path / ".file.tmp").write_text("the half of something longer")
    write_text(tmp_path / "file", "whole")
    assert (tmp_path / "file").read_text() == "whole"
    assert names(tmp_path) == ["file"]


def test_two_that_write_at_once_leave_the_last(tmp_path):
    path = tmp_path / "file"
    with appearing_whole(path) as first:
        first.write(b"first, and ")
        with appearing_whole(path) as second:
            second.write(b"second")
        assert path.read_bytes() == b"second"
        first.write(b"last")
    assert path.read_bytes() == b"first, and last"
    assert names(tmp_path) == ["file"]


def test_one_that_fails_removes_nothing_of_another(tmp_path):
    path = tmp_path / "file"
    with appearing_whole(path) as file:
        with pytest.raises(ZeroDivisionError):
            interrupted(path)
        file.write(b"whole")
    assert path.read_bytes() == b"whole"
    assert names(tmp_path) == ["file"]


def test_files_appear_where_there_are_no_locks(tmp_path, monkeypatch):
    def refuse(file, how):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    write_text(tmp_path / "file", "whole")
    assert (tmp_path / "file").read_text() == "whole"


def test_a_file_that_another_process_renames_meanwhile_is_left_to_it(tmp_path, monkeypatch):
    """It may have been opened by both, before the other had finished it."""
    (tmp_path / ".file.tmp").write_text("of another process")
    monkeypatch.setattr(
        fcntl, "flock", lambda *_: (tmp_path / ".file.tmp").replace(tmp_path / "file")
    )
    with appearing_whole(tmp_path / "file") as file:
        assert (tmp_path / "file").read_text() == "of another process"
        file.write(b"of this one")
    assert (tmp_path / "file").read_text() == "of this one"
    assert names(tmp_path) == ["file"]


def test_a_link_under_the_hidden_name_is_not_followed(tmp_path):
    (tmp_path / "own").write_text("precious")
    (tmp_path / ".file.tmp").symlink_to(tmp_path / "own")
    write_text(tmp_path / "file", "whole")
    assert (tmp_path / "own").read_text() == "precious"
    assert (tmp_path / "file").read_text() == "whole"
    assert not (tmp_path / "file").is_symlink()


def test_what_is_damaged_is_kept_and_nothing_takes_its_place(tmp_path, caplog):
    for text in ("one", "two"):
        (tmp_path / "file").write_text(text)
        set_aside(tmp_path / "file", tmp_path / "damaged", "no end")
    set_aside(tmp_path / "file", tmp_path / "damaged", "is not there")
    assert {path.read_text() for path in (tmp_path / "damaged").iterdir()} == {"one", "two"}
    assert caplog.text.count("is damaged (no end)") == 2
    assert "is not there" not in caplog.text


def test_what_is_damaged_stays_where_it_cannot_be_moved(tmp_path):
    for name in ("file", "damaged"):
        (tmp_path / name).write_text(name)
    with pytest.raises(UnwritableError, match="File exists"):
        set_aside(tmp_path / "file", tmp_path / "damaged", "no end")
    assert (tmp_path / "file").read_text() == "file"


def test_an_hdf5_file_is_read_while_it_is_written(tmp_path):
    with create_hdf5(tmp_path / "x.h5") as file:
        file["a"] = np.arange(1000)
        file.flush()
        assert file["a"][:].sum() == 499_500


def test_a_disk_that_is_full_at_the_end_of_an_hdf5_file_is_told(tmp_path, monkeypatch):
    class Full(io.FileIO):
        def truncate(self, size=None):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(hdf5, "appearing_whole", lambda path: Full(path, "w+"))
    with pytest.raises(OSError, match="No space left"), create_hdf5(tmp_path / "x.h5") as file:
        file["a"] = 1


def test_errors_that_are_not_of_room_stay_what_they_are(tmp_path):
    with pytest.raises(FileNotFoundError), writing(tmp_path):
        (tmp_path / "absent").read_text()
    with pytest.raises(UnwritableError, match="No space left"), writing(tmp_path):
        raise OSError(errno.ENOSPC, "No space left on device")


LIMITED = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from mlip_compose.core.errors import UnwritableError
from mlip_compose.core.files import write_text
from mlip_compose.core.hdf5 import create_hdf5
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write past the limit then fails with EFBIG
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    if sys.argv[3] == "text":
        write_text(Path(sys.argv[1]), "x" * 200_000)
    else:
        with create_hdf5(Path(sys.argv[1])) as file:
            for i in range(20):
                data = np.random.default_rng(i).random((40, 7, 3))
                file.create_dataset(f"m{i}/a", data=data, compression="gzip", chunks=data.shape)
except UnwritableError as error:
    print(error)
"""


@pytest.mark.parametrize("limit", [3_000, 20_000, 90_000, 111_111])
@pytest.mark.parametrize("kind", ["text", "hdf5"])
def test_no_room_gives_a_message_and_leaves_nothing(tmp_path, limit, kind):
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "file"), str(limit), kind]
    # Coverage could not write what it measures: it is not asked to.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert ended.returncode == 0, ended.stderr  # HDF5 by itself ends here with signal 11
    assert "File too large" in ended.stdout
    assert not ended.stderr
    assert not names(tmp_path)
