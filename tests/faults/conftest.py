"""A place with a tiny store, a study and a recipe, and what an undisturbed run makes of them."""

import shutil

import pytest

from faults import RECIPE, STUDY, Command, run, write_tiny_store


@pytest.fixture(autouse=True)
def _nothing_goes_on():
    """End commands that a test which failed has left."""
    yield
    while Command.started:
        command = Command.started.pop()
        if command.process.returncode is None:
            command.stop()


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """Return a folder with a store, a study, and their ``results`` and a ``built.h5``."""
    folder = tmp_path_factory.mktemp("undisturbed")
    write_tiny_store(folder / "tiny.h5")
    (folder / "study.yaml").write_text(STUDY)
    (folder / "recipe.yaml").write_text(RECIPE)
    status, _, err = run(folder, "run", "study.yaml", "--out", "results", "-j", "1")
    assert status == 0, err
    return folder


@pytest.fixture(scope="session")
def built(undisturbed):
    """Return the store that an undisturbed build makes."""
    status, _, err = run(
        undisturbed, "data", "build", "recipe.yaml", "--out", "built.h5", "-j", "1"
    )
    assert status == 0, err
    return undisturbed / "built.h5"


@pytest.fixture
def place(undisturbed, tmp_path):
    """Return a folder with the store, the study and the recipe, and nothing made of them."""
    for name in ("tiny.h5", "study.yaml", "recipe.yaml"):
        shutil.copy(undisturbed / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def results(undisturbed, place):
    """Return a copy of the undisturbed results in such a folder."""
    return shutil.copytree(undisturbed / "results", place / "results")
