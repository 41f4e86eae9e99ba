"""An archive of results: what is small and what people look at, without raw predictions."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError

from mlip_compose.core.documents import Strict, is_file
from mlip_compose.core.errors import RequestError, SchemaError, UnwritableError
from mlip_compose.core.files import write_text
from mlip_compose.predictions.file import predictions_checksum
from mlip_compose.studies.directory import ResultsDirectory, reason_of
from mlip_compose.studies.training import MODEL, UNIT

ARCHIVED: Final = "archived.json"
"""The record of an archive, in its directory."""

KEPT: Final = ("results.json", "gallery.json", "report.html")
KEPT_FOLDERS: Final = ("scores", "ceilings", "certificates")
MEGABYTE: Final = 10**6


class Archived(Strict):
    """The record of an archive: the predictions that it does not hold.

    Attributes
    ----------
    predictions
        Checksums of the files of predictions that were left out, by the ids of their targets.
    """

    schema_version: Literal[1] = 1
    predictions: dict[str, str] = Field(default_factory=dict)


def read_archived(directory: ResultsDirectory) -> Archived:
    """Read the record of an archive; it is empty for a directory that is no archive.

    Raises
    ------
    SchemaError
        The record is damaged.
    """
    path = directory.root / ARCHIVED
    try:
        return Archived.model_validate_json(path.read_text("utf-8"))
    except FileNotFoundError:
        return Archived()
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise SchemaError(
            f"the record of an archive in {path}",
            reason_of(error),
            "Without the file, predictions that are not there are made again.",
        ) from error


def archive(directory: ResultsDirectory, out: Path, largest_model: float) -> list[Path]:
    """Copy results without raw predictions, and record the checksums of these.

    A run in the archive takes trainings with all their scores as done, though it has no
    predictions. Files that the archive has already are replaced.

    Parameters
    ----------
    directory
        Results of a study, or an archive.
    out
        Directory of the archive.
    largest_model
        Size up to which the model of a training is kept, in MB.

    Returns
    -------
    list of Path
        The files of the archive.

    Raises
    ------
    RequestError
        There are no results, or the archive would be their directory.
    UnwritableError
        No room, or no permission.
    """
    if not is_file(directory.results):
        raise RequestError(
            f"results of a study in {directory.root} ({directory.results.name})",
            "none",
            "Make them with `mlip-compose run`.",
        )
    if out.resolve() == directory.root.resolve():
        raise RequestError("another directory for the archive", f"{out}, where the results are")
    left_out = dict(read_archived(directory).predictions)
    for path in sorted(directory.root.glob("predictions/[!.]*.h5")):
        left_out[path.stem] = predictions_checksum(path)
    files = []
    for path in _kept(directory, largest_model * MEGABYTE):
        goal = out / path.relative_to(directory.root)
        try:
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, goal)
        except OSError as error:
            raise UnwritableError(goal, error) from error
        files.append(goal)
    record = Archived(predictions=left_out)
    write_text(out / ARCHIVED, record.model_dump_json(indent=1) + "\n")
    return [*files, out / ARCHIVED]


def _kept(directory: ResultsDirectory, largest_model: float) -> Iterator[Path]:
    yield from (path for name in KEPT if (path := directory.root / name).is_file())
    for folder in KEPT_FOLDERS:
        yield from sorted((directory.root / folder).glob("[!.]*.json"))
    for unit in sorted(directory.root.glob(f"trainings/[!.]*/{UNIT}")):
        yield unit
        model = sorted(path for path in (unit.parent / MODEL).rglob("*") if path.is_file())
        if sum(path.stat().st_size for path in model) <= largest_model:
            yield from model
