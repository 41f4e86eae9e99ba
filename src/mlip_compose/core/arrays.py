"""Arrays in npz files of others: nothing is unpickled, and nothing read that is not wanted."""

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
"""What zipfile and NumPy raise for a file that is damaged."""


class Header:
    """What an array in a file says of itself before its numbers.

    Attributes
    ----------
    shape, dtype, fortran
        Of the array; ``fortran`` says that its first axis varies fastest.

    Raises
    ------
    ValueError
        For an array of Python objects, which only running the file's own code would read, or a
        shape that cannot be.
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
        """Of all numbers."""
        return math.prod(self.shape) * int(self.dtype.itemsize)


def members(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the names of the arrays in an npz file, and of the members that they are."""
    return {name.removesuffix(SUFFIX): name for name in archive.namelist()}


def read_member(archive: zipfile.ZipFile, member: str, most: int) -> NDArray[Any]:
    """Read an array of at most ``most`` bytes from an npz file.

    Raises
    ------
    ValueError, or another of ``DAMAGE``
        Truncated, damaged, larger, or of Python objects.
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
    """Read so many bytes.

    Raises
    ------
    EOFError
        There are fewer.
    """
    found = file.read(size) if size else b""
    if len(found) != size:
        raise EOFError(f"{len(found)} bytes where {size} should be")
    return found
