"""Data of others: extended XYZ, ASE trajectories and databases, npz, and directories of these."""

import os
import sqlite3
import tempfile
from functools import cache
from pathlib import Path

import ase.io
import numpy as np
from ase.calculators.singlepoint import SinglePointCalculator
from ase.db import connect

from hostile.corrupted_arrays import mutate_npz
from hostile.corrupted_text import mutate_bytes, mutate_text, one_of
from hostile.reader import Reader
from mlip_compose.datasets.importing.importing import ImportOptions, import_data
from mlip_compose.store.catalogue import open_dataset
from mlip_compose.store.reader import Store


@cache
def originals():
    """Return the files that cases begin with, made once a process from frames of ``mini-v1``."""
    store = open_dataset("mini-v1")
    images = []
    for name in ("OH-1-H", "F-2-H"):
        frames = store.frames(name, "primary", np.arange(6))
        for at in range(6):
            atoms = ase.Atoms(store.molecules[name].numbers, frames.positions[at])
            atoms.calc = SinglePointCalculator(
                atoms, energy=frames.energy[at], forces=frames.forces[at]
            )
            images.append(atoms)
    contents = {}
    with tempfile.TemporaryDirectory() as folder:
        for suffix, kind in ((".xyz", "extxyz"), (".traj", None)):
            path = Path(folder, f"frames{suffix}")
            ase.io.write(path, images, format=kind)
            contents[suffix] = path.read_bytes()
        path = Path(folder, "frames.db")
        for atoms in images:
            connect(path, use_lock_file=False).write(atoms, data={"x": np.arange(3)})
        contents[".db"] = path.read_bytes()
    return contents


@cache
def original_arrays():
    """Return the arrays of an npz in the layout of MD17."""
    store = open_dataset("mini-v1")
    frames = store.frames("OH-1-H", "primary", np.arange(6))
    return {
        "z": store.molecules["OH-1-H"].numbers,
        "R": frames.positions.astype(np.float64),
        "E": frames.energy * 23.060548,
        "F": frames.forces.astype(np.float64) * 23.060548,
        "e_unit": np.array("kcal/mol"),
        "r_unit": np.array("Ang"),
    }


XYZ = (
    "1000000000000\n\nH 0 0 0\n",
    "-5\n\nH 0 0 0\n",
    "1\nProperties=species:S:1:pos:R:1000000000 energy=1\nH 0 0 0\n",
    "1\nProperties=species:S:1:pos:R:-3 energy=1\nH 0 0 0\n",
    '2\nenergy=1 forces="1 2"\nH 0 0 0\nH 1e999 nan inf\n',
    '1\nLattice="1 2 3" energy=1\nH 0 0 0\n',
    '1\npbc="T" energy=[[1,2],[3]]\nH 0 0 0\n',
    '1\na="_JSON ' + "[" * 5000 + '"\nH 0 0 0\n',
    "1\n" + "a=" * 20000 + "\nH 0 0 0\n",
    "1\n" + "{" * 20000 + "\nH 0 0 0\n",
    "0\n\n" * 1000,
    "1\nmove_mask=1 Properties=species:S:1:pos:R:3:move_mask:L:2\nH 0 0 0 T T\n",
    "1\nVEC1\nH 0 0 0\nVEC1 1 0\nVEC2 x\n",
    "1_0\n\n",
    "1\nProperties=Z:I:1:pos:R:3 energy=1\n99999 0 0 0\n",
    "1\nProperties=Z:I:1:pos:R:3:forces:R:3 energy=1\n-1 0 0 0 0 0 0\n",
    "1\nProperties=species:S:1:pos:R:3:forces:R:3 energy=1e400\nX 0 0 0 0 0 0\n",
    '1\nProperties=species:S:1:pos:R:3:forces:R:3 energy=1 name="../../x"\nH 0 0 0 0 0 0\n',
)
SQL = (
    "DROP TABLE systems",
    "DELETE FROM information",
    "UPDATE information SET value = 'x'",
    "UPDATE information SET value = '99'",
    "UPDATE systems SET numbers = x'ffffffff'",
    "UPDATE systems SET positions = 'text'",
    "UPDATE systems SET natoms = -1, energy = 'x'",
    "UPDATE systems SET data = x'00', key_value_pairs = '['",
    "UPDATE systems SET data = zeroblob(100000)",
    'UPDATE systems SET constraints = \'[{"name": "os.system", "kwargs": {}}]\'',
    "UPDATE systems SET calculator = 'emt', calculator_parameters = '{\"a\": 1}'",
    "UPDATE systems SET forces = NULL",
    "UPDATE systems SET id = -id",
    'UPDATE systems SET key_value_pairs = \'{"__ndarray__": [[1000000000000], "float64", []]}\'',
    'UPDATE systems SET key_value_pairs = \'{"x": {"__ase_objtype__": "os"}}\'',
    "ALTER TABLE systems RENAME TO t; CREATE VIEW systems AS WITH RECURSIVE c(x) AS "
    "(SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT t.* FROM c, t",
    "DROP TABLE information; CREATE VIEW information AS WITH RECURSIVE c(x) AS "
    "(SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS name, x AS value FROM c",
    "PRAGMA journal_mode = WAL",
    "UPDATE systems SET pbc = 'x', cell = x'00'",
)


