"""The files that predictions of others are imported from, and which data set they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

Said = tuple[str, Mapping[str, str | int]]
"""A place in a file, and what it says of the origin of its frames."""

ALREADY: Final = "predictions of mlip-compose already; `score` takes them as they are"


class Source(NamedTuple):
    """A file to read; one that was ``named`` must hold predictions, one of a directory can."""

    path: Path
    named: bool


class SourceFiles(NamedTuple):
    """Files to read, and the split documents among them.

    Attributes
    ----------
    sources
        Files of predictions.
    documents
        Split documents, with what they say.
    left
        Files of directories that are of no format of predictions, and why they were left.
    """

    sources: tuple[Source, ...]
    documents: tuple[tuple[Path, Said], ...]
    left: tuple[tuple[Path, str], ...]

    @property
    def said(self) -> list[Said]:
        """What the split documents say."""
        return [said for _, said in self.documents]


def find_files(paths: Sequence[Path]) -> SourceFiles:
    """Return the files of predictions among files and directories, each once.

    Raises
    ------
    UnreadableError
        A path where there is nothing, or no file of predictions at all.
    SchemaError
        A damaged split document.
    """
    sources: dict[Path, Source] = {}
    documents: dict[Path, tuple[Path, Said]] = {}
    left: list[tuple[Path, str]] = []
    for given in paths:
        named = not is_directory(given)
        for path in files_of(given):
            if path.name == SPLIT_FILE:
                says = read_split(path).model_dump(exclude={"document", "parts", "reference"})
                documents[path.resolve()] = path, (str(path), says)
            elif named or path.suffix.lower() in SUFFIXES:
                sources.setdefault(path.resolve(), Source(path, named))
            else:
                left.append((path, "of no type that predictions have"))
    if not sources:
        raise UnreadableError(
            f"files of predictions ({', '.join(SUFFIXES)})",
            f"none in {', '.join(map(str, paths)) or 'no file'}",
        )
    return SourceFiles(tuple(sources.values()), tuple(documents.values()), tuple(left))


def dataset_of(files: SourceFiles) -> str:
    """Return the name of the frozen data set that files say their frames are of.

    Raises
    ------
    RequestError
        They do not say, or it is no frozen data set.
    DataError
        A file that cannot be read.
    """
    for _, origin in (*files.said, *((str(path), origin_of(path)) for path, _ in files.sources)):
        for name, entry in manifest().items():
            if entry.checksum == origin.get("dataset_sha256", entry.checksum) and (
                name == origin.get("dataset", name)
                and ("dataset" in origin or "dataset_sha256" in origin)
            ):
                return name
        if "dataset_sha256" in origin or "dataset" in origin:
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


def refuse_foreign(path: Path) -> None:
    """Refuse predictions of others that were not imported, and say how they are.

    Raises
    ------
    RequestError
        Extended XYZ, npz, a directory, or HDF5 that names no schema.
    DataError
        HDF5 that cannot be read.
    """
    suffix = path.suffix.lower()
    foreign = is_directory(path) or (is_file(path) and suffix in SUFFIXES)
    if foreign and not (suffix in HDF5_SUFFIXES and is_file(path) and schema_of(path)):
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
        What they hold.
    taken
        The files that were read.
    left
        Those of directories that were not, with the reason.

    Raises
    ------
    DataError
        A file that cannot be read, or that was named and holds no predictions.
    """
    atoms = {name: molecule.n_atoms for name, molecule in store.molecules.items()}
    sizes = Sizes(atoms, store.total_frames + len(store.molecules))
    claims: list[Claim] = []
    taken: list[Path] = []
    left = list(files.left)
    for path, named in files.sources:
        if not named and path.suffix.lower() in HDF5_SUFFIXES and is_predictions(schema_of(path)):
            left.append((path, ALREADY))
            continue
        try:
            claims += read_predicted(path, sizes, keys)
        except NoPredictionsError as error:
            if named:
                raise
            left.append((path, f"found {error.found}"))
        else:
            taken.append(path)
    if not taken:
        reasons = "; ".join(f"{path}: {reason}" for path, reason in left[:5])
        raise UnreadableError("predictions in one of the files", reasons)
    return claims, taken, left
