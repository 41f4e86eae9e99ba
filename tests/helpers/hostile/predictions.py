"""Predictions: files of this program, and HDF5, npz and extended XYZ of others."""

import atexit
import json
import shutil
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

import ase.io
import h5py
import numpy as np
import yaml

from hostile.corrupted_arrays import mutate_npz
from hostile.corrupted_documents import mutate_json, mutate_yaml
from hostile.corrupted_hdf5 import mutate_hdf5
from hostile.corrupted_text import mutate_bytes, mutate_text, one_of
from hostile.reader import Reader
from hostile.stores import write_toy
from mlip_compose.core.errors import DataError
from mlip_compose.core.records import MINIMUM, SplitKey
from mlip_compose.predictions.exchange.export import TaskFrames, export_data
from mlip_compose.predictions.exchange.files import refuse_unimported
from mlip_compose.predictions.exchange.importing import PredictionImport, import_predictions
from mlip_compose.predictions.exchange.reading import origin_of
from mlip_compose.predictions.exchange.submission import read_submission, write_submission
from mlip_compose.predictions.file import (
    content_checksum,
    read_predictions,
    read_unverified,
    write_predictions,
)
from mlip_compose.predictions.joined import read_joined, read_one, write_joined
from mlip_compose.predictions.scoring import score_predictions
from mlip_compose.predictions.target import Target, certify_target, target_of
from mlip_compose.store.reader import Store

PARTS = ("train", "id", "ood", "minimum")
ORIGIN = {"task": "length", "level": 1, "train_frames": 8, "seed": 0}


class Originals(NamedTuple):
    """Files of predictions and what they predict; ``arrays`` are those of an npz, by layout."""

    folder: Path
    store: Store
    target: Target
    radius: int
    arrays: dict[str, dict]


