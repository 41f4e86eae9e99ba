"""Fixtures that several folders share."""

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # as in workers; read when NumPy and torch come

import ase.io
import numpy as np
import pytest

from mlip_compose.core.records import MINIMUM, PRIMARY, SECONDARY, Frames
from mlip_compose.molecules.assembly import assemble
from mlip_compose.molecules.series import parse_name
from mlip_compose.predictions.exchange.export import TaskFrames, export_data
from mlip_compose.store.reader import Store
from mlip_compose.store.schema import StoreHeader
from mlip_compose.store.writer import write_store

LONG_FIRST = ("browser", "end_to_end", "contracts", "faults", "potentials", "docs")
"""Folders that take minutes: first, so that no process ends long after the others."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give each file to one process, and the whole folder of the browser, which shares a page."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
        def _split_scope(self, nodeid):
            return "tests/browser" if nodeid.startswith("tests/browser/") else nodeid.split("::")[0]

    return Scheduling(config, log)


def pytest_collection_modifyitems(items):
    """Sort the folders; tests of a folder keep their order."""
    rank = {folder: number for number, folder in enumerate(LONG_FIRST)}
    items.sort(key=lambda item: rank.get(_folder(item), len(rank)))


def _folder(item):
    return item.path.relative_to(Path(__file__).parent).parts[0]


@pytest.fixture(scope="session", autouse=True)
def _shared_engines():
    from engines import ONE, TWO

    with ONE, TWO:
        yield


@pytest.fixture
def molecule():
    """Return a function that assembles a molecule by its name."""
    return lambda name: assemble(parse_name(name))


@pytest.fixture
def toy_frames():
    """Return a function that makes frames with arbitrary labels, the same at every call."""

    def make(molecule, trajectory, n_frames):
        key = f"{molecule.name}/{trajectory}".encode()
        rng = np.random.default_rng(np.frombuffer(key.ljust(32, b".")[:32], dtype=np.uint32))
        shape = (n_frames, molecule.n_atoms, 3)
        return Frames(
            molecule=molecule.name,
            trajectory=trajectory,
            indices=np.arange(n_frames),
            positions=rng.normal(size=shape).astype(np.float32),
            energy=-40.0 * molecule.n_atoms + rng.normal(size=n_frames),
            forces=rng.normal(size=shape).astype(np.float32),
        )

    return make


@pytest.fixture
def toy_header():
    """Return the header of a store with arbitrary labels."""
    return StoreHeader(
        name="toy",
        reference="arbitrary",
        reference_settings={"accuracy": 0.1},
        sampling={"temperature_K": 500.0},
        software={"numpy": "2"},
    )


@pytest.fixture
def toy_store(tmp_path, toy_frames, toy_header, molecule):
    """Return a function that writes a store of the named molecules and returns its path."""

    def write(names, path=None, primary=4, secondary=3):
        path = path or tmp_path / "toy.h5"
        contents = []
        for name in names:
            parts = molecule(name)
            frames = [toy_frames(parts, PRIMARY, primary), toy_frames(parts, MINIMUM, 1)]
            if secondary:
                frames.append(toy_frames(parts, SECONDARY, secondary))
            contents.append((parts, frames))
        write_store(path, toy_header, contents)
        return path

    return write


@pytest.fixture
def stand_in_hub(monkeypatch):
    """Return an empty stand-in for the Hugging Face hub on loopback; nothing else is reached."""
    from stand_in_hub import StandInHub

    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    hub = StandInHub()
    yield hub
    hub.close()


@pytest.fixture
def exported(toy_store, tmp_path):
    """Return a store of three alcohols and the directory of its exported task ``length``."""
    store = Store(toy_store(["OH-1-H", "OH-2-H", "OH-8-H"], primary=6, secondary=5))
    task = TaskFrames("length", 1, train_frames=8, seed=0, allow_missing=True)
    return store, export_data(store, tmp_path / "exported", task=task).path


@pytest.fixture
def predict(exported, tmp_path):
    """Return a function that predicts the exported files, as a script with ASE would."""
    _, folder = exported

    def write(
        change=lambda images: images, parts=("train", "id", "ood", "minimum"), to="predicted"
    ):
        out = tmp_path / to
        out.mkdir(exist_ok=True)
        rng = np.random.default_rng(1)
        for part in parts:
            images = ase.io.read(folder / f"{part}.xyz", index=":")
            for atoms in images:
                atoms.info["MACE_energy"] = atoms.info["REF_energy"] + rng.normal()
                forces = atoms.arrays["REF_forces"]
                atoms.arrays["MACE_forces"] = forces + rng.normal(size=forces.shape)
            images = change(images)
            ase.io.write(out / f"{part}.xyz", images, format="extxyz")
        return out

    return write
