"""Real files made wrong: what accidents and what attackers do to bytes, text, JSON, HDF5 and npz.

Everything follows from a NumPy generator, so that a case is known by its seed.
"""

import contextlib
import copy
import io
import json
import os
import pickle
import struct
import zipfile

import h5py
import numpy as np
from numpy.lib import format as npy

CANARY = "canary-was-here"
"""A file of this name in the working directory means that code of a data file ran."""

NUMBERS = (0, -1, 1, 2, 7, 255, 256, 65536, 2**31 - 1, 2**31, 2**63 - 1, 2**64, -(2**63), 10**30)
FLOATS = (float("nan"), float("inf"), float("-inf"), 1e308, 1e-320, -0.0, 1e39, 0.5)
NAMES = (
    "",
    " ",
    ".",
    "..",
    "../x",
    "../../../../var/x",
    "/etc/passwd",
    "/dev/zero",
    "C:\\x",
    "a/b",
    "a\\b",
    "a\0b",
    "-rf",
    "~root/x",
    "a\nb",
    "\u202ex",
    "💥",
    "é" * 300,
    "x" * 5000,
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "%s%n",
    "[bold red]x[/bold]",
    "nan",
    "null",
)


class Canary:
    """A pickle of it leaves the canary where it is loaded."""

    def __reduce__(self):
        return os.system, (f"touch {CANARY}",)


def one_of(rng, things):
    """Choose one of a sequence."""
    return things[int(rng.integers(len(things)))]


# --- bytes


def _span(rng, data, most=64):
    start = int(rng.integers(len(data) + 1))
    return start, min(len(data), start + int(rng.integers(1, most)))


def flip_bits(rng, data):
    found = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        if found:
            found[int(rng.integers(len(found)))] ^= 1 << int(rng.integers(8))
    return bytes(found)


def truncate(rng, data):
    return data[: int(rng.integers(len(data) + 1))]


def insert(rng, data):
    at = int(rng.integers(len(data) + 1))
    return data[:at] + rng.bytes(int(rng.integers(1, 64))) + data[at:]


def duplicate(rng, data):
    start, end = _span(rng, data, 512)
    return data[:end] + data[start:end] * int(rng.integers(1, 5)) + data[end:]


def remove(rng, data):
    start, end = _span(rng, data, 512)
    return data[:start] + data[end:]


def overwrite(rng, data):
    start, end = _span(rng, data)
    filler = one_of(rng, (b"\0", b"\xff", b" ", b"9", b"\n"))
    return data[:start] + filler * (end - start) + data[end:]


def large_number(rng, data):
    """Write a number over eight or four bytes, as a length or an offset that is not true."""
    if len(data) < 8:
        return data
    at = int(rng.integers(len(data) - 7))
    value = one_of(rng, (0, 1, 2**16, 2**31 - 1, 2**32 - 1, 2**40, 2**63 - 1, 2**64 - 1))
    size = one_of(rng, (4, 8))
    packed = struct.pack(one_of(rng, ("<Q", ">Q")), value)[:size]
    return data[:at] + packed + data[at + size :]


def swap(rng, data):
    (a, b), (c, d) = sorted((_span(rng, data), _span(rng, data)))
    return data if b > c else data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def append(rng, data):
    return data + rng.bytes(int(rng.integers(1, 200)))


BYTES = (
    flip_bits,
    flip_bits,
    truncate,
    insert,
    duplicate,
    remove,
    overwrite,
    large_number,
    swap,
    append,
)


def mutate_bytes(rng, data):
    """Return a file's bytes after one to three accidents."""
    for _ in range(int(rng.integers(1, 4))):
        data = one_of(rng, BYTES)(rng, data)
    return data


# --- text


def _words(text):
    """Return the places of words, (start, end): runs of what is no separator."""
    places, start = [], None
    for at, letter in enumerate(text + " "):
        if letter in " \n\t,:=[]{}\"'":
            if start is not None:
                places.append((start, at))
            start = None
        elif start is None:
            start = at
    return places


def _word(rng):
    kinds = (
        lambda: str(one_of(rng, NUMBERS)),
        lambda: str(one_of(rng, FLOATS)),
        lambda: one_of(rng, NAMES),
        lambda: "9" * 5000,
        lambda: "0x" + "f" * 5000,
        lambda: "1:" * 300 + "1",
        lambda: "1e999",
        lambda: one_of(rng, ("T", "F", "true", "~", "_JSON [1", "!!python/name:os.system", "1_0")),
    )
    return one_of(rng, kinds)()


