"""Predictions: files of this program, and HDF5, npz and extended XYZ of others."""

import json
import shutil
import sys
from contextlib import suppress
from pathlib import Path

import ase.io
import h5py
import numpy as np
import pytest
import yaml
from pen import Reader, few, many, offences

sys.path.insert(0, str(Path(__file__).parent))
from mutations import (
    mutate_bytes,
    mutate_hdf5,
    mutate_json,
    mutate_npz,
    mutate_text,
    mutate_yaml,
    one_of,
)
from test_stores import write_toy

from mlip_compose.core.errors import DataError
from mlip_compose.core.records import MINIMUM, SplitKey
from mlip_compose.predictions.exchange.export import TaskFrames, export_data
from mlip_compose.predictions.exchange.files import refuse_foreign
from mlip_compose.predictions.exchange.importing import ForeignRow, import_predictions
from mlip_compose.predictions.exchange.reading import origin_of
from mlip_compose.predictions.exchange.submission import read_submission, write_submission
from mlip_compose.predictions.file import (
    PredictionHeader,
    Predictions,
    _checksum,
    read_predictions,
    write_predictions,
)
from mlip_compose.predictions.joined import read_joined, read_part, write_joined
from mlip_compose.predictions.scoring import score_predictions
from mlip_compose.predictions.target import certified, target_of
from mlip_compose.store.reader import Store

PARTS = ("train", "id", "ood", "minimum")
_MADE = {}


