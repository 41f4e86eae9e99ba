"""The weights of a published model: found on this machine, or downloaded.

A path that the user gave comes first, then the cache of the model's own library, then the cache of
this program. A download goes to the last. Its file appears only when it is whole and has the sha256
of the card.
"""

from __future__ import annotations

import hashlib
import os
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.error import HTTPError

from mlip_compose.core.documents import is_file
from mlip_compose.core.errors import ChecksumError, RequestError, UnwritableError, one_line
from mlip_compose.core.files import appearing_whole, sha256_of
from mlip_compose.core.host import user_cache
from mlip_compose.core.scratch import user_path
from mlip_compose.potentials.base import Progress, silent
from mlip_compose.potentials.published.card import ModelCard

BLOCK: Final = 1 << 20
TIMEOUT: Final = 60.0  # seconds without a byte


def find_weights(
    card: ModelCard, file: str | None = None, progress: Progress = silent
) -> Path | None:
    """Return the weights file of a card; download it where it is not on this machine.

    Parameters
    ----------
    card
        Card of the model.
    file
        Path that the user gave; None where the user gave none.
    progress
        Function that is told of a download.

    Returns
    -------
    Path | None
        None where the model's own library gets its weights by itself.

    Raises
    ------
    RequestError
        There is no file, and it cannot be downloaded. The message says where to get and put it.
    ChecksumError
        The file is not the published one.
    """
    if file is not None:
        path = user_path(Path(file).expanduser())
        if not is_file(path):
            raise RequestError(
                f"the weights of {card.name} in {path}, the value of the setting weights",
                "no such file",
                "Name another file, or leave the setting out: the program then looks for the file.",
            )
        return _checked(card, path)
    if card.weights.file is None:
        return None
    places = _places(card, card.weights.file)
    for path in places:
        if is_file(path):
            return _checked(card, path)
    return _download(card, places, progress)


def _places(card: ModelCard, file: str) -> list[Path]:
    """Return the places where a weights file may be; a download goes to the last one."""
    weights = card.weights
    variable = os.environ.get(weights.variable) if weights.variable else None
    cache = variable or weights.cache
    places = [] if cache is None else [Path(cache).expanduser() / weights.folder / file]
    return [*places, user_cache() / "weights" / card.name / file]


def _checked(card: ModelCard, path: Path) -> Path:
    published = card.weights.sha256
    if published is not None and (digest := sha256_of(path)) != published:
        raise ChecksumError(
            f"the published weights of {card.name}, sha256 {published}, in {path}",
            f"sha256 {digest}",
            "The file is damaged or has other weights. Remove it to have the published file "
            "downloaded, or write a model card of your own for other weights.",
        )
    return path


def _download(card: ModelCard, places: list[Path], progress: Progress) -> Path:
    url, target = card.weights.url, places[-1]
    if url is None:
        raise _absent(card, places, "no address to download them from")
    try:
        with (
            urllib.request.urlopen(url, timeout=TIMEOUT) as answer,
            appearing_whole(target) as file,
        ):
            _copy(card, answer, file, progress)
    except UnwritableError as error:
        raise _absent(card, places, f"{target} cannot be written ({error.found})") from error
    except (OSError, HTTPException, ValueError) as error:
        if isinstance(error, HTTPError):
            error.close()
        raise _absent(card, places, f"{url} gave: {one_line(error)}") from error
    return target


def _copy(card: ModelCard, answer: Any, file: BinaryIO, progress: Progress) -> None:
    """Write the answer of a server; raise ValueError unless it is the whole published file."""
    checksum, size = hashlib.sha256(), 0
    total = int(answer.headers.get("Content-Length") or 0)
    while block := answer.read(BLOCK):
        checksum.update(block)
        size += len(block)
        rest = memoryview(block)
        while rest:
            rest = rest[file.write(rest) :]
        progress(size / max(total, size), f"downloading the weights of {card.name}")
    if size < total:
        raise ValueError(f"{size} of {total} bytes, then the connection ended")
    published, digest = card.weights.sha256, checksum.hexdigest()
    if published not in (None, digest):
        raise ValueError(f"another file, of sha256 {digest} and not {published}")


def _absent(card: ModelCard, places: list[Path], reason: str) -> RequestError:
    source = card.weights.url or card.weights.page or "its authors"
    return RequestError(
        f"the weights of {card.name}, {card.weights.file}, in "
        + " or ".join(str(path) for path in places),
        f"no such file, and {reason}",
        f"Get the file from {source} and put it at {places[0]}, or name its place with the "
        "setting weights (--set weights=PATH).",
    )