def other_word(rng, text):
    places = _words(text)
    if not places:
        return text
    start, end = one_of(rng, places)
    return text[:start] + _word(rng) + text[end:]


def other_lines(rng, text):
    lines = text.splitlines(keepends=True)
    if not lines:
        return text
    at, to = int(rng.integers(len(lines))), int(rng.integers(len(lines)))
    kind = int(rng.integers(4))
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(at, lines[to])
    elif kind == 2:
        lines[at], lines[to] = lines[to], lines[at]
    else:
        lines[at] = lines[at][: int(rng.integers(len(lines[at]) + 1))]
    return "".join(lines)


def long_line(rng, text):
    at = int(rng.integers(len(text) + 1))
    return text[:at] + one_of(rng, ("x", "9", " ", "[", "{", '"', "=", "a=1 ")) * 20_000 + text[at:]


def other_letter(rng, text):
    at = int(rng.integers(len(text) + 1))
    letter = one_of(
        rng, ("\0", "\r", "\t", '"', "'", "{", "}", "[", "]", ":", "&a ", "*a", "é", "")
    )
    return text[:at] + letter + text[at + int(rng.integers(2)) :]


def as_other_bytes(rng, text):
    encoding = one_of(rng, ("utf-16", "utf-8-sig", "utf-32", "utf-7", "utf-8"))
    data = text.encode(encoding, "replace")
    kind = int(rng.integers(3))
    if kind == 0:
        data = data.replace(b"\n", b"\r\n")
    elif kind == 1:
        data = data.replace(b"\n", b"\r")
    return data


TEXT = (other_word, other_word, other_word, other_lines, other_lines, long_line, other_letter)


def mutate_text(rng, text):
    """Return the bytes of a text after one to three changes of words, lines or letters."""
    for _ in range(int(rng.integers(1, 4))):
        text = one_of(rng, TEXT)(rng, text)
    kind = int(rng.integers(12))
    if kind == 0:
        return as_other_bytes(rng, text)
    data = text.encode("utf-8", "surrogatepass")
    return mutate_bytes(rng, data) if kind == 1 else data


# --- JSON and YAML: documents


def value(rng, depth=0):
    """Return what may stand in a document, and mostly should not."""
    kind = int(rng.integers(9 if depth < 3 else 6))
    if kind == 0:
        return one_of(rng, NUMBERS)
    if kind == 1:
        return one_of(rng, FLOATS)
    if kind == 2:
        return one_of(rng, NAMES)
    if kind == 3:
        return one_of(rng, (None, True, False))
    if kind == 4:
        return one_of(rng, ("\ud800", "1", "-1", "1e999", "full", "length", "additive", "H", "OH"))
    if kind == 5:
        return one_of(rng, ([], {}))
    if kind == 6:
        return [value(rng, depth + 1) for _ in range(int(rng.integers(4)))]
    if kind == 7:
        return {one_of(rng, NAMES): value(rng, depth + 1) for _ in range(int(rng.integers(4)))}
    return nested(int(rng.integers(1, 300)))


def nested(depth):
    """Return lists in lists."""
    found = []
    for _ in range(depth):
        found = [found]
    return found


def _containers(document):
    """Return every mapping and list in a document."""
    found, waiting = [], [document]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict | list) and each:
            found.append(each)
            waiting += each.values() if isinstance(each, dict) else each
    return found


def mutate_document(rng, document, times=3):
    """Return a copy of a document after some changes of values, keys and lengths."""
    document = copy.deepcopy(document)
    for _ in range(int(rng.integers(1, times + 1))):
        places = _containers(document)
        if not places:
            return value(rng)
        # depth first by level, so that the few outer keys are hit as often as many inner ones
        place = places[min(int(rng.exponential(len(places) / 4)), len(places) - 1)]
        key = one_of(rng, list(place) if isinstance(place, dict) else range(len(place)))
        kind = int(rng.integers(6))
        if kind <= 1:
            place[key] = value(rng)
        elif kind == 2:
            del place[key]
        elif kind == 3:
            other = one_of(rng, places)
            place[key] = copy.deepcopy(
                one_of(rng, list(other.values() if isinstance(other, dict) else other))
            )
        elif kind == 4 and isinstance(place, dict):
            place[one_of(rng, NAMES)] = place.pop(key)
        elif isinstance(place[key], bool | int | float):
            place[key] = one_of(rng, (-place[key], place[key] + 1, str(place[key]), [place[key]]))
        elif isinstance(place, list):
            place.insert(0, copy.deepcopy(place[key]))
        else:
            place[key] = value(rng)
    return document


