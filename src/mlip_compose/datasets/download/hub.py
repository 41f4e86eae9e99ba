"""Data sets on the Hugging Face hub: their files, listed, downloaded, resumed and verified.

Files are streamed here and not by ``hf_hub_download``, which since version 1.18 begins a file anew
in every process. The extra ``hub`` is needed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from mlip_compose.core.errors import (
    ChecksumError,
    DataError,
    MissingExtraError,
    RequestError,
    UnwritableError,
    excerpt,
    one_line,
)

if TYPE_CHECKING:
    from huggingface_hub import HfApi

DEFAULT_REVISION: Final = "main"
COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
PARTIAL: Final = ".partial"
BLOCK: Final = 1 << 20
LONGEST_PATH: Final = 2000
LONGEST_NAME: Final = 200
"""Bytes of a name in a path: file systems take 255, and an ending such as .partial is added."""
AGAIN: Final = "What was downloaded is kept: run the same command again and it goes on from there."

SizeListener = Callable[[int], None]
"""Hears of the number of bytes of a file that are on disk so far."""


@dataclass(frozen=True)
class HubFile:
    """A file of a data set on the hub.

    Attributes
    ----------
    path
        Path within the data set, with forward slashes, such as ``data/a.xyz``.
    size
        Number of bytes.
    git_sha1
        sha1 of the git blob; for a large file, of the pointer to it.
    sha256
        sha256 of the content of a large file; None for other files, whose sha256 the hub does not
        tell.
    """

    path: str
    size: int
    git_sha1: str
    sha256: str | None


def check_path(path: object) -> str:
    """Return the path of a file within a data set unchanged, if it is safe to write there.

    Raises
    ------
    ValueError
        The path leads out of the data set's directory, or no file system takes such a name.
    """
    if not isinstance(path, str):
        raise ValueError(f"{type(path).__name__} as the path of a file")  # noqa: TRY004
    parts = path.split("/")
    if not path.isprintable() or "\\" in path or any(p in ("", ".", "..") for p in parts):
        raise ValueError(f"{excerpt(path)!r}, which is no path within the data set")
    if len(path.encode()) > LONGEST_PATH or any(len(p.encode()) > LONGEST_NAME for p in parts):
        raise ValueError(f"{excerpt(path)!r}, which is too long")
    return path


def _as_hub_file(entry: Any) -> HubFile:
    path = check_path(entry.path)
    digest = entry.lfs.sha256 if entry.lfs is not None else None
    right = isinstance(entry.size, int) and entry.size >= 0
    if not right or not isinstance(entry.blob_id, str) or not isinstance(digest, str | None):
        raise ValueError(f"{path} with size {excerpt(entry.size)} and checksums that are none")
    return HubFile(path, entry.size, entry.blob_id, digest)


class Hub:
    """One data set on the hub.

    Parameters
    ----------
    repository
        ``owner/name``.
    endpoint
        Address of the hub; None for the public one, or the one that the environment variable
        ``HF_ENDPOINT`` names. The user's stored token is not sent to an endpoint that is given.

    Raises
    ------
    MissingExtraError
        ``huggingface_hub`` is not installed.
    RequestError
        The endpoint is no address of the web.
    """

    def __init__(self, repository: str, endpoint: str | None = None) -> None:
        try:
            from huggingface_hub import HfApi
        except ImportError as error:
            raise MissingExtraError("data fetch", "huggingface_hub", "hub") from error
        if endpoint is not None and not endpoint.startswith(("http://", "https://")):
            raise RequestError("an endpoint https://...", repr(endpoint))
        self.repository = repository
        self._token = None if endpoint is None else False
        self._api: HfApi = HfApi(endpoint=endpoint, token=self._token)
        self.endpoint: str = self._api.endpoint

    def commit(self, revision: str | None) -> str:
        """Return the sha of the commit that a branch, a tag or a commit names.

        Raises
        ------
        RequestError
            The hub does not answer, has no such data set or revision, or gives no access to it.
        """
        with self._explained(revision):
            info = self._api.dataset_info(self.repository, revision=revision, timeout=30.0)
        if not isinstance(info.sha, str) or not COMMIT.fullmatch(info.sha):
            raise DataError(
                f"the commit of {self.repository} from {self.endpoint}", excerpt(info.sha)
            )
        return info.sha

    def files(self, commit: str) -> tuple[HubFile, ...]:
        """Return the files of a commit, by path.

        Raises
        ------
        RequestError
            See ``commit``.
        DataError
            A path leads out of the data set's directory, or an entry is no file.
        """
        from huggingface_hub.hf_api import RepoFile

        with self._explained(commit):
            entries = list(
                self._api.list_repo_tree(
                    self.repository, recursive=True, revision=commit, repo_type="dataset"
                )
            )
        files = []
        for entry in entries:
            if not isinstance(entry, RepoFile):
                continue
            try:
                files.append(_as_hub_file(entry))
            except ValueError as error:
                raise DataError(
                    f"a listing of the files of {self.repository} on {self.endpoint}", str(error)
                ) from error
        return tuple(sorted(files, key=lambda file: file.path))

    def download(self, commit: str, file: HubFile, target: Path, listener: SizeListener) -> str:
        """Download one file; go on where an earlier download was interrupted.

        Parameters
        ----------
        commit
            The commit that the file is taken from.
        file
            The file.
        target
            Path on disk, where the file appears when it is complete and has the size and checksum
            that the hub tells. Until then its bytes are in ``<target>.partial``.
        listener
            Hears of the bytes so far.

        Returns
        -------
        str
            sha256 of the content.

        Raises
        ------
        RequestError
            The hub does not answer, or the connection is lost for good.
        UnwritableError
            The disk is full, or the place cannot be written.
        ChecksumError
            The content is not what the hub announced; its bytes are removed.
        """
        from huggingface_hub import hf_hub_url
        from huggingface_hub.file_download import http_get
        from huggingface_hub.utils import build_hf_headers, disable_progress_bars

        disable_progress_bars("huggingface_hub.http_get")
        partial = target.with_name(target.name + PARTIAL)
        url = hf_hub_url(
            self.repository,
            file.path,
            repo_type="dataset",
            revision=commit,
            endpoint=self.endpoint,
        )
        headers = build_hf_headers(token=self._token) | {"Accept-Encoding": "identity"}
        with self._explained(commit, partial):
            target.parent.mkdir(parents=True, exist_ok=True)
            if partial.is_symlink():
                partial.unlink()
            if partial.is_file() and partial.stat().st_size > file.size:
                partial.unlink()
            with partial.open("ab") as stream:
                http_get(
                    url,
                    cast(Any, _CountedFile(stream, listener)),
                    resume_size=stream.tell(),
                    headers=headers,
                    expected_size=file.size,
                    displayed_filename=file.path,
                )
        try:
            digest = check_content(partial, file)
        except ChecksumError:
            partial.unlink()
            raise
        partial.replace(target)
        return digest

    @contextmanager
    def _explained(self, revision: str | None, target: Path | None = None) -> Iterator[None]:
        """Turn any error between the hub and a file on disk into one message.

        Parameters
        ----------
        revision
            The revision that is asked for.
        target
            The file that is written, if any.
        """
        from huggingface_hub import errors

        where = f"data set {self.repository} on {self.endpoint}"
        login = "log in with `hf auth login`"
        try:
            yield
        except errors.GatedRepoError as error:
            raise RequestError(
                f"access to the {where}",
                "a data set that asks for consent first",
                f"Accept its terms on {self.endpoint}/datasets/{self.repository}, then {login}.",
            ) from error
        except errors.RevisionNotFoundError as error:
            raise RequestError(
                f"a branch, tag or commit of the {where}",
                f"no revision {revision!r}",
                "Leave out --revision for the newest, or copy a commit from the data set's page.",
            ) from error
        except errors.RepositoryNotFoundError as error:
            raise self._absent(where, login) from error
        except errors.HfHubHTTPError as error:
            status = error.response.status_code
            if status in (401, 403, 404):
                raise self._absent(where, login) from error
            raise RequestError(f"the {where}", f"status {status} of the server", AGAIN) from error
        except errors.OfflineModeIsEnabled as error:
            raise RequestError(
                f"the {where}", "offline mode", "Unset the environment variable HF_HUB_OFFLINE."
            ) from error
        except errors.HTTPError as error:
            reason = one_line(error)
            raise RequestError(
                f"an answer of {self.endpoint}",
                f"none: {reason}",
                f"Check the network, proxy settings and HF_ENDPOINT. {AGAIN}",
            ) from error
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise RequestError(
                f"the {where}",
                f"an answer that is not of a hub ({excerpt(error)})",
                f"Is a login page of the network in between? Check HF_ENDPOINT. {AGAIN}",
            ) from error
        except OSError as error:
            raise self._not_written(target, error) from error

    def _not_written(self, target: Path | None, error: OSError) -> RequestError:
        """Return what an error of the system means: one of the disk has a number."""
        if error.errno is not None and target is not None:
            return UnwritableError(target, error)
        return RequestError(f"whole files from {self.endpoint}", one_line(error), AGAIN)

    def _absent(self, where: str, login: str) -> RequestError:
        return RequestError(
            f"a public {where}",
            "none, or one that needs a login",
            f"Look at {self.endpoint}/datasets/{self.repository}; if it is there, {login}.",
        )


def check_content(path: Path, file: HubFile) -> str:
    """Check a file on disk against size and checksum on the hub, and return its sha256.

    Raises
    ------
    ChecksumError
        The size, the sha256 or the git blob is another.
    """
    size = path.stat().st_size
    content, blob = hashlib.sha256(), hashlib.sha1(f"blob {size}\0".encode())
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            content.update(block)
            if file.sha256 is None:
                blob.update(block)
    if file.sha256 is not None:
        expected, checksum = f"sha256 {file.sha256}", f"sha256 {content.hexdigest()}"
    else:
        expected, checksum = f"git blob {file.git_sha1}", f"git blob {blob.hexdigest()}"
    if size != file.size or checksum != expected:
        raise ChecksumError(
            f"{file.size} bytes with {expected} in {path}",
            f"{size} bytes with {checksum}",
            "Damaged on the way or altered since; remove the file if it is there, and fetch again.",
        )
    return content.hexdigest()


class _CountedFile:
    """An open file whose listener hears of its length after every write."""

    def __init__(self, stream: Any, listener: SizeListener) -> None:
        self._stream, self._listener = stream, listener

    def write(self, block: bytes) -> int:
        written: int = self._stream.write(block)
        self._listener(self._stream.tell())
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
