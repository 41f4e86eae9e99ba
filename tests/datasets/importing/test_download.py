import io
import json
import tarfile
import zipfile

import numpy as np
import pytest
from spring_potential import as_database, as_extended_xyz, as_md17, spring_frames

from mlip_compose.core.errors import CoverageError, RequestError, UnknownNameError
from mlip_compose.datasets.importing.download import FetchListener, fetch
from mlip_compose.datasets.importing.units import GivenUnits
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.store.reader import Store

FAMILY = ("OH-1-H", "OH-2-H", "OH-3-H")
OTHERS = {
    "README.md": b"# GMD-26\n",
    ".gitattributes": b"*.npz filter=lfs\n",
    "models/mace-L.model": b"weights" * 1_000,
    "models/allegro/best.ckpt": b"weights" * 2_000,
}
PRIMARY, SECONDARY = 12, 5


@pytest.fixture(scope="module")
def mini():
    return open_dataset("mini-v1")


@pytest.fixture
def frames(mini):
    """Return a function that makes frames of a molecule, others for each trajectory."""
    counts = {"primary": PRIMARY, "secondary": SECONDARY}
    return lambda name, kind: spring_frames(mini, name, counts[kind], seed=len(kind))


@pytest.fixture
def layouts(frames, tmp_path):
    """Return functions that make the files of a data set, by the name of the layout."""
    kinds = ("primary", "secondary")

    def xyz(prefix):
        return {
            f"{name}/{kind}.xyz": as_extended_xyz(frames(name, kind), prefix)
            for name in FAMILY
            for kind in kinds
        }

    def npz():
        return {
            f"data/{kind}/{name}.npz": as_md17(frames(name, kind))
            for name in FAMILY
            for kind in kinds
        }

    def family():
        return {
            "alcohols.extxyz": b"".join(
                as_extended_xyz(frames(name, kind), "", f"molecule={name} trajectory={kind}")
                for kind in kinds
                for name in FAMILY
            )
        }

    def database():
        return {
            f"{kind}/{name}.db": as_database(tmp_path, frames(name, kind))
            for name in FAMILY
            for kind in kinds
        }

    return {
        "a folder a molecule, REF_ keys": lambda: xyz("REF_"),
        "a folder a molecule, plain keys": lambda: xyz(""),
        "npz in kcal/mol": npz,
        "one file a family": family,
        "databases": database,
        "zip": lambda: {"frames.zip": zipped(xyz("REF_"))},
        "tar": lambda: {"data/frames.tar.gz": tarred(npz())},
    }


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return buffer.getvalue()


def tarred(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, content in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "layout",
    [
        "a folder a molecule, REF_ keys",
        "a folder a molecule, plain keys",
        "npz in kcal/mol",
        "one file a family",
        "databases",
        "zip",
        "tar",
    ],
)
def test_a_layout_is_discovered(stand_in_hub, layouts, frames, layout, tmp_path):
    damaged = as_extended_xyz(frames("OH-4-H", "primary"))[:-40]
    sha = stand_in_hub.commit(OTHERS | {"damaged/primary.xyz": damaged} | layouts[layout]())
    outcome = fetch("gmd-26", tmp_path / "gmd.h5", endpoint=stand_in_hub.endpoint)
    store = Store(tmp_path / "gmd.h5")
    assert outcome.imported.checksum == store.checksum
    assert tuple(store.molecules) == FAMILY
    for name in FAMILY:
        for kind in ("primary", "secondary"):
            _, positions, energy, forces = frames(name, kind)
            found = store.frames(name, kind)
            np.testing.assert_allclose(found.positions, positions, atol=1e-6)
            np.testing.assert_allclose(found.energy, energy, atol=1e-5)
            np.testing.assert_allclose(found.forces, forces, atol=1e-5)
    assert store.reference == "pbe-d3bj/def2-tzvp"
    assert store.header.sampling["origin"] == {
        "repository": "AmirMasoud/GMD",
        "endpoint": stand_in_hub.endpoint,
        "commit": sha,
    }
    left = dict(outcome.imported.skipped)
    assert "damaged/primary.xyz" in left
    assert left["damaged/primary.xyz"]
    assert {file.path for file, _ in outcome.plan.skipped} == set(OTHERS) - {"README.md"}
    manifest = json.loads(outcome.manifest.read_text())
    assert manifest["commit"] == sha


