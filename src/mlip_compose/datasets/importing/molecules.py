"""The molecule of each imported frame: from its geometry, held against the name it has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from mlip_compose.core.errors import DataError, NotOfThisKindError, RequestError
from mlip_compose.core.records import BoolArray, FloatArray, IntArray, Molecule
from mlip_compose.molecules.geometry import most_changed_bond, topology_kept
from mlip_compose.molecules.perception import molecule_of_geometry
from mlip_compose.molecules.series import parse_name
from mlip_compose.store.formats.base import RawFrames
from mlip_compose.store.schema import group_name

HEAVIEST: Final = 118
"""Largest atomic number, that of oganesson."""

_Atoms = tuple[bytes, int, int]
"""Atomic numbers in their order, total charge, and spin multiplicity."""

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
    """Frames of one source, name and order of atoms whose molecule was not found.

    Attributes
    ----------
    reason
        Why the first of the frames is none.
    frame
        Index of this frame in its source.
    positions : (N, 3) float
        The positions of this frame, Angstrom.
    count
        Number of frames.
    """

    reason: str
    frame: int
    positions: FloatArray
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
        self._names: dict[tuple[str, str, int, int], str] = {}  # by identity
        self._by_atoms: dict[_Atoms, list[Molecule]] = {}
        self._first_source: dict[str, Path] = {}
        self._molecule_called: dict[tuple[str, int, int], str] = {}  # by name and state
        self._molecule_in: dict[tuple[str, _Atoms], str] = {}  # by name or source, and atoms
        self._unrecognised: dict[tuple[Path, str, _Atoms], _Unrecognised] = {}

    def sort(self, frames: RawFrames, positions: FloatArray) -> list[SortedFrames]:
        """Sort frames by molecule; frames whose molecule is not found are in none of the results.

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
        for molecule in self._by_atoms.get(_atoms_of(frames), ()):
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
        """Return the frames whose molecule was not found: their source, and the reason.

        Raises
        ------
        DataError
            Such frames have the atoms of a molecule that others are of, and a bond broke or formed
            in them.
        """
        for (source, name, atoms), frames in self._unrecognised.items():
            molecule = self._molecule_in.get((name or str(source), atoms))
            if molecule:
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
        key = name_of(frames) or str(frames.source), _atoms_of(frames)
        self._molecule_in[key] = molecule.name
        is_open[rows] = False
        return [SortedFrames(molecule, rows)]

    def _register(self, molecule: Molecule, frames: RawFrames, index: int) -> None:
        place = f"frame {frames.first + index} of {frames.source}"
        identity = molecule.smiles, molecule.inchikey, molecule.charge, molecule.spin
        if same := self._names.get(identity):
            raise DataError(
                f"the atoms of {same} in one order, that of its first frame "
                f"({self._first_source[same]})",
                f"another order in {place}",
                "Put the atoms of every frame in the same order.",
            )
        if other := self.molecules.get(molecule.name):
            raise DataError(
                f"one molecule, {other.smiles}, under the name {other.name!r}",
                f"{molecule.smiles} under it in {place}",
                "Correct the names, or remove them: molecules are recognised without.",
            )
        self._names[identity] = molecule.name
        self.molecules[molecule.name] = molecule
        self._first_source[molecule.name] = frames.source
        self._by_atoms.setdefault(_atoms_of(frames), []).append(molecule)

    def _check_name(self, molecule: Molecule, frames: RawFrames) -> None:
        name = name_of(frames)
        key = name, molecule.charge, molecule.spin
        expected = self._molecule_called.setdefault(key, molecule.name) if name else molecule.name
        if molecule.spin == 1:
            expected = _canonical_name(name) or expected
        if expected != molecule.name:
            raise DataError(
                f"one molecule, {expected}, under the name {name!r}",
                f"a geometry of {molecule.name} ({molecule.smiles}) under it in {frames.source}",
                "Correct the names, or remove them: molecules are recognised without.",
            )

    def _recognise(self, frames: RawFrames, index: int, positions: FloatArray) -> Molecule | None:
        """Return the molecule of a frame, or note why there is none.

        A molecule without a name is called as its file where the format has one in a file.
        """
        stem = frames.source.stem if frames.source.suffix == ".npz" else ""
        name = group_name(frames.name or stem)
        if not frames.name and name in self.molecules:  # files of one name in several folders
            name = ""
        try:
            charge, spin = state_of(frames)
            return molecule_of_geometry(frames.numbers, positions, charge, name, spin)
        except NotOfThisKindError as error:
            reason = error.found
        key = frames.source, name_of(frames), _atoms_of(frames)
        first = _Unrecognised(reason, frames.first + index, positions.copy())
        self._unrecognised.setdefault(key, first).count += 1
        return None


def _atoms_of(frames: RawFrames) -> _Atoms:
    return frames.numbers.tobytes(), *state_of(frames)


def state_of(frames: RawFrames) -> tuple[int, int]:
    """Return total charge and spin multiplicity: those that are said, else 0 and the lowest spin.

    An odd number of electrons is a doublet only where charge or spin are said: without, the charge
    was forgotten more likely.
    """
    charge = frames.charge or 0
    if frames.spin is not None:
        return charge, frames.spin
    electrons = int(frames.numbers.sum()) - charge
    return charge, 2 if electrons % 2 and frames.charge is not None else 1


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