def mutate_values(rng, document):
    """Return a copy of a document in which some values are others of the same type."""
    document = copy.deepcopy(document)
    for _ in range(int(rng.integers(1, 6))):
        places = _containers(document)
        place = one_of(rng, places)
        key = one_of(rng, list(place) if isinstance(place, dict) else range(len(place)))
        there = place[key]
        if isinstance(there, bool):
            place[key] = not there
        elif isinstance(there, int):
            place[key] = one_of(rng, NUMBERS)
        elif isinstance(there, float):
            place[key] = one_of(rng, (*FLOATS[3:], -there, 0.0))
        elif isinstance(there, str):
            place[key] = one_of(rng, (*NAMES, "length", "scale", "done", "id", "\ud800"))
        elif isinstance(there, list) and there:
            place[key] = one_of(rng, ([], there[:1], there + there, there[::-1]))
        elif isinstance(there, dict) and there:
            place[key] = one_of(rng, ({}, dict(list(there.items())[:1])))
        else:
            place[key] = None
    return document


def mutate_json(rng, text):
    """Return the bytes of a JSON document that was changed as a document, as text, or as bytes."""
    kind = int(rng.integers(5))
    if kind == 0:
        return mutate_text(rng, text) if len(text) < 200_000 else mutate_bytes(rng, text.encode())
    if kind == 1 and rng.integers(4) == 0:
        depth = int(rng.integers(100, 200_000))
        return one_of(rng, (b"[", b'{"a":')) * depth
    change = one_of(rng, (mutate_document, mutate_values))
    return json.dumps(change(rng, json.loads(text))).encode("utf-8", "surrogatepass")


BOMBS = (
    "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 10)}]\n" for i in range(9)
    ),
    "a: &a {k: x}\n"
    + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} {{<<: [{', '.join([f'*{chr(97 + i)}'] * 10)}]}}\n"
        for i in range(9)
    ),
    "&a [*a]\n",
    "name: &a {b: *a}\n",
    "settings: &a\n  b: *a\n",
    "? &a [*a]\n: 1\n",
    "[" * 50_000,
    "{a: " * 20_000,
    "- " * 20_000 + "x",
    "? " * 5_000,
    "&a " * 1000 + "x",
)
"""YAML that grows without end, eats the stack, or holds itself."""

TAGS = (
    f"!!python/object/apply:os.system ['touch {CANARY}']",
    f"!!python/object/new:os.system ['touch {CANARY}']",
    "!!python/name:os.system",
    "!!python/module:os",
    "!!int ''",
    "!!int x",
    "!!bool x",
    "!!float ''",
    "!!timestamp x",
    "!!binary x",
    "!!set {a, b}",
    "!!omap [1]",
    "!!pairs [[1]]",
    "!!null x",
    "!!str [a]",
    "!!seq {a: b}",
    "!!map [a]",
    "!unknown x",
    "2001-99-99",
    "2001-01-01",
    "2001-12-14t21:59:43.10-05:00",
    ".nan",
    ".inf",
    "0o17",
    "0b",
    "-0x",
    "190:20:30",
)


def mutate_yaml(rng, text):
    """Return the bytes of a YAML document after changes of its text, its values or its tags."""
    import yaml

    kind = int(rng.integers(8))
    if kind == 0:
        bomb = one_of(rng, BOMBS)
        return (text + bomb if rng.integers(2) else bomb).encode()
    if kind <= 2:
        places = _words(text)
        start, end = one_of(rng, places)
        return (text[:start] + one_of(rng, TAGS) + text[end:]).encode()
    if kind <= 5:
        document = mutate_document(rng, yaml.safe_load(text))
        try:
            dumped = yaml.safe_dump(document, allow_unicode=True)
        except (yaml.YAMLError, RecursionError):
            dumped = json.dumps(document)
        return dumped.encode("utf-8", "surrogatepass")
    return mutate_text(rng, text)


# --- HDF5


def _places(file):
    found = []
    file.visititems(lambda name, item: found.append((name, item)))
    return found


def _dataset(rng, places):
    datasets = [(name, item) for name, item in places if isinstance(item, h5py.Dataset)]
    return one_of(rng, datasets) if datasets else (None, None)


