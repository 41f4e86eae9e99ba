"""Put the shards of a study together to one directory of results."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from mlip_compose import __version__
from mlip_compose.core.errors import RequestError, SchemaError, UnwritableError
from mlip_compose.store.catalogue import dataset_path
from mlip_compose.store.reader import Store
from mlip_compose.studies.directory import ResultsDirectory, reason_of
from mlip_compose.studies.plan import plan
from mlip_compose.studies.shards import Shard, ShardRecord, read_shard
from mlip_compose.studies.stages import Done
from mlip_compose.studies.study import Study

MOST_NAMED: Final = 8
PARTS: Final = ("trainings", "predictions", "scores", "certificates")
"""What a shard's directory has to give."""


def study_of(roots: Sequence[Path]) -> Study:
    """Return the study that all of these directories hold a share of.

    Raises
    ------
    RequestError
        Shards of different studies, data sets or program versions, or of another version than this
        one.
    DataError
        A directory that holds no shard.
    """
    return _study([(root, read_shard(root)) for root in roots])


def merge_shards(roots: Sequence[Path], directory: ResultsDirectory) -> None:
    """Gather the units of all shards of a study in one directory.

    Nothing is taken before all is found to be there. The shards stay as they are; where files can
    be shared with them (on one file system) they take no room twice. A second time takes what is
    missing. What needs all shards (scores against ceilings, comparisons, the report) is left to
    :func:`mlip_compose.studies.run.run_study`, which finds no unit missing.

    Parameters
    ----------
    roots
        The directories of the shards, in any order.
    directory
        Where the units go.

    Raises
    ------
    RequestError
        Shards of different studies, data sets or program versions, of another version than this
        one, one that is given twice, one that is missing, or one that is not finished; says which.
    DataError
        A directory that holds no shard.
    """
    found = [(root, read_shard(root)) for root in roots]
    study = _study(found)
    shards = _complete(found)
    store = Store(dataset_path(study.dataset).resolve())
    _same_data(found[0][1], store)
    _finished(shards, study, store)
    with directory.locked():
        for root, _ in found:
            for part in PARTS:
                _take(root / part, directory.root / part)


def _study(found: Sequence[tuple[Path, ShardRecord]]) -> Study:
    """Check that all shards are of one study, data set and version, and return the study."""
    first_root, first = found[0]
    for root, record in found:
        for what, ours, theirs in (
            ("number of shards", first.count, record.count),
            ("program version", first.program, record.program),
            ("data set (sha256)", first.dataset_sha256, record.dataset_sha256),
            ("study", first.study, record.study),
        ):
            if ours != theirs:
                shown = "others" if what == "study" else f"{ours} and {theirs}"
                raise RequestError(f"shards of one {what}", f"{shown} in {first_root} and {root}")
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


def _complete(found: Sequence[tuple[Path, ShardRecord]]) -> dict[int, Path]:
    """Return the directories by number of shard; each number must be there once."""
    shards: dict[int, Path] = {}
    count = found[0][1].count
    for root, record in found:
        if record.number in shards:
            raise RequestError(
                f"each of {count} shards once",
                f"shard {record.number}/{count} in {shards[record.number]} and {root}",
            )
        shards[record.number] = root
    if absent := [f"{number}/{count}" for number in range(1, count + 1) if number not in shards]:
        raise RequestError(
            f"all {count} shards",
            f"no {_some(absent)}",
            "Run them (`mlip-compose run STUDY --shard K/N`), and name all directories.",
        )
    return shards


def _same_data(record: ShardRecord, store: Store) -> None:
    if record.dataset_sha256 != store.checksum:
        raise RequestError(
            f"the data set of the shards (sha256 {record.dataset_sha256[:12]}...)",
            f"{store.name} with {store.checksum[:12]}...",
            "Merge where the data set is that of the shards.",
        )


def _finished(shards: dict[int, Path], study: Study, store: Store) -> None:
    """Check that every training of the study was finished by the shard whose share it is."""
    trainings = plan(study, store)
    lacking = []
    for number, root in sorted(shards.items()):
        shard = Shard(number, len(shards))
        done = Done(shard.of(trainings), ResultsDirectory(root))
        lacking += [
            f"{training.id} of shard {shard}"
            for training in shard.of(trainings)
            if not done.finished(training)
        ]
    if lacking:
        raise RequestError(
            f"{len(trainings)} finished units of work",
            f"{len(lacking)} that are missing: {_some(lacking)}",
            "Run these shards again: they do what is missing.",
        )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _take(source: Path, goal: Path) -> None:
    """Take the files of a directory that are not there yet, each appearing whole."""
    for path in sorted(source.rglob("*")):
        within = path.relative_to(source)
        hidden = any(part.startswith(".") for part in within.parts)  # of a process that was killed
        to = goal / within
        if hidden or not path.is_file() or to.exists():
            continue
        try:
            to.parent.mkdir(parents=True, exist_ok=True)
            _link(path, to)
        except OSError as error:
            raise UnwritableError(to, error) from error


def _link(path: Path, to: Path) -> None:
    """Give a file a second name, or copy it where that cannot be."""
    try:
        os.link(path, to)
    except OSError:
        temporary = to.with_name(f".{to.name}.{os.getpid()}.tmp")
        try:
            shutil.copyfile(path, temporary)
            temporary.replace(to)
        finally:
            temporary.unlink(missing_ok=True)