def xyz(rng, arena):
    text = originals()[".xyz"].decode()
    path = arena.inside / one_of(rng, ("frames.xyz", "x@1.extxyz", "train*.xyz"))
    kind = int(rng.integers(6))
    if kind == 0:
        path.write_text(one_of(rng, (text, "")) + one_of(rng, XYZ))
    elif kind == 1:
        path.write_bytes(mutate_bytes(rng, text.encode()))
    else:
        path.write_bytes(mutate_text(rng, text))
    return path


def traj(rng, arena):
    path = arena.inside / "frames.traj"
    data = originals()[".traj"]
    if rng.integers(3) == 0:  # its JSON
        at = data.rfind(b'{"')
        data = data[:at] + mutate_text(rng, data[at:].decode("latin-1"))
    path.write_bytes(mutate_bytes(rng, data))
    return path


def database(rng, arena):
    path = arena.inside / "frames.db"
    path.write_bytes(originals()[".db"])
    kind = int(rng.integers(3))
    if kind:
        connection = sqlite3.connect(path)
        try:
            connection.executescript(one_of(rng, SQL))
        except sqlite3.Error:
            pass
        finally:
            connection.close()
    if kind < 2:
        path.write_bytes(mutate_bytes(rng, path.read_bytes()))
    return path


def npz(rng, arena):
    path = arena.inside / "frames.npz"
    mutate_npz(rng, path, original_arrays())
    return path


def directory(rng, arena):
    kinds = ("links", "names", "mixture")
    kind = one_of(rng, kinds)
    (arena.inside / "train").mkdir()
    (arena.inside / "train" / "a.xyz").write_bytes(originals()[".xyz"])
    if kind == "links":
        for name, target in (
            ("loop", arena.inside),
            ("b.xyz", arena.outside),
            ("c.xyz", "nothing"),
            ("d.xyz", "/dev/zero"),
            ("e.xyz", arena.inside / "e.xyz"),
        ):
            (arena.inside / name).symlink_to(target)
        os.mkfifo(arena.inside / "f.xyz")
    elif kind == "names":
        for name in (
            "a b.xyz",
            "x@1.xyz",
            "é.xyz",
            "-.xyz",
            "*.xyz",
            "[a].xyz",
            "x" * 200 + ".xyz",
        ):
            (arena.inside / name).write_bytes(originals()[".xyz"])
        Path(os.fsdecode(os.fsencode(arena.inside) + b"/\xff.xyz")).write_bytes(originals()[".xyz"])
    else:
        for make in (xyz, traj, npz):
            make(rng, arena)
    return arena.inside


def import_it(path):
    outcome = import_data(path, Path("imported.h5"), ImportOptions("theirs", "theirs"))
    store = Store(outcome.path)
    store.verify()
    for name in store.molecules:
        for frames in store.trajectories(name):
            assert np.isfinite(frames.energy).all()
            assert np.isfinite(frames.forces).all()
            assert np.isfinite(frames.positions).all()


READERS = {
    "xyz": Reader(xyz, import_it),
    "traj": Reader(traj, import_it),
    "db": Reader(database, import_it),
    "npz": Reader(npz, import_it),
    "directory": Reader(directory, import_it),
}