def other_dataset(rng, file, outside):
    """Put another type, shape or content in a dataset's place."""
    name, item = _dataset(rng, _places(file))
    if name is None:
        return
    array = np.asarray(item[()])
    del file[name]
    kinds = (
        lambda: array.astype(one_of(rng, (np.float16, np.float64, np.int64, np.complex64, "S4"))),
        lambda: array[..., None],
        lambda: array.reshape(-1)[:-1],
        lambda: array[:0] if array.ndim else array,
        lambda: np.zeros(array.shape[::-1], array.dtype),
        lambda: array.astype(array.dtype.newbyteorder(">")),
        lambda: np.full_like(array, one_of(rng, (0, 1, 255))),
        lambda: np.full(array.shape, one_of(rng, FLOATS)),
        lambda: "text",
        lambda: h5py.Empty("f"),
        lambda: np.zeros(3, [("a", "f4"), ("b", "i8")]),
        lambda: np.array(["a", "b"], dtype=h5py.string_dtype()),
        lambda: np.array([file.ref], dtype=h5py.ref_dtype),
        lambda: -np.abs(array.astype(np.float64)),
    )
    try:
        file[name] = one_of(rng, kinds)()
    except (TypeError, ValueError, OverflowError):
        file.create_group(name)


def other_values(rng, file, outside):
    """Change some numbers of a dataset, type and shape being kept."""
    name, item = _dataset(rng, _places(file))
    if name is None or not item.size or item.dtype.kind not in "iuf":
        return
    array = np.asarray(item[()])
    flat = array.reshape(-1)
    at = int(rng.integers(flat.size))
    if array.dtype.kind == "f":
        flat[at] = np.float64(one_of(rng, FLOATS)).astype(array.dtype)
    else:
        flat[at] = (
            int(rng.integers(256)) if array.dtype == np.uint8 else one_of(rng, (-1, 0, 2**30))
        )
    item[...] = array


def huge(rng, file, outside):
    """Declare a dataset of a size that the file does not have, or pack one as densely as can be."""
    name, item = _dataset(rng, _places(file))
    if name is None:
        return
    dtype, ndim = item.dtype, max(item.ndim, 1)
    shape = (one_of(rng, (10**5, 10**7, 10**9, 10**12)), *item.shape[1:ndim])
    del file[name]
    packed = {} if rng.integers(2) else {"compression": "gzip", "compression_opts": 9}
    chunks = (min(shape[0], 2**16), *shape[1:])
    file.create_dataset(name, shape=shape, dtype=dtype, chunks=chunks, fillvalue=1, **packed)


def bomb(rng, file, outside):
    """Compress 100 MB of zeros to a few kilobytes, under a right name and type."""
    name, item = _dataset(rng, _places(file))
    if name is None or not item.ndim:
        return
    dtype, rest = item.dtype, item.shape[1:]
    row = int(np.prod(rest, dtype=np.int64)) * dtype.itemsize
    rows = 10**8 // max(row, 1)
    del file[name]
    made = file.create_dataset(
        name,
        shape=(rows, *rest),
        dtype=dtype,
        chunks=(rows, *rest),
        compression="gzip",
        compression_opts=9,
    )
    made.id.write_direct_chunk((0,) * made.ndim, _zeros(rows * row))


def _zeros(size, _cache={}):  # noqa: B006 - a cache
    import zlib

    if size not in _cache:
        _cache[size] = zlib.compress(bytes(size), 9)
    return _cache[size]


def links(rng, file, outside):
    """Put a link out of the file, to itself or to nothing in something's place."""
    name, _ = one_of(rng, _places(file) or [("x", None)])
    if name in file:
        del file[name]
    kind = int(rng.integers(6))
    if kind == 0:
        file[name] = h5py.ExternalLink(
            one_of(rng, (str(outside), "../decoy.h5", "/dev/zero")), name
        )
    elif kind == 1:
        file[name] = h5py.SoftLink("/" + one_of(rng, ("", name, "nothing", "../x")))
    elif kind == 2:
        file[name] = file["/"]
    elif kind == 3:
        others = [item for _, item in _places(file)]
        if others:
            file[name] = one_of(rng, others)
    elif kind == 4:
        file[name] = h5py.ExternalLink(str(file.filename), "/" + name)
    else:
        file[name] = np.dtype("f8")


