"""The molecule of each imported frame: from its geometry, held against the name it has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from mlip_compose.core.errors import DataError, NotOfThisKindError, RequestError, UnknownNameError
from mlip_compose.core.records import BoolArray, FloatArray, IntArray, Molecule
from mlip_compose.molecules.geometry import most_changed_bond, topology_kept
from mlip_compose.molecules.recognition import perceive_bonds, recognise_geometry
from mlip_compose.molecules.series import parse_name
from mlip_compose.molecules.trees import read_tree
from mlip_compose.store.formats.base import RawFrames

LARGEST: Final = 256
"""Most atoms of a molecule: a store keeps their indices in a byte."""
HEAVIEST: Final = 118
"""Largest atomic number, that of oganesson."""

_NAME: Final = re.compile(r"(?<![A-Za-z0-9])[A-Z][A-Za-z0-9]*-[0-9]+-[A-Z][A-Za-z0-9]*")


def check_values(frames: RawFrames) -> None:
    """Check that atomic numbers are of elements, shapes fit each other, and numbers are finite.

    Raises
    ------
    DataError
        Names the first frame in which that is not so.
    """
    if ((frames.numbers < 0) | (frames.numbers > HEAVIEST)).any():
        raise DataError(
            f"atomic numbers of elements in frame {frames.first} of {frames.source}",
            f"{frames.numbers.min()} to {frames.numbers.max()}",
        )
    expected = (len(frames), len(frames.numbers), 3)
    for label in ("positions", "forces"):
        shape = getattr(frames, label).shape
        if shape != expected:
            raise DataError(
                f"{label} of shape {expected[1:]} (atoms, 3) in frame {frames.first} of "
                f"{frames.source}",
                f"shape {shape[1:]}",
            )
    for label in ("positions", "energy", "forces"):
        values = getattr(frames, label).reshape(len(frames), -1)
        wrong = ~np.isfinite(values)
        if wrong.any():
            index = int(np.argmax(wrong.any(axis=1)))
            value = values[index][wrong[index]][0]
            raise DataError(
                f"finite {label} in every frame of {frames.source}",
                f"{value} in frame {frames.first + index}",
                "Remove such frames or label them anew.",
            )


class SortedFrames(NamedTuple):
    """A molecule, and its rows (F,) among the frames that were sorted."""

    molecule: Molecule
    rows: IntArray


@dataclass
class _Unrecognised:
    """Frames of one source, name and order of atoms that are not X-(CH2)n-Y.

    Attributes
    ----------
    reason
        Why the frame below is none.
    frame
        Index of one of the frames in its source; of a broken molecule where there is such a frame.
    positions : (N, 3) float
        The positions of this frame, Angstrom.
    is_whole
        Whether this frame is one molecule of complete atoms, of whichever kind.
    count
        Number of frames.
    """

    reason: str
    frame: int
    positions: FloatArray
    is_whole: bool
    count: int = 0


class MoleculeCollector:
    """Recognises the molecule of every frame, and refuses frames that contradict each other.

    Attributes
    ----------
    molecules
        The molecules so far, by name, with atoms in the order of their frames.
    """

    def __init__(self) -> None:
        self.molecules: dict[str, Molecule] = {}
        self._by_numbers: dict[bytes, list[Molecule]] = {}
        self._first_source: dict[str, Path] = {}
        self._molecule_called: dict[str, str] = {}
        self._molecule_in: dict[tuple[str, bytes], str] = {}  # by name or source, and atoms
        self._unrecognised: dict[tuple[Path, str, bytes], _Unrecognised] = {}

    def sort(self, frames: RawFrames, positions: FloatArray) -> list[SortedFrames]:
        """Sort frames by molecule; frames of no molecule X-(CH2)n-Y are in none of the results.

        Parameters
        ----------
        frames
            Frames that :func:`check_values` accepts.
        positions : (F, N, 3) float
            Their positions in Angstrom.

        Raises
        ------
        DataError
            Atoms are in another order than in other frames of the molecule, or frames have the name
            of another molecule.
        """
        groups: list[SortedFrames] = []
        is_open = np.ones(len(frames), dtype=bool)
        for molecule in self._by_numbers.get(frames.numbers.tobytes(), ()):
            groups += self._accepted(molecule, frames, positions, is_open)
        for index in range(len(frames)):
            recognised = (
                self._recognise(frames, index, positions[index]) if is_open[index] else None
            )
            if recognised is not None:
                self._register(recognised, frames, index)
                groups += self._accepted(recognised, frames, positions, is_open)
        return groups

    def skipped(self) -> tuple[tuple[str, str], ...]:
        """Return the frames that are of no molecule X-(CH2)n-Y: their source, and the reason.

        Raises
        ------
        DataError
            Such frames are of a molecule that others are of, and a bond broke or formed in them.
        """
        for (source, name, atoms), frames in self._unrecognised.items():
            molecule = self._molecule_in.get((name or str(source), atoms))
            if molecule and not frames.is_whole:
                changed = most_changed_bond(self.molecules[molecule], frames.positions)
                raise DataError(
                    f"every bond of {molecule}, and no other, in every frame",
                    f"{changed} in frame {frames.frame} of {source}",
                    "A reaction is no sample of the molecule; remove such frames.",
                )
        return tuple(
            (
                f"{source.name}{f' ({name})' if name else ''}",
                f"{frames.count} frames: {frames.reason}",
            )
            for (source, name, _), frames in self._unrecognised.items()
        )

    def _accepted(
        self, molecule: Molecule, frames: RawFrames, positions: FloatArray, is_open: BoolArray
    ) -> list[SortedFrames]:
        """Take the open frames that have the bonds of a molecule, and close them."""
        rows = np.flatnonzero(is_open)
        rows = rows[topology_kept(molecule, positions[rows])]
        if not len(rows):
            return []
        self._check_name(molecule, frames)
        key = name_of(frames) or str(frames.source), frames.numbers.tobytes()
        self._molecule_in[key] = molecule.name
        is_open[rows] = False
        return [SortedFrames(molecule, rows)]

    def _register(self, molecule: Molecule, frames: RawFrames, index: int) -> None:
        if molecule.name in self.molecules:
            raise DataError(
                f"the atoms of {molecule.name} in one order, that of its first frame "
                f"({self._first_source[molecule.name]})",
                f"another order in frame {frames.first + index} of {frames.source}",
                "Put the atoms of every frame in the same order.",
            )
        self.molecules[molecule.name] = molecule
        self._first_source[molecule.name] = frames.source
        self._by_numbers.setdefault(frames.numbers.tobytes(), []).append(molecule)

    def _check_name(self, molecule: Molecule, frames: RawFrames) -> None:
        name = name_of(frames)
        expected = self._molecule_called.setdefault(name, molecule.name) if name else molecule.name
        expected = _canonical_name(name) or expected
        if expected != molecule.name:
            raise DataError(
                f"one molecule, {expected}, under the name {name!r}",
                f"a geometry of {molecule.name} ({molecule.smiles}) under it in {frames.source}",
                "Correct the names, or remove them: molecules are recognised without.",
            )

    def _recognise(self, frames: RawFrames, index: int, positions: FloatArray) -> Molecule | None:
        """Return the molecule of a frame, or note why it is none."""
        numbers = frames.numbers
        is_small = len(numbers) <= LARGEST
        try:
            if is_small:
                return recognise_geometry(numbers, positions)
            reason = f"{len(numbers)} atoms, more than {LARGEST}"
        except (NotOfThisKindError, UnknownNameError) as error:
            reason = error.found
        key = frames.source, name_of(frames), numbers.tobytes()
        is_whole = not is_small or _is_whole(numbers, positions)
        noted = self._unrecognised.get(key)
        if noted is None or (noted.is_whole and not is_whole):
            count = noted.count if noted else 0
            frame = frames.first + index
            noted = _Unrecognised(reason, frame, positions.copy(), is_whole, count)
            self._unrecognised[key] = noted
        noted.count += 1
        return None


def name_of(frames: RawFrames) -> str:
    """Return the name of the frames' molecule: from metadata, or X-n-Y in the name of their file.

    Empty where neither has one, or the file's name has several.
    """
    if frames.name:
        return frames.name
    names = [name for name in _NAME.findall(frames.source.stem) if _canonical_name(name)]
    return names[0] if len(names) == 1 else ""


def _canonical_name(name: str) -> str:
    """Return ``OH-4-H`` for ``H-4-OH``; empty for a name that is not X-n-Y."""
    try:
        return parse_name(name).name
    except RequestError:
        return ""


def _is_whole(numbers: IntArray, positions: FloatArray) -> bool:
    """Return whether a geometry is one molecule of complete atoms, of whichever kind."""
    try:
        read_tree(numbers, perceive_bonds(numbers, positions), None)
    except RequestError:
        return False
    return True
