"""Export: the frames of a data set, or of a task, as extended XYZ for other programs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from mlip_compose.core.errors import RequestError, UnknownNameError, UnwritableError
from mlip_compose.core.files import exists
from mlip_compose.core.records import MINIMUM, Frames, IntArray
from mlip_compose.predictions.exchange.split_document import (
    SPLIT_FILE,
    SplitDocument,
    frames_by_part,
)
from mlip_compose.predictions.target import split_of
from mlip_compose.store.formats.extended_xyz import extended_xyz
from mlip_compose.store.reader import Store
from mlip_compose.store.schema import TRAJECTORIES
from mlip_compose.tasks.selection import select_frames

AT_REST: Final = "zero by definition of a minimum"
SUFFIX: Final = ".xyz"

FileListener = Callable[[str, float], None]
"""Hears of files that are written: the file, and the share of the frames that is done."""


@dataclass(frozen=True)
class TaskFrames:
    """The frames of a task, which ``train`` with the same values sees.

    Attributes
    ----------
    task, level
        The split.
    train_frames
        Number of training frames, such as 400; None for all.
    seed
        Seed of the choice of training frames.
    allow_missing
        Whether the data set may lack molecules of the task.
    """

    task: str
    level: int
    train_frames: int | None
    seed: int
    allow_missing: bool = False


@dataclass(frozen=True)
class ExportOutcome:
    """The directory that was written, and the number of frames in each of its files."""

    path: Path
    files: Mapping[str, int]


class _Piece(NamedTuple):
    """Frames of one molecule that go into one file.

    Attributes
    ----------
    file
        Name of the file without suffix, such as ``ood``.
    molecule, trajectory
        Names.
    indices : (F,) int or None
        Indices in the trajectory; None for all of it.
    n_frames
        F.
    """

    file: str
    molecule: str
    trajectory: str
    indices: IntArray | None
    n_frames: int


def export_data(
    store: Store,
    out: Path,
    *,
    task: TaskFrames | None = None,
    molecules: tuple[str, ...] = (),
    listener: FileListener = lambda file, share: None,
) -> ExportOutcome:
    """Write a store as extended XYZ.

    Without a task there is one file for each trajectory, and ``minimum.xyz`` of the relaxed minima;
    with a task there is one for each part of the split: ``train.xyz``, ``validation.xyz``,
    ``id.xyz`` and ``ood.xyz``, with ``minimum.xyz`` of the molecules trained or tested on, and
    ``split.json``, which lists the frames (see ``SplitDocument``). Imported again, an export
    without a task gives the arrays of the store.

    Parameters
    ----------
    store
        The data set.
    out
        The directory; must not exist. It appears whole or not at all.
    task
        The frames of a task; None for all frames.
    molecules
        Names of the molecules to export, where there is no task; none for all.
    listener
        Hears of progress.

    Raises
    ------
    RequestError
        ``out`` exists, or both a task and molecules are named.
    UnknownNameError
        There is no such task or molecule.
    CoverageError
        The data set lacks molecules or frames of the task.
    UnwritableError
        The disk is full, or the place cannot be written.
    """
    if exists(out):
        raise RequestError(f"no {out} yet", "one", "Remove it, or name another with --out.")
    if task is not None and molecules:
        raise RequestError(
            "a task, which says the molecules, or molecules", "both", "Leave out one of them."
        )
    document = None if task is None else _split(store, task)
    if document is None:
        pieces = list(_pieces_of_molecules(store, molecules))
        origin: dict[str, str | int] = {
            "reference": store.reference,
            "dataset": store.name,
            "dataset_sha256": store.checksum,
        }
    else:
        pieces = list(_pieces_of_split(document))
        origin = document.model_dump(exclude={"document", "parts"})
    temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        temporary.mkdir(parents=True)
        files = _write(store, pieces, origin, temporary, listener)
        if document is not None:
            text = document.model_dump_json(indent=1) + "\n"
            (temporary / SPLIT_FILE).write_text(text, encoding="utf-8")
        temporary.rename(out)
    except OSError as error:
        raise UnwritableError(out, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return ExportOutcome(out, files)


def _pieces_of_molecules(store: Store, names: tuple[str, ...]) -> Iterator[_Piece]:
    for name in names:
        if name not in store.molecules:
            raise UnknownNameError(f"molecule of {store.name}", name, store.molecules)
    for name in names or store.molecules:
        for trajectory in TRAJECTORIES:
            if count := store.n_frames(name, trajectory):
                yield _Piece(trajectory, name, trajectory, None, count)
        if store.has_minimum(name):
            yield _Piece(MINIMUM, name, MINIMUM, None, 1)


def _split(store: Store, task: TaskFrames) -> SplitDocument:
    split = split_of(task.task, task.level, store, task.allow_missing)
    selection = select_frames(split, store.n_frames, task.train_frames, task.seed)
    return SplitDocument(
        dataset=store.name,
        dataset_sha256=store.checksum,
        reference=store.reference,
        task=task.task,
        level=task.level,
        seed=task.seed,
        train_frames=sum(len(indices) for indices in selection.train.values()),
        parts=frames_by_part(selection, store),
    )


def _pieces_of_split(document: SplitDocument) -> Iterator[_Piece]:
    for part, molecules in document.parts.items():
        for frames in molecules:
            indices = np.array(frames.frames, dtype=np.int64)
            yield _Piece(part, frames.molecule, frames.trajectory, indices, len(indices))


def _write(
    store: Store,
    pieces: list[_Piece],
    origin: Mapping[str, str | int],
    directory: Path,
    listener: FileListener,
) -> dict[str, int]:
    files: dict[str, int] = {}
    done, total = 0, sum(piece.n_frames for piece in pieces)
    for piece in pieces:
        frames = _frames(store, piece)
        info = {**origin, "split": piece.file}
        if piece.trajectory == MINIMUM and not frames.forces.any():
            info["REF_forces_are"] = AT_REST
        name = f"{piece.file}{SUFFIX}"
        with (directory / name).open("a", encoding="utf-8") as file:
            file.writelines(extended_xyz(store.molecules[piece.molecule], frames, info))
        files[name] = files.get(name, 0) + piece.n_frames
        done += piece.n_frames
        listener(name, done / total)
    return files


def _frames(store: Store, piece: _Piece) -> Frames:
    if piece.trajectory == MINIMUM:
        return store.minimum(piece.molecule)
    return store.frames(piece.molecule, piece.trajectory, piece.indices)