def outside_storage(rng, file, outside):
    """Keep a dataset's numbers in another file, as raw bytes or as a virtual dataset."""
    name, item = _dataset(rng, _places(file))
    if name is None:
        return
    shape, dtype = item.shape, item.dtype
    if dtype.kind not in "iuf" or not shape:
        return
    del file[name]
    size = int(np.prod(shape)) * dtype.itemsize
    where = one_of(rng, (str(outside), "/dev/zero", "/etc/passwd", "../decoy"))
    if rng.integers(2):
        file.create_dataset(name, shape=shape, dtype=dtype, external=[(where, 0, max(size, 1))])
    else:
        layout = h5py.VirtualLayout(shape=shape, dtype=dtype)
        layout[...] = h5py.VirtualSource(where, name, shape=shape, dtype=dtype)
        file.create_virtual_dataset(name, layout, fillvalue=0)


def other_attributes(rng, file, outside):
    places = [("/", file), *_places(file)]
    with_some = [item for _, item in places if len(item.attrs)]
    item = one_of(rng, with_some or [file])
    key = one_of(rng, list(item.attrs) or ["x"])
    kind = int(rng.integers(9))
    if kind == 0 and key in item.attrs:
        del item.attrs[key]
        return
    kinds = (
        lambda: one_of(rng, [n for n in NUMBERS if -(2**63) <= n < 2**63]),
        lambda: one_of(rng, FLOATS),
        lambda: one_of(rng, [name.replace("\0", "") for name in NAMES]),
        lambda: np.arange(int(rng.integers(4))),
        lambda: b"\xff\xfe",
        lambda: h5py.Empty("S4"),
        lambda: np.zeros(2, [("a", "f4")]),
        lambda: json.dumps(value(rng)),
        lambda: "[" * 20_000,
        lambda: np.array(["a", "b"], dtype=h5py.string_dtype()),
        lambda: file.ref,
    )
    try:
        item.attrs[key if rng.integers(6) else one_of(rng, ("x", "seed", "é"))] = one_of(
            rng, kinds
        )()
    except (TypeError, ValueError, OverflowError, OSError, RuntimeError):
        item.attrs[key] = "?"


def other_names(rng, file, outside):
    places = _places(file)
    if not places:
        return
    name, _ = one_of(rng, places)
    parent = name.rpartition("/")[0]
    kind = int(rng.integers(4))
    if kind == 0:
        del file[name]
        return
    new = one_of(
        rng, ("X-4-H", "..", "é", "OH-4-H", "primary", "minimum", "relaxed", "a b", "x" * 900)
    )
    target = f"{parent}/{new}" if parent else new
    if target in file:
        return
    if kind == 1:
        file.move(name, target)
    elif kind == 2:
        file.copy(name, target)
    else:
        file.create_group(target)


HDF5 = (
    other_dataset,
    other_dataset,
    other_values,
    other_values,
    huge,
    bomb,
    links,
    outside_storage,
    other_attributes,
    other_attributes,
    other_attributes,
    other_names,
)


def mutate_hdf5(rng, path, outside, seal=None):
    """Change an HDF5 file on disk, as a file of HDF5 or as bytes.

    ``outside`` is a file that links may lead to. Where ``seal`` is given it makes checksums right
    again in half of the cases, so that what the numbers say is looked at.
    """
    if rng.integers(3) == 0:
        path.write_bytes(mutate_bytes(rng, path.read_bytes()))
        return
    with h5py.File(path, "r+") as file:
        for _ in range(int(rng.integers(1, 4))):
            with contextlib.suppress(
                OSError, RuntimeError, MemoryError
            ):  # of what an earlier change led out
                one_of(rng, HDF5)(rng, file, outside)
    if seal is not None and rng.integers(2):
        with contextlib.suppress(OSError, RuntimeError, MemoryError):
            seal(path)


# --- npz


def other_array(rng, array):
    """Return an array of another type, shape or content."""
    array = np.asarray(array)
    kinds = (
        lambda: array[..., None],
        lambda: array.reshape(-1),
        lambda: array[:1] if array.ndim else array,
        lambda: array[:0] if array.ndim else array,
        lambda: np.asfortranarray(array),
        lambda: array.astype(array.dtype.newbyteorder(">")),
        lambda: array.astype("f2") if array.dtype.kind in "iuf" else array,
        lambda: array.astype(np.complex128) if array.dtype.kind in "iuf" else array,
        lambda: -array.astype(np.int64) if array.dtype.kind in "iuf" else array,
        lambda: np.array(one_of(rng, FLOATS)),
        lambda: np.array(one_of(rng, NAMES)),
        lambda: np.array([b"\xff\xfe"]),
        lambda: np.zeros(array.shape, [("a", "f4"), ("b", "i8")]),
        lambda: np.zeros(array.shape, "M8[s]"),
        lambda: np.zeros((3, 0, 2)),
        lambda: np.array(one_of(rng, NUMBERS[:10])),
    )
    return one_of(rng, kinds)()