def shared():
    """Return a folder of the files that cases begin with, made once a process."""
    if not _MADE:
        import atexit
        import tempfile

        folder = Path(tempfile.mkdtemp(prefix="pen-predictions-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        store = Store(write_toy(folder / "toy.h5"))
        task = TaskFrames("length", 1, train_frames=8, seed=0, allow_missing=True)
        exported = export_data(store, folder / "exported", task=task).path
        rng = np.random.default_rng(1)
        for part in PARTS:
            images = ase.io.read(exported / f"{part}.xyz", index=":")
            for atoms in images:
                atoms.info["MACE_energy"] = atoms.info["REF_energy"] + rng.normal()
                shape = atoms.arrays["REF_forces"].shape
                atoms.arrays["MACE_forces"] = atoms.arrays["REF_forces"] + rng.normal(size=shape)
            ase.io.write(folder / f"{part}.xyz", images, format="extxyz")
        target = target_of(store, SplitKey("length", 1, 0), 8, True)
        row = ForeignRow(name="mine", dataset=str(folder / "toy.h5"), allow_missing=True)
        found = import_predictions([folder / f"{part}.xyz" for part in PARTS], row)
        write_predictions(folder / "mine.h5", found.predictions, store.molecule_checksums)
        radius = certified(store, target).coverage_radius
        nested = {
            f"{name}/{trajectory}/{key}": array
            for (name, trajectory), each in found.predictions.frames.items()
            for key, array in (
                ("frames", np.asarray(each.indices, dtype=np.int32)),
                ("energy", each.energy),
                ("forces", each.forces),
            )
        }
        with h5py.File(folder / "theirs.h5", "w") as file:
            for key, array in nested.items():
                file[key] = array
            file.attrs.update({"task": "length", "level": 1, "train_frames": 8, "seed": 0})
        origin = {"task": "length", "level": 1, "train_frames": 8, "seed": 0}
        rows = [
            (name, trajectory, int(frame), float(energy), forces)
            for (name, trajectory), each in found.predictions.frames.items()
            for frame, energy, forces in zip(each.indices, each.energy, each.forces, strict=True)
        ]
        most = max(len(forces) for *_, forces in rows)
        padded = np.zeros((len(rows), most, 3))
        for at, (*_, forces) in enumerate(rows):
            padded[at, : len(forces)] = forces
        flat = {
            "molecule": np.array([name for name, *_ in rows]),
            "trajectory": np.array([trajectory for _, trajectory, *_ in rows]),
            "frame": np.array([frame for _, _, frame, *_ in rows]),
            "energy": np.array([energy for *_, energy, _ in rows]),
            "forces": padded,
        }
        _MADE.update(
            folder=folder,
            store=store,
            target=target,
            radius=radius,
            nested=nested | origin,
            flat=flat | origin,
        )
    return _MADE


def seal(path):
    """Give predictions the checksum of what they say now."""
    with h5py.File(path, "r+") as file:
        _seal(file)


def _seal(group):
    from mlip_compose.predictions import file as module

    attributes = {k: v for k, v in group.attrs.items() if k not in ("schema", "sha256")}
    attributes = {k: v.item() if isinstance(v, np.generic) else v for k, v in attributes.items()}
    try:
        for key in ("settings", "software", "unseen_terms", "failed_relaxations", "failures"):
            attributes[key] = json.loads(attributes.get(key, "{}"))
        header = PredictionHeader.model_validate(attributes)
        frames = [
            module._frames("", molecule, trajectory, group[molecule][trajectory])
            for molecule in group
            for trajectory in group[molecule]
        ]
        group.attrs["sha256"] = _checksum(Predictions(header, frames))
    except (KeyError, TypeError, ValueError, RecursionError, AttributeError, DataError):
        pass


def own(rng, arena):
    path = arena.inside / "mine.h5"
    shutil.copy(shared()["folder"] / "mine.h5", path)
    mutate_hdf5(rng, path, arena.outside, seal)
    return path


def read_and_score(path):
    made = shared()
    refuse_foreign(path)
    predictions, _ = read_predictions(path)
    for (_, trajectory), each in predictions.frames.items():
        assert each.forces.shape[0] == len(each.energy) == len(each.indices)
        assert trajectory != MINIMUM or len(each.energy) == 1
    score = score_predictions(predictions, made["store"], made["target"], made["radius"])
    assert score.model_validate_json(score.model_dump_json())


def seal_parts(path):
    """Give joined predictions the checksums of what they say now."""
    with h5py.File(path, "r+") as file:
        names = [name for name in file if isinstance(file.get(name), h5py.Group)]
    for name in names:
        with h5py.File(path, "r+") as file, suppress(KeyError, OSError, RuntimeError, ValueError):
            _seal(file[name])


def joined(rng, arena):
    path = arena.inside / "joined.h5"
    write_joined(path, read_joined(shared()["folder"] / "mine.h5").values())
    mutate_hdf5(rng, path, arena.outside, seal_parts)
    return path


def read_and_score_parts(path):
    made = shared()
    refuse_foreign(path)
    for key, (predictions, _) in read_joined(path).items():
        assert predictions.header.key == key
        assert read_part(path, key)[0].header == predictions.header
        score = score_predictions(predictions, made["store"], made["target"], made["radius"])
        assert score.model_validate_json(score.model_dump_json())


def submission(rng, arena):
    folder = arena.inside / "mine"
    card = write_submission(folder, read_joined(shared()["folder"] / "mine.h5").values())
    filled = card.model_copy(update={"summary": "s", "authors": ("a",), "training": "t"})
    path = folder / "card.yaml"
    path.write_bytes(mutate_yaml(rng, yaml.safe_dump(filled.model_dump(mode="json"))))
    return path


def read_and_check(path):
    found = read_submission(path)
    assert found.path.parent == path.parent
    if found.card is not None:
        json.dumps(found.card.cost_document() | found.card.facts(), allow_nan=False)


def folder_of_xyz(rng, arena):
    for part in PARTS:
        shutil.copy(shared()["folder"] / f"{part}.xyz", arena.inside)
    shutil.copy(shared()["folder"] / "exported" / "split.json", arena.inside)
    path = arena.inside / f"{one_of(rng, PARTS)}.xyz"
    if rng.integers(5) == 0:
        path = arena.inside / "split.json"
        path.write_bytes(mutate_json(rng, path.read_text()))
        return arena.inside
    path.write_bytes(mutate_text(rng, path.read_text()))
    return arena.inside


def hdf5_of_others(rng, arena):
    path = arena.inside / "theirs.h5"
    shutil.copy(shared()["folder"] / "theirs.h5", path)
    mutate_hdf5(rng, path, arena.outside)
    return path


def npz_of_others(layout):
    def make(rng, arena):
        path = arena.inside / "theirs.npz"
        mutate_npz(rng, path, shared()[layout])
        return path

    return make


def trajectory_of_others(rng, arena):
    for part in PARTS:
        path = arena.inside / f"{part}.traj"
        images = ase.io.read(shared()["folder"] / f"{part}.xyz", index=":")
        ase.io.write(path, images)
    path = arena.inside / f"{one_of(rng, PARTS)}.traj"
    path.write_bytes(mutate_bytes(rng, path.read_bytes()))
    return arena.inside


def import_and_score(path):
    made = shared()
    for each in [path] if path.is_file() else sorted(path.glob("*.xyz")):
        origin_of(each)
    row = ForeignRow(
        name="theirs",
        dataset=str(made["folder"] / "toy.h5"),
        allow_missing=True,
        energy_unit="eV",
        force_unit="eV/Angstrom",
    )
    found = import_predictions([path], row)
    write_predictions(Path("imported.h5"), found.predictions, found.store.molecule_checksums)
    read_and_score(Path("imported.h5"))


READERS = {
    "own predictions": Reader(own, read_and_score),
    "joined predictions": Reader(joined, read_and_score_parts),
    "submission": Reader(submission, read_and_check),
    "xyz of others": Reader(folder_of_xyz, import_and_score),
    "traj of others": Reader(trajectory_of_others, import_and_score),
    "hdf5 of others": Reader(hdf5_of_others, import_and_score),
    "npz of others, nested": Reader(npz_of_others("nested"), import_and_score),
    "npz of others, flat": Reader(npz_of_others("flat"), import_and_score),
}


@pytest.mark.parametrize("reader", READERS)
def test_hostile_files_are_refused_or_valid(pen, reader):
    assert offences(pen.run(__file__, reader, few())) == []


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_many_hostile_files_are_refused_or_valid(pen, reader):
    assert offences(pen.run(__file__, reader, many())) == []
