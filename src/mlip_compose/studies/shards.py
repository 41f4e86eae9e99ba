"""A share of a study's units, done by one process on its own: one of K jobs of an array."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import Field, ValidationError

from mlip_compose import __version__
from mlip_compose.core.documents import Strict
from mlip_compose.core.errors import RequestError, SchemaError, UnreadableError
from mlip_compose.core.files import write_text
from mlip_compose.engine.engine import Engine
from mlip_compose.store.catalogue import dataset_path
from mlip_compose.store.reader import Store
from mlip_compose.studies.directory import ResultsDirectory, make_way, reason_of, repaired
from mlip_compose.studies.plan import Training, plan
from mlip_compose.studies.progress import SILENT, Listener
from mlip_compose.studies.run import check_there
from mlip_compose.studies.scores import score_missing
from mlip_compose.studies.stages import (
    certify_splits,
    longest_first,
    score_jobs,
    train_missing,
)
from mlip_compose.studies.study import Study

SHARD: Final = "shard.json"
"""The record of a shard, in its directory of results."""


@dataclass(frozen=True)
class Shard:
    """Share ``number`` of ``count``, counted from 1."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``3/16``.

        Raises
        ------
        RequestError
            Another form, or a number that is not from 1 to the count.
        """
        found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
        number, count = map(int, found.groups()) if found else (0, 0)
        if not 1 <= number <= count:
            raise RequestError("a shard such as 3/16, the third of sixteen", repr(text))
        return cls(number, count)

    def of(self, trainings: Sequence[Training]) -> list[Training]:
        """Return the trainings of this share; those of all shares are all, and none is in two.

        They are dealt out one by one, the longest kinds first, so that shares are of like length.
        """
        return longest_first(trainings)[self.number - 1 :: self.count]


class ShardRecord(Strict):
    """What a directory of results says of the shard that it holds.

    Attributes
    ----------
    program
        Version of mlip-compose.
    study
        The whole study.
    dataset_sha256
        Checksum of the data set.
    number, count
        Which share, of how many.
    units
        Ids of the trainings that are its share, done or not.
    """

    schema_version: Literal[1] = 1
    program: str
    study: dict[str, Any]
    dataset_sha256: str
    number: int = Field(ge=1)
    count: int = Field(ge=1)
    units: tuple[str, ...]


@dataclass(frozen=True)
class ShardOutcome:
    """What a run of a shard ended with: its record, what was done now, and what failed."""

    record: ShardRecord
    done: int
    failures: tuple[str, ...]


def run_shard(
    study: Study,
    shard: Shard,
    directory: ResultsDirectory,
    engine: Engine,
    listener: Listener = SILENT,
) -> ShardOutcome:
    """Do what is missing of a share of a study: trainings, their predictions and their scores.

    Scores against ceilings, comparisons and the report need more than one share, and are made when
    the shards are merged.

    Parameters
    ----------
    study
        Checked already (``Study.check``).
    shard
        Which share.
    directory
        Of the shard's results; one of its own.
    engine, listener
        Where units are done, and who is told.

    Raises
    ------
    RequestError
        The data cannot be used, the directory cannot be written, or holds another shard.
    """
    return repaired(directory, lambda: _run_once(study, shard, directory, engine, listener))


def _run_once(
    study: Study, shard: Shard, directory: ResultsDirectory, engine: Engine, listener: Listener
) -> ShardOutcome:
    path = dataset_path(study.dataset).resolve()
    store = Store(path)
    trainings = shard.of(plan(study, store))
    record = ShardRecord(
        program=__version__,
        study=study.model_dump(mode="json"),
        dataset_sha256=store.checksum,
        number=shard.number,
        count=shard.count,
        units=tuple(training.id for training in trainings),
    )
    check_there((t.entry for t in trainings if not directory.training(t.id).is_dir()), engine)
    with directory.locked():
        make_way(directory)
        _keep(record, directory)
        certificates = certify_splits(trainings, store, directory, listener)
        trained = train_missing(trainings, path, directory, engine, listener)
        jobs = score_jobs(trainings, trained, certificates, path, directory)
        scored = score_missing(jobs, "score", engine, listener)
    failures = (*trained.failures, *scored.failures)
    return ShardOutcome(record, trained.done + scored.done, failures)


def read_shard(root: Path) -> ShardRecord:
    """Read the record of a shard's directory.

    Raises
    ------
    UnreadableError, SchemaError
        There is none, or it is damaged.
    """
    path = root / SHARD
    try:
        return ShardRecord.model_validate_json(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise UnreadableError(
            f"a directory that `mlip-compose run --shard` made (a file {path})",
            reason or str(error),
            "Name the directories of the shards.",
        ) from error
    except ValidationError as error:
        raise SchemaError(f"the record of a shard in {path}", reason_of(error)) from error


def _keep(record: ShardRecord, directory: ResultsDirectory) -> None:
    """Write the record, or check that the one that is there is the same."""
    path = directory.root / SHARD
    if path.is_file() and (there := read_shard(directory.root)) != record:
        raise RequestError(
            f"a directory for shard {record.number}/{record.count} of this study, "
            f"data set and program version in {directory.root}",
            f"one of {_words(there, record)}",
            "Name another with --out.",
        )
    write_text(path, record.model_dump_json(indent=1) + "\n")


def _words(there: ShardRecord, wanted: ShardRecord) -> str:
    """Say in what a shard is another than the wanted one."""
    if (there.number, there.count) != (wanted.number, wanted.count):
        return f"shard {there.number}/{there.count}"
    if there.program != wanted.program:
        return f"mlip-compose {there.program}"
    if there.dataset_sha256 != wanted.dataset_sha256:
        return f"a data set with sha256 {there.dataset_sha256[:12]}..."
    return "another study"
