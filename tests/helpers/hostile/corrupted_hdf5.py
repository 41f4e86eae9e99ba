"""HDF5 made wrong: an array, a link, an attribute or a name is replaced."""

import contextlib
import functools
import json
import zlib

import h5py
import numpy as np

from hostile.corrupted_arrays import ARRAYS
from hostile.corrupted_documents import anything
from hostile.corrupted_text import FLOATS, NAMES, NUMBERS, mutate_bytes, one_of, some


def _replace(file, name, value):
    """Put something in the place of an object; what HDF5 cannot hold becomes a group."""
    del file[name]
    try:
        file[name] = value
    except (TypeError, ValueError, OverflowError):
        file.create_group(name)


def _other_array(rng, file, name, outside):
    _replace(file, name, one_of(rng, ARRAYS)(rng, np.asarray(file[name][()])))


def _other_object(rng, file, name, outside):
    text = h5py.string_dtype()
    values = ("text", h5py.Empty("f"), np.array(["a", "b"], dtype=text), np.dtype("f8"))
    _replace(file, name, one_of(rng, (*values, np.array([file.ref], dtype=h5py.ref_dtype))))


def _fill(dtype, value):
    """Return what stands where nothing was written; text, put there before, has no number."""
    return value if dtype.kind in "iufb" else None


def _huge(rng, file, name, outside):
    """Declare a data set of a size that the file does not have."""
    dtype, rest = file[name].dtype, file[name].shape[1:]
    rows = one_of(rng, (10**5, 10**7, 10**9, 10**12))
    packed = one_of(rng, ({}, {"compression": "gzip", "compression_opts": 9}))
    chunks = (min(rows, 2**16), *rest)
    del file[name]
    file.create_dataset(
        name, (rows, *rest), dtype, chunks=chunks, fillvalue=_fill(dtype, 1), **packed
    )


@functools.cache
def _packed_zeros(size):
    return zlib.compress(bytes(size), 9)


def _bomb(rng, file, name, outside):
    """Compress 100 MB of zeros to a few kilobytes, under a right name and type."""
    dtype, rest = file[name].dtype, file[name].shape[1:]
    row = max(int(np.prod(rest, dtype=np.int64)) * dtype.itemsize, 1)
    shape = (10**8 // row, *rest)
    del file[name]
    dense = file.create_dataset(
        name, shape, dtype, chunks=shape, compression="gzip", compression_opts=9
    )
    dense.id.write_direct_chunk((0,) * dense.ndim, _packed_zeros(shape[0] * row))


def _stored_outside(rng, file, name, outside):
    """Keep numbers in another file, as raw bytes or as a virtual data set."""
    shape, dtype = file[name].shape, file[name].dtype
    where = one_of(rng, (str(outside), "/dev/zero", "/etc/passwd", "../decoy"))
    size = max(int(np.prod(shape)) * dtype.itemsize, 1)
    del file[name]
    if rng.integers(2):
        file.create_dataset(name, shape, dtype, external=[(where, 0, size)])
        return
    layout = h5py.VirtualLayout(shape=shape, dtype=dtype)
    layout[...] = h5py.VirtualSource(where, name, shape=shape, dtype=dtype)
    file.create_virtual_dataset(name, layout, fillvalue=_fill(dtype, 0))


def _link(rng, file, name, outside):
    """Put a link out of the file, to itself or to nothing in something's place."""
    path = one_of(rng, (str(outside), "../decoy.h5", "/dev/zero", file.filename))
    soft = h5py.SoftLink("/" + one_of(rng, ("", name, "nothing", "../x")))
    hard = file[one_of(rng, ["/", *_objects(file)])]
    del file[name]
    file[name] = one_of(rng, (h5py.ExternalLink(path, "/" + name), soft, hard))


def _delete(rng, file, name, outside):
    del file[name]


def _rename(rng, file, name, outside):
    others = ("X-4-H", "..", "é", "OH-4-H", "primary", "minimum", "relaxed", "a b", "x" * 900)
    parent = name.rpartition("/")[0]
    target = f"{parent}/{one_of(rng, others)}".strip("/")
    if target not in file:
        one_of(rng, (file.move, file.copy, lambda _, target: file.create_group(target)))(
            name, target
        )


ATTRIBUTES = (
    lambda rng: one_of(rng, [number for number in NUMBERS if -(2**63) <= number < 2**63]),
    lambda rng: one_of(rng, FLOATS),
    lambda rng: one_of(rng, NAMES).replace("\0", ""),
    lambda rng: one_of(rng, (b"\xff\xfe", "[" * 20_000, h5py.Empty("S4"))),
    lambda rng: np.arange(int(rng.integers(4))),
    lambda rng: np.zeros(2, [("a", "f4")]),
    lambda rng: np.array(["a", "b"], dtype=h5py.string_dtype()),
    lambda rng: json.dumps(anything(rng)),
)


def _attribute(rng, file, name, outside):
    attributes = file[name].attrs
    key = one_of(rng, (*attributes, *attributes, "x", "seed", "é"))
    if key in attributes and rng.integers(9) == 0:
        del attributes[key]
        return
    try:
        attributes[key] = one_of(rng, ATTRIBUTES)(rng)
    except (TypeError, ValueError, OverflowError, OSError, RuntimeError):
        attributes[key] = "?"


def _objects(file):
    names = []
    file.visit(names.append)
    return names


def _arrays(file):
    return [name for name in _objects(file) if getattr(file[name], "shape", None)]


def _with_attributes(file):
    return [name for name in ["/", *_objects(file)] if len(file[name].attrs)]


HDF5 = (
    *((_arrays, _other_array),) * 4,
    (_arrays, _other_object),
    (_arrays, _huge),
    (_arrays, _bomb),
    (_arrays, _stored_outside),
    (_objects, _link),
    (_objects, _delete),
    (_objects, _rename),
    *((_with_attributes, _attribute),) * 3,
)


def mutate_hdf5(rng, path, outside, seal=None):
    """Change an HDF5 file on disk, as a file of HDF5 or as bytes.

    ``outside`` is a file that links may lead to. Where ``seal`` is given it makes checksums right
    again in half of the cases, so that what the numbers say is looked at.
    """
    if rng.integers(3) == 0:
        path.write_bytes(mutate_bytes(rng, path.read_bytes()))
        return
    wrong = (OSError, RuntimeError, MemoryError, KeyError)  # of what an earlier change led out
    with h5py.File(path, "r+") as file:
        for _ in some(rng, 3):
            with contextlib.suppress(*wrong):
                places, change = one_of(rng, HDF5)
                if names := places(file):
                    change(rng, file, one_of(rng, names), outside)
    if seal is not None and rng.integers(2):
        with contextlib.suppress(*wrong):
            seal(path)
