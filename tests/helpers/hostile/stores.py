"""Stores: HDF5 of a data set, damaged, or sealed anew with wrong content."""

import json
import shutil
import tempfile
from functools import cache
from pathlib import Path

import h5py
import numpy as np

from hostile.corrupted_hdf5 import mutate_hdf5
from hostile.reader import Reader
from mlip_compose.core.records import PRIMARY, SECONDARY
from mlip_compose.molecules.series import parse_name
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.store.reader import Store
from mlip_compose.store.schema import TRAJECTORIES, StoreHeader, file_checksum, molecule_checksum
from mlip_compose.store.writer import write_store

NAMES = ("OH-1-H", "OH-2-H", "OH-8-H")
HEADER = StoreHeader(
    name="toy",
    reference="arbitrary",
    reference_settings={"accuracy": 0.1},
    sampling={"temperature_K": 500.0},
    software={"numpy": "2"},
)


def write_toy(path):
    """Write a store of three alcohols, some frames of ``mini-v1``."""
    mini = open_dataset("mini-v1")
    contents = []
    for name in NAMES:
        some = [
            mini.frames(name, PRIMARY, np.arange(6)),
            mini.frames(name, SECONDARY, np.arange(5)),
        ]
        contents.append((mini.molecules[name], [*some, mini.minimum(name)]))
    write_store(path, HEADER, contents)
    return path


@cache
def toy_bytes():
    """Return the file that :func:`write_toy` writes."""
    with tempfile.TemporaryDirectory() as folder:
        return write_toy(Path(folder, "toy.h5")).read_bytes()


def seal(path):
    """Make the checksums right again, as far as there is something to compute them of."""
    with h5py.File(path, "r+") as file:
        sums = []
        for name in list(file):
            group = file.get(name) if isinstance(file.get(name, getlink=True), h5py.HardLink) else 0
            if not isinstance(group, h5py.Group):
                continue
            arrays = {}
            group.visititems(
                lambda key, item, arrays=arrays: (
                    arrays.update({key: np.asarray(item[()])})
                    if isinstance(item, h5py.Dataset) and item.size and item.size < 10**6
                    else None
                )
            )
            attributes = {
                key: value.item() if isinstance(value, np.generic) else value
                for key, value in group.attrs.items()
                if key != "sha256"
            }
            try:
                group.attrs["sha256"] = molecule_checksum(attributes, arrays)
            except (TypeError, ValueError):
                continue
            sums.append((name, group.attrs["sha256"]))
        try:
            attributes = {k: v for k, v in file.attrs.items() if k not in ("schema", "sha256")}
            for key in ("reference_settings", "sampling", "software", "failures"):
                attributes[key] = json.loads(attributes[key])
            file.attrs["sha256"] = file_checksum(StoreHeader.model_validate(attributes), sums)
        except (KeyError, TypeError, ValueError, RecursionError):
            pass


def make(rng, arena):
    path = arena.inside / "store.h5"
    path.write_bytes(toy_bytes())
    shutil.copy(path, arena.outside.with_suffix(".h5"))
    mutate_hdf5(rng, path, arena.outside, seal)
    return path


def read(path):
    store = Store(path)
    store.verify()
    assert store.name.encode()
    json.dumps(store.header.model_dump(mode="json"))
    for name, molecule in store.molecules.items():
        assert parse_name(name) == molecule.parts
        n = molecule.n_atoms
        assert n
        assert ((molecule.numbers >= 1) & (molecule.numbers <= 118)).all()
        assert not len(molecule.bonds) or molecule.bonds.max() < n
        assert isinstance(molecule.charge, int)
        assert isinstance(molecule.spin, int)
        for trajectory in TRAJECTORIES:
            if count := store.n_frames(name, trajectory):
                some = store.frames(name, trajectory, np.arange(count)[::-1])
                assert some.positions.shape == some.forces.shape == (count, n, 3)
                assert some.energy.shape == (count,)
        if store.has_minimum(name):
            assert store.minimum(name).positions.shape == (1, n, 3)


READERS = {"store": Reader(make, read)}
