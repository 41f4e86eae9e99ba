"""The files of an import of predictions, their claims, and the data set that they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from mlip_compose.core.documents import is_directory, is_file
from mlip_compose.core.errors import RequestError, UnreadableError
from mlip_compose.predictions.exchange.arrays import Sizes, schema_of
from mlip_compose.predictions.exchange.claims import Claim, NoPredictionsError
from mlip_compose.predictions.exchange.reading import SUFFIXES, origin_of, read_predicted
from mlip_compose.predictions.exchange.split_document import SPLIT_FILE, read_split
from mlip_compose.predictions.exchange.xyz import Keys
from mlip_compose.predictions.joined import is_predictions
from mlip_compose.store.catalogue import manifest
from mlip_compose.store.formats.registry import HDF5_SUFFIXES, files_of
from mlip_compose.store.reader import Store

OWN_PREDICTIONS: Final = "predictions of mlip-compose already; `score` takes them as they are"


class StatedOrigin(NamedTuple):
    """The origin of frames, and where it is stated.

    Attributes
    ----------
    where
        The file and the place in it, such as ``ood.xyz, frame 7``.
    origin
        Values of the keys ``claims.ORIGIN``.
    """

    where: str
    origin: Mapping[str, str | int]


class Source(NamedTuple):
    """A file to read.

    A file that the user names (``is_named``) must hold predictions; a file of a directory may.
    """

    path: Path
    is_named: bool


class SourceFiles(NamedTuple):
    """Files to read, and the split documents among them.

    Attributes
    ----------
    sources
        Files of predictions.
    origins
        Origins that the split documents state.
    skipped
        Files of directories that are of no format of predictions, each with the reason.
    """

    sources: tuple[Source, ...]
    origins: tuple[StatedOrigin, ...]
    skipped: tuple[tuple[Path, str], ...]


def find_files(paths: Sequence[Path]) -> SourceFiles:
    """Return the files of predictions among files and directories, each once.

    Raises
    ------
    UnreadableError
        A path does not exist, or there is no file of predictions at all.
    SchemaError
        A split document is damaged.
    """
    sources: dict[Path, Source] = {}
    origins: dict[Path, StatedOrigin] = {}
    skipped: list[tuple[Path, str]] = []
    for file_or_directory in paths:
        is_named = not is_directory(file_or_directory)
        for path in files_of(file_or_directory):
            if path.name == SPLIT_FILE:
                origin = read_split(path).model_dump(exclude={"document", "parts", "reference"})
                origins[path.resolve()] = StatedOrigin(str(path), origin)
            elif is_named or path.suffix.lower() in SUFFIXES:
                sources.setdefault(path.resolve(), Source(path, is_named))
            else:
                skipped.append((path, "of no type that predictions have"))
    if not sources:
        raise UnreadableError(
            f"files of predictions ({', '.join(SUFFIXES)})",
            f"none in {', '.join(map(str, paths)) or 'no file'}",
        )
    return SourceFiles(tuple(sources.values()), tuple(origins.values()), tuple(skipped))


def dataset_of(files: SourceFiles) -> str:
    """Return the name of the frozen data set that files state as the origin of their frames.

    Raises
    ------
    RequestError
        No file states a data set, or it is no frozen one.
    DataError
        A file cannot be read.
    """
    stated = (stated.origin for stated in files.origins)
    for origin in chain(stated, (origin_of(source.path) for source in files.sources)):
        if not origin.keys() & {"dataset", "dataset_sha256"}:
            continue
        for name, entry in manifest().items():
            checksum = origin.get("dataset_sha256", entry.checksum)
            if origin.get("dataset", name) == name and checksum == entry.checksum:
                return name
        raise RequestError(
            "the path of the data set with --dataset",
            f"none, and frames of {origin.get('dataset', 'a data set')} (sha256 "
            f"{str(origin.get('dataset_sha256', 'not said'))[:12]}...), which is not one that "
            f"comes with the package",
        )
    raise RequestError(
        "the data set of the frames, as `mlip-compose data export` writes it",
        "nothing that says it",
        "Name it with --dataset.",
    )


def refuse_unimported(path: Path) -> None:
    """Refuse predictions of other programs that were not imported, and name the command.

    Raises
    ------
    RequestError
        The path is extended XYZ, npz, a directory, or HDF5 without a schema.
    DataError
        The path is HDF5 that cannot be read.
    """
    suffix = path.suffix.lower()
    importable = is_directory(path) or (is_file(path) and suffix in SUFFIXES)
    if importable and not (suffix in HDF5_SUFFIXES and is_file(path) and schema_of(path)):
        raise RequestError(
            "predictions that mlip-compose wrote (HDF5)",
            f"{path}, as other programs write them",
            f"Import them: `mlip-compose predictions import {path} --name NAME --out NEW.h5`.",
        )


def read_claims(
    files: SourceFiles, store: Store, keys: Keys | None
) -> tuple[list[Claim], list[Path], list[tuple[Path, str]]]:
    """Read all files of predictions.

    Returns
    -------
    claims
        The predictions in the files.
    taken
        The files that were read.
    skipped
        The files of directories that hold no predictions, each with the reason.

    Raises
    ------
    DataError
        A file cannot be read, or the user names it and it holds no predictions.
    """
    atoms = {name: molecule.n_atoms for name, molecule in store.molecules.items()}
    sizes = Sizes(atoms, store.total_frames + len(store.molecules))
    claims: list[Claim] = []
    taken: list[Path] = []
    skipped = list(files.skipped)
    for path, is_named in files.sources:
        if (
            not is_named
            and path.suffix.lower() in HDF5_SUFFIXES
            and is_predictions(schema_of(path))
        ):
            skipped.append((path, OWN_PREDICTIONS))
            continue
        try:
            claims += read_predicted(path, sizes, keys)
        except NoPredictionsError as error:
            if is_named:
                raise
            skipped.append((path, f"found {error.found}"))
        else:
            taken.append(path)
    if not taken:
        reasons = "; ".join(f"{path}: {reason}" for path, reason in skipped[:5])
        raise UnreadableError("predictions in one of the files", reasons)
    return claims, taken, skipped
