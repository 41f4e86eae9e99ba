"""A store as extended XYZ, and back."""

import errno
import os

import ase.io
import numpy as np
import pytest

from mlip_compose.core.errors import (
    CoverageError,
    RequestError,
    SchemaError,
    UnknownNameError,
    UnwritableError,
)
from mlip_compose.datasets.importing.importing import ImportOptions, import_data
from mlip_compose.potentials.entry import Entry
from mlip_compose.predictions.exchange import export as exporting
from mlip_compose.predictions.exchange.export import TaskFrames, export_data
from mlip_compose.predictions.exchange.split_document import read_split
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.store.reader import Store
from mlip_compose.studies.plan import plan
from mlip_compose.studies.study import Study

NAMES = ("OH-4-H", "COOH-2-CN", "H-2-H")


@pytest.fixture(scope="module")
def mini():
    return open_dataset("mini-v1")


def test_there_and_back_nothing_is_lost(mini, tmp_path):
    outcome = export_data(mini, tmp_path / "xyz", molecules=NAMES)
    assert outcome.files == {"primary.xyz": 88, "secondary.xyz": 30, "minimum.xyz": 3}
    import_data(outcome.path, tmp_path / "back.h5", ImportOptions("back", "gfn2-xtb"))
    back = Store(tmp_path / "back.h5")
    assert set(back.molecules) == set(NAMES)
    for name in NAMES:  # graphs with bond orders, and every array of both trajectories and minimum
        assert back.molecule_checksums[name] == mini.molecule_checksums[name]
    back.verify()


def test_labels_of_any_size_come_back_to_the_last_bit(toy_store, tmp_path, monkeypatch):
    store = Store(toy_store(["OH-1-H"], primary=6))
    frames = store.frames("OH-1-H", "primary")
    scale = 10.0 ** np.arange(-30, 30, 10)
    forces = (frames.forces * scale[:, None, None]).astype(np.float32)
    energy = frames.energy * scale
    monkeypatch.setattr(
        Store,
        "frames",
        lambda *_: type(frames)(**{**vars(frames), "forces": forces, "energy": energy}),
    )
    export_data(store, tmp_path / "xyz")
    read = ase.io.read(tmp_path / "xyz" / "primary.xyz", index=":", format="extxyz")
    assert [atoms.info["REF_energy"] for atoms in read] == energy.tolist()
    found = np.array([atoms.arrays["REF_forces"] for atoms in read])
    assert np.array_equal(found.astype(np.float32), forces)
    found = np.array([atoms.positions for atoms in read])
    assert np.array_equal(found.astype(np.float32), frames.positions)


def test_the_frames_of_a_task_are_those_of_our_trainings(mini, tmp_path):
    chosen = TaskFrames("length", 2, train_frames=150, seed=3)
    outcome = export_data(mini, tmp_path / "xyz", task=chosen)
    study = Study(
        name="one",
        dataset="mini-v1",
        tasks=("length",),
        levels=(2,),
        potentials=(Entry(potential="composition"),),
        seeds=(3,),
        train_frames=150,
    )
    (training,) = plan(study, mini)
    selection = training.targets[0].selection
    expected: set[tuple[str, str, int, float]] = {
        (part, name, int(index), mini.frames(name, trajectory).energy[index])
        for part, name, trajectory, indices in selection.wanted()
        for index in indices
    }
    expected |= {
        ("minimum", name, 0, mini.minimum(name).energy[0])
        for name in (*selection.train, *selection.ood)
    }
    parts = {"train", "validation", "id", "ood", "minimum"}
    assert set(outcome.files) == {f"{part}.xyz" for part in parts}
    assert outcome.files["train.xyz"] == 150
    found = {
        (path.stem, atoms.info["molecule"], atoms.info["frame"], atoms.info["REF_energy"])
        for path in outcome.path.glob("*.xyz")
        for atoms in ase.io.iread(path, index=":", format="extxyz")
    }
    assert found == expected

    document = read_split(outcome.path / "split.json")
    assert (document.dataset_sha256, document.train_frames) == (mini.checksum, 150)
    assert {
        (part, each.molecule, frame)
        for part, molecules in document.parts.items()
        for each in molecules
        for frame in each.frames
    } == {(part, name, frame) for part, name, frame, _ in found}


def test_a_split_document_that_says_something_else_is_refused(tmp_path):
    for text in ("", "[]", '{"document": "mlip-compose/split/2"}', "\udcff"):
        (tmp_path / "split.json").write_bytes(text.encode("utf-8", "surrogateescape"))
        with pytest.raises(SchemaError, match=r"split\.json"):
            read_split(tmp_path / "split.json")


def test_every_frame_says_what_it_is(mini, tmp_path):
    export_data(mini, tmp_path / "xyz", task=TaskFrames("length", 1, 60, 0))
    atoms = ase.io.read(tmp_path / "xyz" / "validation.xyz", index="0", format="extxyz")
    molecule = mini.molecules[atoms.info["molecule"]]
    said = dict(atoms.info)
    assert said.pop("REF_energy") == mini.frames(molecule.name, "secondary").energy[0]
    assert said == {
        "molecule": molecule.name,
        "smiles": molecule.smiles,
        "inchikey": molecule.inchikey,
        "charge": 0,
        "spin": 1,
        "trajectory": "secondary",
        "frame": 0,
        "task": "length",
        "level": 1,
        "seed": 0,
        "train_frames": 60,
        "split": "validation",
        "reference": "gfn2-xtb",
        "dataset": "mini-v1",
        "dataset_sha256": mini.checksum,
    }
    assert not atoms.pbc.any()


def test_forces_of_a_minimum_that_are_zero_by_definition_say_so(mini, tmp_path):
    export_data(mini, tmp_path / "xyz", molecules=("OH-4-H",))
    (atoms,) = ase.io.read(tmp_path / "xyz" / "minimum.xyz", index=":", format="extxyz")
    assert not atoms.arrays["REF_forces"].any()
    assert "zero by definition" in atoms.info["REF_forces_are"]
    (first, *_) = ase.io.read(tmp_path / "xyz" / "primary.xyz", index=":", format="extxyz")
    assert "REF_forces_are" not in first.info


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"molecules": ("OH-40-H",)}, UnknownNameError),
        ({"task": TaskFrames("lenth", 1, None, 0)}, UnknownNameError),
        ({"task": TaskFrames("length", 4, None, 0)}, RequestError),
        ({"task": TaskFrames("length", 1, 10**6, 0)}, CoverageError),
        ({"task": TaskFrames("length", 1, 10, 0), "molecules": NAMES}, RequestError),
    ],
)
def test_what_cannot_be_exported_is_refused(mini, tmp_path, options, error):
    with pytest.raises(error):
        export_data(mini, tmp_path / "xyz", **options)
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_over(mini, tmp_path):
    (tmp_path / "xyz").mkdir()
    with pytest.raises(RequestError, match=r"no .*xyz yet"):
        export_data(mini, tmp_path / "xyz", molecules=NAMES)
    assert not list((tmp_path / "xyz").iterdir())


def test_a_full_disk_leaves_nothing(mini, tmp_path, monkeypatch):
    def full(*_):
        yield "the first frame\n"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(exporting, "extended_xyz", full)
    with pytest.raises(UnwritableError, match="No space left"):
        export_data(mini, tmp_path / "xyz", molecules=NAMES)
    assert not list(tmp_path.iterdir())