def test_an_interrupted_fetch_goes_on(stand_in_hub, layouts, tmp_path, monkeypatch):
    files = layouts["one file a family"]()
    stand_in_hub.commit(files)
    stand_in_hub.cut = {path: len(content) // 2 for path, content in files.items()}
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    fetch("gmd-26", tmp_path / "cut.h5", endpoint=stand_in_hub.endpoint)
    assert stand_in_hub.cut == {}
    fetch("gmd-26", tmp_path / "whole.h5", endpoint=stand_in_hub.endpoint)
    assert (tmp_path / "cut.h5").read_bytes() == (tmp_path / "whole.h5").read_bytes()


def test_the_size_is_told_before_anything_is_downloaded(stand_in_hub, layouts, tmp_path):
    files = OTHERS | layouts["npz in kcal/mol"]()
    stand_in_hub.commit(files)
    told = []

    def planned(plan):
        told.append((plan.total, plan.missing, stand_in_hub.downloads()))

    listener = FetchListener(planned=planned)
    fetch("gmd-26", tmp_path / "a.h5", endpoint=stand_in_hub.endpoint, listener=listener)
    (tmp_path / "a.h5").unlink()
    stand_in_hub.requests.clear()
    fetch("gmd-26", tmp_path / "a.h5", endpoint=stand_in_hub.endpoint, listener=listener)
    total = sum(
        len(content) for path, content in files.items() if path.endswith((".npz", "README.md"))
    )
    assert told == [(total, total, []), (total, 0, [])]
    assert stand_in_hub.requests == []


def test_units_that_are_given_are_used(stand_in_hub, frames, tmp_path):
    numbers, positions, energy, forces = frames("OH-1-H", "primary")
    few = (numbers, positions[:1], energy[:1] * 1_000, forces[:1] * 1_000)  # too few to tell
    stand_in_hub.commit({"OH-1-H.xyz": as_extended_xyz(few)})
    units = GivenUnits("meV", "meV/Angstrom")
    fetch("gmd-26", tmp_path / "a.h5", endpoint=stand_in_hub.endpoint, units=units)
    found = Store(tmp_path / "a.h5").frames("OH-1-H", "primary")
    np.testing.assert_allclose(found.energy, energy[:1], atol=1e-6)


def test_trajectories_that_nothing_tells_apart_are_split_when_asked(stand_in_hub, frames, tmp_path):
    stand_in_hub.commit(
        {f"{name}.xyz": as_extended_xyz(frames(name, "primary")) for name in FAMILY}
    )
    fetch("gmd-26", tmp_path / "a.h5", endpoint=stand_in_hub.endpoint, split=4)
    store = Store(tmp_path / "a.h5")
    assert {store.n_frames(name, "secondary") for name in FAMILY} == {4}
    assert {store.n_frames(name, "primary") for name in FAMILY} == {PRIMARY - 4}


def test_nothing_to_import_is_said_before_the_download(stand_in_hub, tmp_path):
    stand_in_hub.commit(OTHERS)
    with pytest.raises(CoverageError, match=r"mace-L\.model"):
        fetch("gmd-26", tmp_path / "a.h5", endpoint=stand_in_hub.endpoint)
    assert stand_in_hub.downloads() == []
    assert list(tmp_path.iterdir()) == []


def test_radicals_alone_are_refused_and_the_download_is_kept(stand_in_hub, tmp_path):
    radical = np.array([[0.0, 0.0, 0.0], [0.97, 0.0, 0.0]])
    frames = (np.array([8, 1]), radical[None], np.array([-2_000.0]), np.zeros((1, 2, 3)))
    stand_in_hub.commit({"radical.xyz": as_extended_xyz(frames)})
    with pytest.raises(CoverageError, match="frames of a molecule"):
        fetch("gmd-26", tmp_path / "a.h5", endpoint=stand_in_hub.endpoint)
    assert not (tmp_path / "a.h5").exists()
    assert (tmp_path / "a.download/files/radical.xyz").is_file()


def test_a_store_in_the_place_and_unknown_names_are_refused(stand_in_hub, tmp_path):
    with pytest.raises(UnknownNameError, match="gmd-26"):
        fetch("qm9", tmp_path / "a.h5", endpoint=stand_in_hub.endpoint)
    (tmp_path / "a.h5").write_text("something of the user's")
    with pytest.raises(RequestError, match="no file"):
        fetch("gmd-26", tmp_path / "a.h5", endpoint=stand_in_hub.endpoint)
    assert stand_in_hub.requests == []
