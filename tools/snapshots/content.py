"""The content of files as text: what is compared, byte for byte, and shown where it differs."""

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from snapshots.masks import masked

SHOWN = 4
"""Numbers at the start of an array that are shown beside its checksum."""
PACKED = re.compile(rb"eN[A-Za-z0-9+/]{30,}=*")
"""What a page keeps compressed: the start of every zlib stream, in base64."""


def recorded(path: Path) -> bytes:
    """Return what a recording keeps of a file: its text, or the arrays of a binary one."""
    content = path.read_bytes()
    describe = {".h5": hdf5, ".npz": npz}.get(path.suffix)
    if describe is None:
        try:
            return masked(content.decode()).encode()
        except UnicodeDecodeError:
            return f"{digest(content)} of {len(content)} bytes\n".encode()
    try:
        lines = list(describe(path))
    except (OSError, ValueError) as error:
        lines = [f"not readable: {type(error).__name__}"]
    raw = masked(content.decode("latin-1")).encode("latin-1")
    return masked("\n".join([f"file {digest(raw)}", *lines, ""])).encode()


def hdf5(path: Path) -> Iterator[str]:
    """Yield a line for each attribute, group and dataset of an HDF5 file, in the order of names."""
    with h5py.File(path, "r") as file:
        yield from _attributes("/", file)
        names: list[str] = []
        file.visit(names.append)
        for name in names:
            entry = file[name]
            if isinstance(entry, h5py.Dataset):
                filters = {
                    "chunks": entry.chunks,
                    "compression": entry.compression,
                    "level": entry.compression_opts,
                    "shuffle": entry.shuffle or None,
                    "checked": entry.fletcher32 or None,
                }
                kept = "".join(f" {key}={value}" for key, value in filters.items() if value)
                yield f"/{name} {array(entry[()])}{kept}"
            else:
                yield f"/{name}/"
            yield from _attributes(f"/{name} ", entry)


def npz(path: Path) -> Iterator[str]:
    """Yield a line for each array of an npz file, in the order of the file."""
    with np.load(path, allow_pickle=False) as file:
        for name in file.files:
            yield f"{name} {array(file[name])}"


def array(values: np.ndarray | np.generic) -> str:
    """Return type, shape, first numbers and checksum of an array."""
    values = np.asarray(values)
    first = " ".join(str(value) for value in values.ravel()[:SHOWN].tolist())
    content = repr(values.tolist()).encode() if values.dtype.hasobject else values.tobytes()
    return f"{values.dtype.str} {values.shape} [{first}] {digest(content)}"


def digest(content: bytes) -> str:
    """Return the sha256 of bytes."""
    return f"sha256 {hashlib.sha256(content).hexdigest()}"


def legible(name: str, content: bytes) -> list[str]:
    """Return recorded content as lines whose differences a person can read."""
    if name.endswith(".html"):
        content = _unpacked(content)
    text = content.decode(errors="backslashreplace")  # unpacked parts of a page may be arrays
    if name.endswith(".json"):
        try:
            text = json.dumps(json.loads(text), indent=1, ensure_ascii=False)
        except ValueError:
            return text.splitlines()
    elif name.endswith(".html"):
        text = re.sub(r"([>,])", r"\1\n", text)
    return text.splitlines()


def _attributes(where: str, entry: h5py.HLObject) -> Iterator[str]:
    for key in sorted(entry.attrs):
        value = entry.attrs[key]
        shown = f"text {value}" if isinstance(value, str) else array(value)
        yield f"{where}@{key} {shown}"


def _unpacked(page: bytes) -> bytes:
    def content(found: re.Match[bytes]) -> bytes:
        try:
            return _unpacked(zlib.decompress(base64.b64decode(found[0])))
        except (ValueError, zlib.error):
            return found[0]

    return PACKED.sub(content, page)
