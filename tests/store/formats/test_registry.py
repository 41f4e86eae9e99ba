"""Which files are read, and what the rest is told."""

from pathlib import Path

import pytest

from mlip_compose.core.errors import SchemaError, UnreadableError
from mlip_compose.store.formats.base import trajectory_of
from mlip_compose.store.formats.registry import files_of, read_frames


def test_a_store_need_not_be_imported(toy_store):
    with pytest.raises(SchemaError, match="used as it is"):
        list(read_frames(toy_store(["OH-1-H"])))


def test_an_unknown_suffix_is_refused_with_those_that_are_known(tmp_path):
    (tmp_path / "a.csv").write_text("1,2")
    with pytest.raises(SchemaError, match=r"\.npz.*\.csv"):
        read_frames(tmp_path / "a.csv")


def test_files_come_in_the_order_of_their_paths_without_hidden_ones(tmp_path):
    for name in ("b/c.xyz", "a.xyz", "b/a.xyz", ".git/a.xyz", ".hidden.xyz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    found = [path.relative_to(tmp_path).as_posix() for path in files_of(tmp_path)]
    assert found == ["a.xyz", "b/a.xyz", "b/c.xyz"]


def test_nothing_to_import_is_refused(tmp_path):
    with pytest.raises(UnreadableError, match="none"):
        files_of(tmp_path)
    with pytest.raises(UnreadableError, match="nowhere"):
        files_of(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("path", "trajectory"),
    [
        ("train.xyz", "primary"),
        ("OH-4-H_secondary.xyz", "secondary"),
        ("test/part1.npz", "secondary"),
        ("train/minimum.xyz", "minimum"),
        ("rmd17_ethanol.npz", ""),
        ("latest.xyz", ""),
        ("id.xyz", ""),
    ],
)
def test_names_of_files_and_folders_say_the_trajectory(path, trajectory):
    assert trajectory_of(Path(path)) == trajectory
