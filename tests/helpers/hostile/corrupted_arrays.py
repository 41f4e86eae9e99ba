"""Arrays, and npz files of them, made wrong: another type, shape or content; code; bombs."""

import io
import pickle
import struct
import warnings
import zipfile

import numpy as np
from numpy.lib import format as npy

from hostile.canary import CANARY, Canary
from hostile.corrupted_text import FLOATS, NAMES, NUMBERS, mutate_bytes, one_of, some


def _one_number_other(rng, array):
    changed = array.copy()
    if array.size and array.dtype.kind in "iuf":
        numbers = FLOATS if array.dtype.kind == "f" else (0, 1, 2, 100, 255, -1, 2**30)
        with np.errstate(all="ignore"):
            changed.flat[int(rng.integers(array.size))] = np.array(one_of(rng, numbers)).astype(
                array.dtype
            )
    return changed


def _as_number(array, dtype):
    return array.astype(dtype) if array.dtype.kind in "iuf" else array


ARRAYS = (
    *(_one_number_other,) * 4,
    lambda rng, array: _as_number(array, one_of(rng, ("f2", "f8", "i8", "c8", "c16", "S4"))),
    lambda rng, array: array.astype(array.dtype.newbyteorder(">")),
    lambda rng, array: np.asfortranarray(array),
    lambda rng, array: array[..., None],
    lambda rng, array: array.reshape(-1)[:-1],
    lambda rng, array: array[: int(rng.integers(2))] if array.ndim else array,
    lambda rng, array: np.zeros(array.shape[::-1], array.dtype),
    lambda rng, array: np.full(array.shape, one_of(rng, (0, 1, 255))),
    lambda rng, array: np.full(array.shape, one_of(rng, FLOATS)),
    lambda rng, array: -_as_number(array, "f8") if array.dtype.kind in "iuf" else array,
    lambda rng, array: np.zeros(array.shape, one_of(rng, ([("a", "f4"), ("b", "i8")], "M8[s]"))),
    lambda rng, array: np.zeros((3, 0, 2)),
    lambda rng, array: np.array(one_of(rng, (*FLOATS, *NUMBERS[:10], *NAMES, b"\xff\xfe"))),
)


# --- npz: a member is replaced


def npy_bytes(array):
    """Return an array as a file of NumPy; objects are pickled."""
    target = io.BytesIO()
    npy.write_array(target, np.asarray(array), allow_pickle=True)
    return target.getvalue()


HEADERS = (
    *(
        f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
        for dtype, shape in (
            ("<f8", "(1000000000000,)"),
            ("<f8", "(1000000000, 3)"),
            ("<f8", "(-1, 3)"),
            ("<f8", "(10**99, 3)"),
            ("<f8", "(99999999999999999999999, 3)"),
            ("<f8", "(1L,)"),
            ("|O", "(1,)"),
            ("<U99999999", "(1,)"),
            ("|V0", "(9,)"),
            ("nothing", "(1,)"),
        )
    ),
    "{'descr': [('a', '<f8'), ('b', '|O')], 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '<f8', 'fortran_order': 'no', 'shape': (True,), }",
    "{'descr': '<f8', 'shape': (1,)}",
    "{'descr': 7, 'fortran_order': False, 'shape': 3}",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'more': 1}",
    f"__import__('os').system('touch {CANARY}')",
    *("(" * 4000, "-" * 9000 + "1", "[" * 80 + "]" * 80, "'''", "\0", "9" * 5000, "{" * 30),
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
    """Write a zip file of [(name, bytes)]; a name may stand in it more than once."""
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", compression) as archive:
        warnings.simplefilter("ignore")
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compression)


MEMBERS = (
    *(lambda rng, name, array: [(name, npy_bytes(one_of(rng, ARRAYS)(rng, array)))],) * 4,
    lambda rng, name, array: [(name, hostile_npy(rng))],
    lambda rng, name, array: [(name, pickled_npy())],
    lambda rng, name, array: [(name, pickle.dumps(Canary()))],
    lambda rng, name, array: [(name, bomb_npy(array.shape or (1,)))],
    lambda rng, name, array: [],
    lambda rng, name, array: [
        (one_of(rng, NAMES[1:]).replace("\0", "") + ".npy", npy_bytes(array))
    ],
    lambda rng, name, array: [
        (name, npy_bytes(array)),
        (one_of(rng, ("x.npy", name, "x", "../x.npy", "dir/")), npy_bytes(array)),
    ],
    lambda rng, name, array: [(name, mutate_bytes(rng, npy_bytes(array)))],
)
"""(generator, name, array) -> what stands in the file in place of this member."""


def mutate_npz(rng, path, arrays):
    """Write an npz file of ``arrays`` with something wrong in it."""
    wrong = {one_of(rng, list(arrays)) for _ in some(rng, 2)}
    members = []
    for key, array in arrays.items():
        name = f"{key}.npy"
        if key in wrong:
            members += one_of(rng, MEMBERS)(rng, name, np.asarray(array))
        else:
            members.append((name, npy_bytes(array)))
    dense = any(len(content) > 10**7 for _, content in members)
    kinds = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    write_npz(path, members, zipfile.ZIP_DEFLATED if dense else one_of(rng, kinds))
    kind = int(rng.integers(18))
    if kind < 3:
        path.write_bytes(mutate_bytes(rng, path.read_bytes()))
    elif kind == 3:  # what the central directory says of the first member
        data = bytearray(path.read_bytes())
        at = data.find(b"PK\x01\x02")
        data[at + int(rng.integers(4, 46))] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
    elif kind == 4:
        no_archive = (npy_bytes(np.zeros(3)), pickled_npy(), pickle.dumps(Canary()))
        path.write_bytes(one_of(rng, no_archive))
