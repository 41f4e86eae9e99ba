"""A shard: a share of the trainings of a study, done by one process, one job of an array."""

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
from mlip_compose.studies.directory import ResultsDirectory, reason_of
from mlip_compose.studies.inventory import longest_first
from mlip_compose.studies.opening import open_study, say_whether_proved
from mlip_compose.studies.plan import Training
from mlip_compose.studies.progress import SILENT, Listener
from mlip_compose.studies.stages import stages_in
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
        match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
        number, count = map(int, match.groups()) if match else (0, 0)
        if not 1 <= number <= count:
            raise RequestError("a shard such as 3/16, the third of sixteen", repr(text))
        return cls(number, count)

    def share(self, trainings: Sequence[Training]) -> list[Training]:
        """Return the trainings of this shard; each training of a study is in one shard of it.

        Trainings are dealt out one by one, the longest kinds first, so that shards take about the
        same time.
        """
        return longest_first(trainings)[self.number - 1 :: self.count]


class ShardRecord(Strict):
    """The record of a shard, in its directory of results.

    Attributes
    ----------
    program
        Version of mlip-compose.
    study
        The whole study.
    dataset_sha256
        Checksum of the data set.
    number, count
        Number of the shard, from 1, and number of all shards.
    units
        Ids of the trainings of the shard, done or not.
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
    """The outcome of a shard: its record, the number of units done now, and those that failed."""

    record: ShardRecord
    done: int
    failures: tuple[str, ...]


def run_shard(
    study: Study,
    shard: Shard,
    directory: ResultsDirectory,
    engine: Engine,
    listener: Listener = SILENT,
    unproved: bool = False,
) -> ShardOutcome:
    """Do what is missing of a shard of a study: trainings, their predictions and their scores.

    What needs more than one shard is done when the shards are merged: scores against ceilings,
    comparisons, and the predictions that the study names.

    Parameters
    ----------
    study
        A checked study (``Study.check``).
    shard
        The shard, such as the third of sixteen.
    directory
        The results of the shard, in a directory of its own.
    engine
        Does the units of work.
    listener
        Is told of progress.
    unproved
        Whether data is used although its energies do not belong to its forces.

    Raises
    ------
    RequestError
        The data cannot be used, the directory cannot be written, or holds another shard.
    """
    opened = open_study(study.model_copy(update={"predictions": ()}))
    say_whether_proved(opened.store, listener, unproved)
    trainings = shard.share(opened.trainings)
    record = ShardRecord(
        program=__version__,
        study=study.model_dump(mode="json"),
        dataset_sha256=opened.store.checksum,
        number=shard.number,
        count=shard.count,
        units=tuple(training.id for training in trainings),
    )
    with stages_in(directory, opened, engine, listener, trainings) as stages:
        _keep(record, directory)
        stages.find_trainings()
        stages.find_scores()
        stages.certify()
        stages.train()
        stages.score()
    return ShardOutcome(record, stages.done, stages.failures)


def read_shard(root: Path) -> ShardRecord:
    """Read the record of a shard's directory.

    Raises
    ------
    UnreadableError, SchemaError
        There is no record, or it is damaged.
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
    """Write the record, or check that the one in the directory is the same."""
    path = directory.root / SHARD
    if path.is_file():
        kept = read_shard(directory.root)
        if kept != record:
            raise RequestError(
                f"a directory for shard {record.number}/{record.count} of this study, "
                f"data set and program version in {directory.root}",
                f"one of {_difference(kept, record)}",
                "Name another with --out.",
            )
    write_text(path, record.model_dump_json(indent=1) + "\n")


def _difference(kept: ShardRecord, record: ShardRecord) -> str:
    """Say what a directory holds in place of a shard."""
    if (kept.number, kept.count) != (record.number, record.count):
        return f"shard {kept.number}/{kept.count}"
    if kept.program != record.program:
        return f"mlip-compose {kept.program}"
    if kept.dataset_sha256 != record.dataset_sha256:
        return f"a data set with sha256 {kept.dataset_sha256[:12]}..."
    return "another study"
