"""Unpacking of downloaded archives: no file outside the directory, no archive half unpacked."""

from __future__ import annotations

import os
import shutil
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final

from mlip_compose.core.arrays import DAMAGE
from mlip_compose.core.errors import one_line

ZIP: Final = ".zip"
UNPACKED: Final = ".unpacked"
_UNUSABLE: Final = (*DAMAGE, tarfile.TarError)


def unpack(archive: Path) -> str | None:
    """Unpack an archive into a directory beside it, ``<archive>.unpacked``.

    The directory appears when all of the archive is in it. A directory that is there already stays
    as it is.

    Parameters
    ----------
    archive
        A zip file, or a tar file, compressed or not.

    Returns
    -------
    str or None
        Why the archive cannot be unpacked: damaged, unsafe, or larger than the free space. None
        where it is unpacked.
    """
    target = unpacked_path(archive)
    if target.is_dir():
        return None
    temporary = archive.with_name(f".{archive.name}.{os.getpid()}.tmp")
    try:
        _extract(archive, temporary)
        temporary.replace(target)
    except _UNUSABLE as error:
        return f"an archive that cannot be unpacked: {one_line(error)}"
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return None


def unpacked_path(archive: Path) -> Path:
    """Return the directory that ``unpack`` makes of an archive."""
    return archive.with_name(archive.name + UNPACKED)


def _extract(archive: Path, target: Path) -> None:
    if archive.name.lower().endswith(ZIP):
        with zipfile.ZipFile(archive) as packed:
            members = packed.infolist()
            _check_names(member.filename for member in members)
            _check_space(sum(member.file_size for member in members), archive)
            packed.extractall(target)
        return
    with tarfile.open(archive) as packed_tar:
        entries = packed_tar.getmembers()
        _check_names(entry.name for entry in entries)
        _check_space(sum(entry.size for entry in entries), archive)
        target.mkdir()
        for entry in entries:
            _extract_entry(packed_tar, entry, target)


def _extract_entry(packed: tarfile.TarFile, entry: tarfile.TarInfo, target: Path) -> None:
    """Write a file or make a directory; no other kind of entry belongs in an archive of data.

    ``TarFile.extractall`` is not used: its safe filters came with Python 3.11.4.
    """
    path = target / entry.name
    if entry.isdir():
        path.mkdir(parents=True, exist_ok=True)
        return
    content = packed.extractfile(entry) if entry.isreg() else None
    if content is None:
        raise tarfile.TarError(f"{entry.name!r} is no file and no directory")
    path.parent.mkdir(parents=True, exist_ok=True)
    with content, path.open("wb") as file:
        shutil.copyfileobj(content, file)


def _check_names(names: Iterable[str]) -> None:
    for name in names:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise tarfile.TarError(f"{name!r} leads out of the directory")


def _check_space(size: int, archive: Path) -> None:
    free = shutil.disk_usage(archive.parent).free
    if size > free:
        raise OSError(f"{size / 1e9:.3f} GB unpacked, {free / 1e9:.3f} GB free")
