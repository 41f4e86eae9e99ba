"""What a recording does between its calls: files to read, made from what the calls wrote."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import ase.db
import ase.io
import h5py
import numpy as np
import yaml
from ase import Atoms, units
from ase.calculators.singlepoint import SinglePointCalculator

from snapshots.content import recorded
from snapshots.masks import masked

DOCUMENTS = {
    "key": "name: x\npotential: [additive]\n",
    "potential": "name: x\npotentials: [aditive]\n",
    "task": "name: x\npotentials: [additive]\ntasks: [jump]\n",
    "level": "name: x\npotentials: [additive]\nlevels: [9]\n",
    "binary": "\x89PNG",
    "unclosed": "{",
    "words": "hello",
    "twice": "name: x\npotentials: [additive, additive]\n",
}
"""Studies that are wrong, by what is wrong with them."""


def take(work: Path, *folders: Path) -> None:
    """Copy folders of the tree that is recorded."""
    for folder in folders:
        shutil.copytree(work.parent / "tree" / folder.name, folder)


def settle(_: Path, results: Path, goal: Path) -> None:
    """Copy results with their costs and dates masked, so that a page of them is always the same."""
    shutil.copytree(results, goal, ignore=shutil.ignore_patterns("report.html", ".lock"))
    for path in goal.rglob("*.json"):
        path.write_text(masked(path.read_text("utf-8")), "utf-8")


def convert(_: Path, source: Path, goal: Path) -> None:
    """Write the labelled frames of an extended XYZ file as others keep theirs."""
    goal.parent.mkdir(parents=True, exist_ok=True)
    images = ase.io.read(source, index=":")
    if goal.suffix == ".npz":  # one molecule alone
        images = [atoms for atoms in images if atoms.info["molecule"] == images[0].info["molecule"]]
    frames = [_labelled(atoms) for atoms in images]
    if goal.suffix == ".traj":
        ase.io.write(goal, frames)
    elif goal.suffix == ".db":
        with ase.db.connect(goal) as database:
            for atoms in frames:
                database.write(atoms)
        _make_timeless(goal)
    else:
        _as_md17(frames, goal)


def distort(_: Path, source: Path, goal: Path) -> None:
    """Write frames of an exported task with what a model of somebody else might predict of them."""
    goal.parent.mkdir(parents=True, exist_ok=True)
    frames = ase.io.read(source, index=":")
    random = np.random.default_rng(len(frames))
    for atoms in frames:
        forces = atoms.arrays["REF_forces"]
        atoms.info["my_energy"] = atoms.info["REF_energy"] + random.normal()
        atoms.arrays["my_forces"] = forces + 0.1 * random.normal(size=forces.shape)
    if goal.suffix == ".npz":
        _as_arrays(frames, goal)
    else:
        ase.io.write(goal, frames, format="extxyz")


def fill(_: Path, card: Path, goal: Path) -> None:
    """Copy a submission, with what its card leaves to be said."""
    shutil.copytree(card.parent, goal)
    document = yaml.safe_load(card.read_text("utf-8"))
    said = {"summary": "a model", "authors": ["A. Person"], "training": "elsewhere"}
    (goal / card.name).write_text(yaml.safe_dump(document | said, sort_keys=False), "utf-8")


def spoil(_: Path, path: Path) -> None:
    """Cut a document off in the middle."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def damage(_: Path, store: Path) -> None:
    """Write wrong documents, and a store damaged in different ways, beside a store."""
    inputs = store.parent
    for name, text in DOCUMENTS.items():
        (inputs / f"{name}.yaml").write_text(text, "utf-8")
    (inputs / "empty.h5").write_bytes(b"")
    (inputs / "empty.xyz").write_bytes(b"")
    (inputs / "truncated.h5").write_bytes(store.read_bytes()[: store.stat().st_size // 2])
    for name in ("altered", "old", "stripped", "misshapen"):
        path = inputs / f"{name}.h5"
        shutil.copyfile(store, path)
        with h5py.File(path, "r+") as file:
            _damage(file, name)


def differences(work: Path, first: Path, second: Path) -> None:
    """Write which files of two folders differ: none, where the site of the tree is up to date."""
    names = {
        path.relative_to(folder).as_posix()
        for folder in (first, second)
        for path in folder.rglob("*")
        if path.is_file()
    }
    differ = [name for name in sorted(names) if _content(first / name) != _content(second / name)]
    (work / "differences.json").write_text(json.dumps(differ, indent=1) + "\n", "utf-8")


STEPS: dict[str, Callable[..., None]] = {
    ".take": take,
    ".settle": settle,
    ".convert": convert,
    ".distort": distort,
    ".fill": fill,
    ".spoil": spoil,
    ".damage": damage,
    ".differences": differences,
}
"""Steps by their name in the table of calls; each has the directory of its section, and paths."""


def _labelled(atoms: Atoms) -> Atoms:
    plain = Atoms(atoms.symbols, atoms.positions)
    plain.calc = SinglePointCalculator(
        plain, energy=atoms.info["REF_energy"], forces=atoms.arrays["REF_forces"]
    )
    return plain


def _make_timeless(database: Path) -> None:
    """Take times and random names out of an ASE database, so that it is the same file each time."""
    with closing(sqlite3.connect(database, isolation_level=None)) as rows:
        rows.execute("UPDATE systems SET ctime = 0, mtime = 0, unique_id = printf('%032d', id)")
        rows.execute("VACUUM")


def _as_md17(frames: list[Atoms], path: Path) -> None:
    """Write frames of one molecule in the layout and units of MD17."""
    per_mol = units.kcal / units.mol
    np.savez(
        path,
        z=frames[0].numbers,
        R=np.array([atoms.positions for atoms in frames]),
        E=np.array([[atoms.get_potential_energy()] for atoms in frames]) / per_mol,
        F=np.array([atoms.get_forces() for atoms in frames]) / per_mol,
    )


def _as_arrays(frames: list[Atoms], path: Path) -> None:
    """Write predictions of frames as arrays over all of them; what is no atom has zeros."""
    forces = np.zeros((len(frames), max(map(len, frames)), 3))
    for row, atoms in zip(forces, frames, strict=True):
        row[: len(atoms)] = atoms.arrays["my_forces"]
    said = {
        key: [atoms.info[key] for atoms in frames] for key in ("molecule", "trajectory", "frame")
    }
    np.savez(path, energy=[atoms.info["my_energy"] for atoms in frames], forces=forces, **said)


def _damage(file: h5py.File, name: str) -> None:
    forces = "OH-1-H/primary/forces"
    if name == "altered":
        file["OH-1-H/primary/energy"][...] += 1e-3
    elif name == "old":
        file.attrs["schema"] = "mlip-compose/store/0"
    else:
        values = file[forces][...]
        del file[forces]
        if name == "misshapen":
            file[forces] = values[:, :, :2]


def _content(path: Path) -> bytes | None:
    return recorded(path) if path.is_file() else None
