import subprocess
import sys

import pytest

from mlip_compose.errors import UnwritableError
from mlip_compose.files import appearing_whole, write_text


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


LIMITED = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from mlip_compose.errors import UnwritableError
from mlip_compose.files import write_text
from mlip_compose.store.files import create_hdf5
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
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr  # HDF5 by itself ends here with signal 11
    assert "File too large" in ended.stdout
    assert not ended.stderr
    assert not names(tmp_path)
