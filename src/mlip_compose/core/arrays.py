"""Arrays in npz files of others: nothing is unpickled, and only what is asked for is read."""

from __future__ import annotations

import lzma
import math
import struct
import tokenize
import zipfile
import zlib
from typing import IO, Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

SUFFIX: Final = ".npy"
DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    tokenize.TokenError,  # NumPy mends headers of Python 2
    EOFError,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    SyntaxError,
    RuntimeError,  # an encrypted member, one of an unknown compression, a header that is too deep
    MemoryError,  # so is that of a header which is too deep
)
"""Errors that zipfile and NumPy raise for a damaged file."""


class Header:
    """The shape and type of an array, which a file has before the numbers.

    Attributes
    ----------
    shape, dtype
        Shape and type of the array.
    fortran
        Whether the first axis varies fastest.

    Raises
    ------
    ValueError
        The array is of Python objects, which only code in the file itself could read; or its shape
        has a negative length.
    """

    def __init__(self, file: IO[bytes]) -> None:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        self.shape, self.fortran, self.dtype = read(file)
        if self.dtype.hasobject:
            raise ValueError("an array of Python objects")
        if min(self.shape, default=0) < 0:
            raise ValueError(f"an array of shape {self.shape}")

    @property
    def bytes(self) -> int:
        """Size of all numbers in bytes."""
        return math.prod(self.shape) * int(self.dtype.itemsize)


def members(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the members of an npz file by the names of their arrays: ``R`` -> ``R.npy``."""
    return {name.removesuffix(SUFFIX): name for name in archive.namelist()}


def header_of(archive: zipfile.ZipFile, member: str) -> Header:
    """Read the shape and type of an array in an npz file; see :class:`Header` for errors."""
    with archive.open(member) as file:
        return Header(file)


def read_member(archive: zipfile.ZipFile, member: str, most: int) -> NDArray[Any]:
    """Read an array of at most ``most`` bytes from an npz file.

    Raises
    ------
    ValueError, or another of ``DAMAGE``
        The array is truncated, damaged, larger, or of Python objects.
    """
    with archive.open(member) as file:
        header = Header(file)
        if header.bytes > most:
            raise ValueError(
                f"{member} of shape {header.shape} and type {header.dtype}, {header.bytes:,} bytes "
                f"where {most:,} are the most"
            )
        array = np.frombuffer(read_exactly(file, header.bytes), header.dtype)
        return array.reshape(header.shape, order="F" if header.fortran else "C")


def read_exactly(file: IO[bytes], size: int) -> bytes:
    """Read ``size`` bytes.

    Raises
    ------
    EOFError
        The file ends before.
    """
    content = file.read(size) if size else b""
    if len(content) != size:
        raise EOFError(f"{len(content)} bytes where {size} should be")
    return content
