"""The merge of the shards of a study to one directory of results."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from mlip_compose import __version__
from mlip_compose.core.errors import RequestError, SchemaError, UnwritableError
from mlip_compose.store.reader import Store
from mlip_compose.studies.directory import ResultsDirectory, reason_of
from mlip_compose.studies.inventory import Inventory
from mlip_compose.studies.opening import OpenStudy, open_study
from mlip_compose.studies.shards import Shard, ShardRecord, read_shard
from mlip_compose.studies.study import Study

MOST_NAMED: Final = 8
PARTS: Final = ("trainings", "predictions", "scores", "certificates")
"""Folders of a shard whose files are taken."""


@dataclass(frozen=True, eq=False)
class Shards:
    """All shards of a study, each read once.

    Attributes
    ----------
    study
        The study.
    dataset_sha256
        Checksum of its data set.
    roots
        Directories of the shards, by their numbers.
    """

    study: Study
    dataset_sha256: str
    roots: Mapping[int, Path]


def read_shards(roots: Sequence[Path]) -> Shards:
    """Read the records of all shards of a study, in any order, and check that they are all.

    Raises
    ------
    RequestError
        Shards of different studies, data sets or program versions, or of another version than this
        one; a shard that is given twice, or is missing.
    DataError
        A directory holds no shard, or a damaged one.
    """
    records = [(root, read_shard(root)) for root in roots]
    study = _study(records)
    return Shards(study, records[0][1].dataset_sha256, _numbered(records))


def merge_shards(shards: Shards, directory: ResultsDirectory) -> OpenStudy:
    """Gather the units of all shards of a study in one directory.

    Nothing is taken before all is found to be there. The shards stay as they are; on one file
    system the files take no room twice. A second merge takes what is missing.

    Parameters
    ----------
    shards
        The shards.
    directory
        The directory of the merged results.

    Returns
    -------
    OpenStudy
        The study with its data, for :func:`mlip_compose.studies.run.run_opened`. That run finds no
        training missing, and does what needs all shards: scores against ceilings, comparisons, and
        the predictions that the study names.

    Raises
    ------
    RequestError
        The data set is another one, or a shard is not finished; the message says which.
    """
    opened = open_study(shards.study)
    _check_data(shards, opened.store)
    _check_finished(shards, opened)
    with directory.locked():
        for root in shards.roots.values():
            for part in PARTS:
                _take(root / part, directory.root / part)
    return opened


def _study(records: Sequence[tuple[Path, ShardRecord]]) -> Study:
    """Check that all shards are of one study, data set and version, and return the study."""
    first_root, first = records[0]
    for root, record in records:
        for name, ours, theirs in (
            ("number of shards", first.count, record.count),
            ("program version", first.program, record.program),
            ("data set (sha256)", first.dataset_sha256, record.dataset_sha256),
            ("study", first.study, record.study),
        ):
            if ours != theirs:
                values = "others" if name == "study" else f"{ours} and {theirs}"
                raise RequestError(f"shards of one {name}", f"{values} in {first_root} and {root}")
    if first.program != __version__:
        raise RequestError(
            f"shards of mlip-compose {__version__}, which runs now",
            f"those of {first.program}",
            "Merge them with the version that made them.",
        )
    try:
        study = Study.model_validate(first.study)
    except ValidationError as error:
        raise SchemaError(f"the study of a shard in {first_root}", reason_of(error)) from error
    study.check()
    return study


def _numbered(records: Sequence[tuple[Path, ShardRecord]]) -> dict[int, Path]:
    """Return the directories by number of shard; each number must be there once."""
    roots: dict[int, Path] = {}
    count = records[0][1].count
    for root, record in records:
        if record.number in roots:
            raise RequestError(
                f"each of {count} shards once",
                f"shard {record.number}/{count} in {roots[record.number]} and {root}",
            )
        roots[record.number] = root
    absent = (f"{number}/{count}" for number in range(1, count + 1) if number not in roots)
    if first := list(islice(absent, MOST_NAMED)):  # a damaged record may say any count
        more = count - len(roots) - len(first)
        raise RequestError(
            f"all {count} shards",
            f"no {', '.join(first)}{f' and {more} more' if more > 0 else ''}",
            "Run them (`mlip-compose run STUDY --shard K/N`), and name all directories.",
        )
    return roots


def _check_data(shards: Shards, store: Store) -> None:
    if shards.dataset_sha256 != store.checksum:
        raise RequestError(
            f"the data set of the shards (sha256 {shards.dataset_sha256[:12]}...)",
            f"{store.name} with {store.checksum[:12]}...",
            "Merge where the data set is that of the shards.",
        )


def _check_finished(shards: Shards, opened: OpenStudy) -> None:
    """Check that every training of the study was finished by the shard that it is in."""
    missing = []
    for number, root in sorted(shards.roots.items()):
        shard = Shard(number, len(shards.roots))
        trainings = shard.share(opened.trainings)
        inventory = Inventory(trainings, ResultsDirectory(root))
        missing += [
            f"{training.id} of shard {shard}"
            for training in trainings
            if inventory.finished(training) is None
        ]
    if missing:
        raise RequestError(
            f"{len(opened.trainings)} finished units of work",
            f"{len(missing)} that are missing: {_some(missing)}",
            "Run these shards again: they do what is missing.",
        )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _take(source: Path, goal: Path) -> None:
    """Take the files of a directory that are not there yet, each appearing whole."""
    for path in sorted(source.rglob("*")):
        relative = path.relative_to(source)
        hidden = any(
            part.startswith(".") for part in relative.parts
        )  # of a process that was killed
        copy = goal / relative
        if hidden or not path.is_file() or copy.exists():
            continue
        try:
            copy.parent.mkdir(parents=True, exist_ok=True)
            _link(path, copy)
        except OSError as error:
            raise UnwritableError(copy, error) from error


def _link(path: Path, copy: Path) -> None:
    """Give a file a second name, or copy it where that cannot be."""
    try:
        os.link(path, copy)
    except OSError:
        temporary = copy.with_name(f".{copy.name}.{os.getpid()}.tmp")
        try:
            shutil.copyfile(path, temporary)
            temporary.replace(copy)
        finally:
            temporary.unlink(missing_ok=True)