@cache
def originals():
    """Return the files that cases begin with, made once a process."""
    folder = Path(tempfile.mkdtemp(prefix="hostile-predictions-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = Store(write_toy(folder / "toy.h5"))
    task = TaskFrames("length", 1, train_frames=8, seed=0, allow_missing=True)
    write_predicted_xyz(export_data(store, folder / "exported", task=task).path, folder)
    target = target_of(store, SplitKey("length", 1, 0), 8, True)
    row = PredictionImport(name="mine", dataset=str(folder / "toy.h5"), allow_missing=True)
    imported = import_predictions([folder / f"{part}.xyz" for part in PARTS], row).predictions
    write_predictions(folder / "mine.h5", imported)
    nested = nested_arrays(imported)
    with h5py.File(folder / "theirs.h5", "w") as file:
        for key, array in nested.items():
            file[key] = array
        file.attrs.update(ORIGIN)
    arrays = {"nested": nested | ORIGIN, "flat": flat_arrays(imported) | ORIGIN}
    return Originals(folder, store, target, certify_target(store, target).coverage_radius, arrays)


def write_predicted_xyz(exported, folder):
    """Write extended XYZ with energies and forces of others, near the labels."""
    rng = np.random.default_rng(1)
    for part in PARTS:
        images = ase.io.read(exported / f"{part}.xyz", index=":")
        for atoms in images:
            atoms.info["MACE_energy"] = atoms.info["REF_energy"] + rng.normal()
            shape = atoms.arrays["REF_forces"].shape
            atoms.arrays["MACE_forces"] = atoms.arrays["REF_forces"] + rng.normal(size=shape)
        ase.io.write(folder / f"{part}.xyz", images, format="extxyz")


def nested_arrays(predictions):
    """Return arrays under ``molecule/trajectory/key``."""
    return {
        f"{name}/{trajectory}/{key}": array
        for (name, trajectory), frames in predictions.frames.items()
        for key, array in (
            ("frames", np.asarray(frames.indices, dtype=np.int32)),
            ("energy", frames.energy),
            ("forces", frames.forces),
        )
    }


def flat_arrays(predictions):
    """Return arrays with one entry a frame; forces are padded to the largest molecule."""
    rows = [
        (name, trajectory, int(frame), float(energy), forces)
        for (name, trajectory), frames in predictions.frames.items()
        for frame, energy, forces in zip(frames.indices, frames.energy, frames.forces, strict=True)
    ]
    molecules, trajectories, indices, energies, forces = zip(*rows, strict=True)
    padded = np.zeros((len(rows), max(map(len, forces)), 3))
    for at, array in enumerate(forces):
        padded[at, : len(array)] = array
    return {
        "molecule": np.array(molecules),
        "trajectory": np.array(trajectories),
        "frame": np.array(indices),
        "energy": np.array(energies),
        "forces": padded,
    }


def seal(path):
    """Give predictions the checksum of what they say now."""
    with h5py.File(path, "r+") as file:
        seal_group(file)


def seal_group(group):
    """Give the predictions in a group the checksum of what they say now."""
    with suppress(DataError, KeyError, TypeError, ValueError, RecursionError, AttributeError):
        group.attrs["sha256"] = content_checksum(read_unverified("", group))


def own(rng, arena):
    path = arena.inside / "mine.h5"
    shutil.copy(originals().folder / "mine.h5", path)
    mutate_hdf5(rng, path, arena.outside, seal)
    return path


def read_and_score(path):
    original = originals()
    refuse_unimported(path)
    predictions = read_predictions(path)
    for (_, trajectory), frames in predictions.frames.items():
        assert frames.forces.shape[0] == len(frames.energy) == len(frames.indices)
        assert trajectory != MINIMUM or len(frames.energy) == 1
    score = score_predictions(predictions, original.store, original.target, original.radius)
    assert score.model_validate_json(score.model_dump_json())


def seal_parts(path):
    """Give joined predictions the checksums of what they say now."""
    with h5py.File(path, "r+") as file:
        names = [name for name in file if isinstance(file.get(name), h5py.Group)]
    for name in names:
        with h5py.File(path, "r+") as file, suppress(KeyError, OSError, RuntimeError, ValueError):
            seal_group(file[name])


def joined(rng, arena):
    path = arena.inside / "joined.h5"
    write_joined(path, read_joined(originals().folder / "mine.h5").values())
    mutate_hdf5(rng, path, arena.outside, seal_parts)
    return path


def read_and_score_parts(path):
    original = originals()
    refuse_unimported(path)
    for key, predictions in read_joined(path).items():
        assert predictions.header.key == key
        assert read_one(path, key).header == predictions.header
        score = score_predictions(predictions, original.store, original.target, original.radius)
        assert score.model_validate_json(score.model_dump_json())


def submission(rng, arena):
    folder = arena.inside / "mine"
    card = write_submission(folder, read_joined(originals().folder / "mine.h5").values())
    filled = card.model_copy(update={"summary": "s", "authors": ("a",), "training": "t"})
    path = folder / "card.yaml"
    path.write_bytes(mutate_yaml(rng, yaml.safe_dump(filled.model_dump(mode="json"))))
    return path


def read_and_check(path):
    submitted = read_submission(path)
    assert submitted.path.parent == path.parent
    if submitted.card is not None:
        json.dumps(submitted.card.cost_document() | submitted.card.facts(), allow_nan=False)


def folder_of_xyz(rng, arena):
    for part in PARTS:
        shutil.copy(originals().folder / f"{part}.xyz", arena.inside)
    shutil.copy(originals().folder / "exported" / "split.json", arena.inside)
    path = arena.inside / f"{one_of(rng, PARTS)}.xyz"
    if rng.integers(5) == 0:
        path = arena.inside / "split.json"
        path.write_bytes(mutate_json(rng, path.read_text()))
        return arena.inside
    path.write_bytes(mutate_text(rng, path.read_text()))
    return arena.inside


def hdf5_of_others(rng, arena):
    path = arena.inside / "theirs.h5"
    shutil.copy(originals().folder / "theirs.h5", path)
    mutate_hdf5(rng, path, arena.outside)
    return path


def npz_of_others(layout):
    def make(rng, arena):
        path = arena.inside / "theirs.npz"
        mutate_npz(rng, path, originals().arrays[layout])
        return path

    return make


def trajectory_of_others(rng, arena):
    for part in PARTS:
        path = arena.inside / f"{part}.traj"
        images = ase.io.read(originals().folder / f"{part}.xyz", index=":")
        ase.io.write(path, images)
    path = arena.inside / f"{one_of(rng, PARTS)}.traj"
    path.write_bytes(mutate_bytes(rng, path.read_bytes()))
    return arena.inside


def import_and_score(path):
    original = originals()
    for file in [path] if path.is_file() else sorted(path.glob("*.xyz")):
        origin_of(file)
    row = PredictionImport(
        name="theirs",
        dataset=str(original.folder / "toy.h5"),
        allow_missing=True,
        energy_unit="eV",
        force_unit="eV/Angstrom",
    )
    imported = import_predictions([path], row)
    write_predictions(Path("imported.h5"), imported.predictions)
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
