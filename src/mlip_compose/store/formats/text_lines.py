"""Lines of text files of others, whatever their encoding and marks."""

from __future__ import annotations

import io
from typing import IO, Final

LONGEST: Final = 64 * 2**20
"""Most bytes of a line."""
HEAVY_HYDROGENS: Final = ("D", "T")
"""Names of deuterium and tritium."""
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


class TextLines:
    """Lines of extended XYZ, which end.

    Bytes that are no UTF-8 are Latin-1. A byte order mark is left out. Atoms that are called D or T
    are called H: isotopes have the same energies and forces. ASE asks for as many lines as a frame
    states atoms, also behind the end of the file.

    Parameters
    ----------
    file
        The file, at its beginning.

    Attributes
    ----------
    deuterium
        Number of atoms called D or T in the frame that is read.
    """

    def __init__(self, file: IO[bytes]) -> None:
        mark = file.read(3)
        if mark[:2] in _UTF16_MARKS:
            file.seek(0)
            file = io.BytesIO(file.read().decode("utf-16").encode())
            mark = b""
        self._file = file
        self._first = len(_UTF8_MARK) if mark == _UTF8_MARK else 0
        self._ends = 0
        self._column: int | None = None
        self.deuterium = 0
        self.seek(0)

    def begin_atoms(self, properties: str) -> None:
        """Say that lines of atoms follow.

        Parameters
        ----------
        properties
            The columns in ASE's words, such as ``species:S:1:pos:R:3``; may be empty.
        """
        self.deuterium = 0
        self._column = 0
        parts = properties.split(":")
        if "species" in parts[::3]:
            before = parts[2::3][: parts[::3].index("species")]
            self._column = sum(map(int, before))

    def tell(self) -> int:
        """Return the place in the file."""
        return self._file.tell()

    def seek(self, offset: int) -> int:
        """Go to a place in the file; 0 is the first letter."""
        return self._file.seek(max(offset, self._first))

    def __iter__(self) -> TextLines:
        return self

    def __next__(self) -> str:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def readline(self) -> str:
        """Return the next line; an empty text at the end.

        Raises
        ------
        EOFError
            The file ended before.
        ValueError
            The line is longer than ``LONGEST``.
        """
        raw = self._file.readline(LONGEST)
        self._ends = 0 if raw else self._ends + 1
        if self._ends > 3:  # at the end of a whole file ASE looks for cell vectors, then a header
            raise EOFError("the file ends within a frame")
        if len(raw) == LONGEST:
            raise ValueError(f"a line of more than {LONGEST:,} bytes")
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError:
            line = raw.decode("latin-1")
        return line if self._column is None else self._with_hydrogen(line)

    def _with_hydrogen(self, line: str) -> str:
        """Call heavy hydrogens by the name of the element."""
        column = self._column or 0
        if "D" not in line and "T" not in line:
            return line
        words = line.split()
        if len(words) > column and words[column] in HEAVY_HYDROGENS:
            words[column] = "H"
            self.deuterium += 1
            return " ".join(words) + "\n"
        return line