def npy_bytes(array):
    """Return an array as a file of NumPy; objects are pickled."""
    target = io.BytesIO()
    npy.write_array(target, np.asarray(array), allow_pickle=True)
    return target.getvalue()


HEADERS = (
    "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 3), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 3), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (10**99, 3), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999999, 3), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '<U99999999', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '|V0', 'fortran_order': False, 'shape': (9,), }",
    "{'descr': [('a', '<f8'), ('b', '|O')], 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '<f8', 'fortran_order': 'no', 'shape': (True,), }",
    "{'descr': '<f8', 'shape': (1,)}",
    "{'descr': 7, 'fortran_order': False, 'shape': 3}",
    "{'descr': 'nothing', 'fortran_order': False, 'shape': (1,)}",
    "(" * 4000,
    "-" * 9000 + "1",
    "[" * 80 + "]" * 80,
    "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'more': 1}",
    "__import__('os').system('touch " + CANARY + "')",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (1L,)}",
    "'''",
    "\0",
    "9" * 5000,
    "{" * 30,
)


def hostile_npy(rng):
    """Return a file of NumPy with a header of choice."""
    version = one_of(rng, ((1, 0), (2, 0), (3, 0), (9, 9), (1, 0)))
    header = one_of(rng, HEADERS).encode() + b"\n"
    length = struct.pack("<H" if version[0] == 1 else "<I", min(len(header), 65535))
    return b"\x93NUMPY" + bytes(version) + length + header + bytes(80)


def pickled_npy():
    """Return a file of NumPy whose one object leaves the canary when it is loaded."""
    array = np.empty(1, dtype=object)
    array[0] = Canary()
    return npy_bytes(array)


def bomb_npy(shape=(1000, 8, 3), most=10**8):
    """Return an array of zeros of 100 MB, which deflates to 100 kB."""
    rows = most // (8 * int(np.prod(shape[1:], dtype=np.int64)))
    return npy_bytes(np.zeros((rows, *shape[1:])))


def write_npz(path, members, compression=zipfile.ZIP_STORED):
    """Write a zip file of {name: bytes}."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compression)


def mutate_npz(rng, path, arrays):
    """Write an npz file of ``arrays`` with something wrong in it."""
    members = [(f"{name}.npy", npy_bytes(array)) for name, array in arrays.items()]
    compression = one_of(
        rng, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    )
    for _ in range(int(rng.integers(1, 3))):
        if not members:
            break
        at = int(rng.integers(len(members)))
        name, content = members[at]
        array = arrays.get(name.removesuffix(".npy"), np.zeros(1))
        kind = int(rng.integers(12))
        if kind <= 2:
            members[at] = name, npy_bytes(other_array(rng, array))
        elif kind == 3:
            members[at] = name, hostile_npy(rng)
        elif kind == 4:
            members[at] = name, pickled_npy()
        elif kind == 5:
            members[at] = name, pickle.dumps(Canary())
        elif kind == 6:
            members[at] = name, bomb_npy(np.shape(array) or (1,))
            compression = zipfile.ZIP_DEFLATED
        elif kind == 7:
            del members[at]
        elif kind == 8:
            members[at] = one_of(rng, NAMES[1:]).replace("\0", "") + ".npy", content
        elif kind == 9:
            members.append((one_of(rng, ("x.npy", name, "x", "../x.npy", "dir/")), content))
        elif kind == 10:
            members[at] = name, mutate_bytes(rng, content)
        else:
            flat = np.array(array)
            if flat.size and flat.dtype.kind in "iuf":
                flat.reshape(-1)[int(rng.integers(flat.size))] = one_of(rng, (0, 1, 2, 100))
            members[at] = name, npy_bytes(flat)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_npz(path, members, compression)
    kind = int(rng.integers(6))
    if kind == 0:
        path.write_bytes(mutate_bytes(rng, path.read_bytes()))
    elif kind == 1 and rng.integers(3) == 0:  # what the central directory says of each member
        data = bytearray(path.read_bytes())
        at = data.find(b"PK\x01\x02")
        if at >= 0:
            data[at + int(rng.integers(4, 46))] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(data))
    elif kind == 2 and rng.integers(6) == 0:
        path.write_bytes(
            one_of(rng, (npy_bytes(np.zeros(3)), pickled_npy(), pickle.dumps(Canary())))
        )
