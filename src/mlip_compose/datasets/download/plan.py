"""The download of a published data set: its plan, its files, and a manifest of them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from mlip_compose.core.documents import Strict
from mlip_compose.core.errors import RequestError, SchemaError, UnwritableError, one_line
from mlip_compose.core.files import write_text
from mlip_compose.datasets.download.hub import (
    DEFAULT_REVISION,
    PARTIAL,
    Hub,
    HubFile,
    check_content,
    check_path,
)

SCHEMA: Final = "mlip-compose/download/1"
MANIFEST: Final = "manifest.json"
FILES: Final = "files"
FRAMES: Final = (".xyz", ".extxyz", ".npz", ".traj", ".db")
ARCHIVES: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
DOCUMENTS: Final = (".md", ".txt", ".json", ".yaml", ".yml", ".csv", ".cff")
LARGEST_DOCUMENT: Final = 1_000_000  # bytes
MODELS: Final = re.compile(r"model|checkpoint|ckpt|weight|trained", re.IGNORECASE)
"""Words in the path of a file of trained models."""

ByteListener = Callable[[str, int], None]
"""Hears of the bytes of a file that are on disk: its path, and their number."""


class ManifestFile(Strict):
    """A file of the data set as the hub lists it (see ``HubFile``).

    ``downloaded_sha256`` is the sha256 of the downloaded content, None before the download.
    """

    model_config = ConfigDict(frozen=False)  # the checksum is known after the download

    path: Annotated[str, AfterValidator(check_path)]
    size: int = Field(ge=0)
    git_sha1: str
    sha256: str | None
    downloaded_sha256: str | None = None

    @property
    def on_hub(self) -> HubFile:
        """The file as the hub lists it."""
        return HubFile(self.path, self.size, self.git_sha1, self.sha256)


class Manifest(Strict):
    """The origin of a download and its files: one JSON document beside the files."""

    format: Literal["mlip-compose/download/1"] = SCHEMA
    repository: str
    endpoint: str
    commit: str
    files: list[ManifestFile]


@dataclass(frozen=True)
class Plan:
    """The files of a download.

    Attributes
    ----------
    commit
        The sha of the commit that the files are of.
    wanted
        Files to download, and files that are downloaded already.
    skipped
        Files that are not downloaded, each with the reason.
    total
        Bytes of the wanted files.
    missing
        Bytes that are not on disk yet.
    """

    commit: str
    wanted: tuple[HubFile, ...]
    skipped: tuple[tuple[HubFile, str], ...]
    total: int
    missing: int


def reason_to_skip(file: HubFile) -> str | None:
    """Return why a file is not downloaded by default; None for a file that is."""
    path = PurePosixPath(file.path.lower())
    if path.name.startswith("."):
        return "a hidden file"
    if path.name.endswith((*FRAMES, *ARCHIVES)):
        return "of trained models, by its name" if MODELS.search(file.path) else None
    if path.suffix in DOCUMENTS or not path.suffix:
        return None if file.size <= LARGEST_DOCUMENT else "a large file without frames"
    return "of a kind that is not imported"


class Download:
    """A directory with a manifest and the files of one commit of a data set.

    Parameters
    ----------
    directory
        Directory of the manifest; the files are in ``files`` below it.
    hub
        The data set on the hub.
    revision
        Branch, tag or commit. None takes the commit of the manifest, and without a manifest the
        commit that ``main`` points to now.

    Raises
    ------
    RequestError
        The directory holds another data set or commit, or the hub refuses (see ``Hub``).
    SchemaError
        The file ``manifest.json`` is no manifest.
    """

    def __init__(self, directory: Path, hub: Hub, revision: str | None = None) -> None:
        self.directory, self.hub = directory, hub
        self.files = directory / FILES
        self._path = directory / MANIFEST
        if self._path.is_file():
            self.manifest = self._read()
            self._check_same(revision)
        else:
            commit = hub.commit(revision or DEFAULT_REVISION)
            listing = [ManifestFile(**asdict(file)) for file in hub.files(commit)]
            self.manifest = Manifest(
                repository=hub.repository, endpoint=hub.endpoint, commit=commit, files=listing
            )

    def plan(self, everything: bool = False) -> Plan:
        """Return the files to download, and those to skip with the reasons.

        Parameters
        ----------
        everything
            Whether to skip nothing, not even trained models.
        """
        reasons = [
            (entry.on_hub, None if everything else reason_to_skip(entry.on_hub))
            for entry in self.manifest.files
        ]
        wanted = tuple(file for file, reason in reasons if reason is None)
        return Plan(
            commit=self.manifest.commit,
            wanted=wanted,
            skipped=tuple((file, reason) for file, reason in reasons if reason is not None),
            total=sum(file.size for file in wanted),
            missing=sum(file.size - self._bytes_on_disk(file) for file in wanted),
        )

    def fetch(self, plan: Plan, listener: ByteListener) -> None:
        """Download the missing files of a plan and record the sha256 of every file.

        A file that is there already is checked against size and checksum on the hub.

        Raises
        ------
        RequestError
            The disk has not enough space, or the hub refuses (see ``Hub.download``).
        UnwritableError
            The directory cannot be written, or the disk is full all the same.
        ChecksumError
            A file is not what the hub says it is.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnwritableError(self.directory, error) from error
        free = shutil.disk_usage(self.directory).free
        if plan.missing > free:
            raise RequestError(
                f"{plan.missing / 1e9:.3f} GB free for what is still to be downloaded to "
                f"{self.directory}",
                f"{free / 1e9:.3f} GB",
                "Free some space, or name a place on another disk with --out.",
            )
        self._write()
        wanted = {file.path for file in plan.wanted}
        for entry in self.manifest.files:
            if entry.path not in wanted:
                continue
            target = self._place(entry.path)
            if target.is_file():
                digest = check_content(target, entry.on_hub)
            else:
                digest = self.hub.download(
                    self.manifest.commit,
                    entry.on_hub,
                    target,
                    partial(listener, entry.path),
                )
            listener(entry.path, entry.size)
            if entry.downloaded_sha256 != digest:
                entry.downloaded_sha256 = digest
                self._write()

    def _place(self, path: str) -> Path:
        """Return the path of a file on disk; refuse links, which lead out of the directory."""
        target = self.files / path
        if not target.parent.resolve().is_relative_to(self.files.resolve()) or target.is_symlink():
            raise RequestError(
                f"a file or a folder of its own for {target}",
                "a link to another place",
                "Remove the link, or name another place with --out.",
            )
        return target

    def _bytes_on_disk(self, file: HubFile) -> int:
        """Return the number of bytes of a file that are on disk, in part or whole."""
        target = self.files / file.path
        for path in (target, target.with_name(target.name + PARTIAL)):
            if path.is_file():
                return min(path.stat().st_size, file.size)
        return 0

    def _read(self) -> Manifest:
        try:
            return Manifest.model_validate_json(self._path.read_bytes())
        except ValidationError as error:
            reason = one_line(error, 300)
            raise SchemaError(
                f"a manifest of format {SCHEMA!r} in {self._path}",
                reason,
                "Remove it to fetch anew, or name another place with --out.",
            ) from error

    def _check_same(self, revision: str | None) -> None:
        """Check that the manifest is of the hub's data set and of the revision."""
        manifest, repository = self.manifest, self.hub.repository
        hint = f"Name another place with --out, or remove {self.directory}."
        if manifest.repository != repository:
            raise RequestError(f"{repository} in {self.directory}", manifest.repository, hint)
        if revision not in (None, manifest.commit):
            commit = self.hub.commit(revision)
            if commit != manifest.commit:
                raise RequestError(
                    f"commit {commit} in {self.directory}", f"commit {manifest.commit}", hint
                )

    def _write(self) -> None:
        write_text(self._path, self.manifest.model_dump_json(indent=2) + "\n")
