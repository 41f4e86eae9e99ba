"""Predictions of one potential on several splits, joined in one file that can be handed in.

Each split is a group under its name, such as ``/length_L2_s0``, with the layout of
``predictions.file``, its header and checksum included; the file's only attribute is ``schema``.
A file of one split is as good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from mlip_compose.core.errors import RequestError, SchemaError
from mlip_compose.core.hdf5 import create_hdf5, open_hdf5
from mlip_compose.core.records import SplitKey
from mlip_compose.predictions.file import (
    SCHEMA,
    PredictionHeader,
    Predictions,
    read_group,
    read_header,
    write_group,
)

JOINED_SCHEMA: Final = "mlip-compose/joined-predictions/1"

Content = TypeVar("Content")


def write_joined(path: Path, predictions: Iterable[Predictions]) -> None:
    """Write predictions of one potential on several splits; the file appears when it is complete.

    Raises
    ------
    RequestError
        A split comes twice, or the predictions are of two potentials or data sets.
    """
    splits: dict[SplitKey, Predictions] = {}
    for own in predictions:
        key = own.header.key
        if key in splits:
            raise RequestError("predictions of each task, level and seed once", f"{key} twice")
        splits[key] = own
    headers = [own.header for own in splits.values()]
    _check_same("potential", {header.potential for header in headers})
    _check_same("data set", {f"{h.dataset} ({h.dataset_sha256[:12]}...)" for h in headers})
    with create_hdf5(path) as file:
        file.attrs["schema"] = JOINED_SCHEMA
        for key in sorted(splits, key=str):
            write_group(file.create_group(str(key)), splits[key])


def read_joined(path: Path) -> Mapping[SplitKey, Predictions]:
    """Read all predictions of a file, strictly, whether of one split or of several.

    Returns
    -------
    dict
        Predictions by split.

    Raises
    ------
    UnreadableError, SchemaError, MissingLabelsError, ChecksumError
        As for predictions of one split; or a group has another name than its split.
    """
    return _by_split(path, read_group, lambda predictions: predictions.header.key)


def read_headers(path: Path) -> Mapping[SplitKey, tuple[PredictionHeader, dict[str, str]]]:
    """Read the headers of all predictions of a file, of one split or of several; no numbers.

    Returns
    -------
    dict
        By split, the header and the sha256 of each molecule in the data set, by name.

    Raises
    ------
    UnreadableError, SchemaError
        As :func:`read_joined`.
    """
    return _by_split(path, read_header, lambda header: header[0].key)


def _by_split(
    path: Path, read: Callable[[str, Any], Content], key_of: Callable[[Content], SplitKey]
) -> dict[SplitKey, Content]:
    """Read each split of a file, and check that its group has the name of the split."""
    with open_hdf5(path, "predictions") as file:
        if file.attrs.get("schema") != JOINED_SCHEMA:
            content = read(str(path), file)
            return {key_of(content): content}
        contents = {name: read(f"{path}, {name}", _group(path, name, file)) for name in file}
    for name, content in contents.items():
        if (split := str(key_of(content))) != name:
            raise SchemaError(f"predictions of {name} in {path}, {name}", f"those of {split}")
    if not contents:
        raise SchemaError(f"predictions of at least one split in {path}", "none")
    return {key_of(content): content for content in contents.values()}


def read_one(path: Path, key: SplitKey) -> Predictions:
    """Read the predictions of one split, strictly, from a file of that split or of several.

    Raises
    ------
    UnreadableError, SchemaError, MissingLabelsError, ChecksumError
        As for predictions of one split; or the file has none of this split.
    """
    name = str(key)
    with open_hdf5(path, "predictions") as file:
        if file.attrs.get("schema") != JOINED_SCHEMA:
            return read_group(str(path), file)
        if name not in file:
            raise SchemaError(f"predictions of {name} in {path}", ", ".join(file) or "none")
        return read_group(f"{path}, {name}", _group(path, name, file))


def choose(
    splits: Mapping[SplitKey, Predictions], path: Path, task: str | None, level: int | None
) -> Predictions:
    """Return the predictions of a file of one split, or those of a task and a level among several.

    Raises
    ------
    RequestError
        Several splits fit, or none; the message names all that the file has.
    """
    several = list(splits.values())
    if len(several) > 1:
        several = [
            predictions
            for predictions in several
            if task in (None, predictions.header.task) and level in (None, predictions.header.level)
        ]
    if len(several) != 1:
        wanted = [str(value) for value in (task, level) if value is not None]
        raise RequestError(
            f"one split of those in {path} ({', '.join(map(str, splits))})",
            f"{len(several)}" + (f" of {', level '.join(wanted)}" if wanted else ""),
            "Name it with --task and --level.",
        )
    return several[0]


def is_predictions(schema: str | None) -> bool:
    """Return whether the schema of a file is one of predictions, of one split or of several."""
    return schema in (SCHEMA, JOINED_SCHEMA)


def _group(path: Path, name: str, file: Any) -> Any:
    member = file[name]
    if not hasattr(member, "keys"):
        raise SchemaError(f"a group of predictions in {path}, {name}", "an array")
    return member


def _check_same(kind: str, names: set[str]) -> None:
    if len(names) != 1:
        raise RequestError(
            f"predictions of one {kind}", ", ".join(sorted(names)) or "no predictions"
        )
