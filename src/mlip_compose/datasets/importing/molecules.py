"""Which molecule each imported frame is of: from its geometry, held against what it is called."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mlip_compose.core.errors import DataError, NotOfThisKindError, RequestError, UnknownNameError
from mlip_compose.core.records import BoolArray, FloatArray, IntArray, Molecule
from mlip_compose.molecules.assembly import parse_name
from mlip_compose.molecules.geometry import covalent_sums, topology_kept
from mlip_compose.molecules.recognition import perceive_bonds, recognise_geometry
from mlip_compose.molecules.trees import read_tree
from mlip_compose.store.formats.base import RawFrames

Keep = Callable[[Molecule, RawFrames, FloatArray, IntArray], None]
"""Called with a molecule, frames, their positions in Angstrom, and which of them are its."""

LARGEST: Final = 256
"""Atoms of a molecule: a store keeps their indices in a byte."""
HEAVIEST: Final = 118

_NAME: Final = re.compile(r"(?<![A-Za-z0-9])[A-Z][A-Za-z0-9]*-[0-9]+-[A-Z][A-Za-z0-9]*")


@dataclass
class _Left:
    """Frames of one source, name and order of atoms that are not X-(CH2)n-Y."""

    reason: str
    frame: int
    positions: FloatArray
    whole: bool
    count: int = 0


class MoleculeCollector:
    """Recognises the molecule of every frame, and that nothing contradicts it.

    Parameters
    ----------
    keep
        Told which frames are of which molecule.

    Attributes
    ----------
    molecules
        Those found, by name, with atoms in the order of their frames.
    """

    def __init__(self, keep: Keep) -> None:
        self.molecules: dict[str, Molecule] = {}
        self._keep = keep
        self._by_numbers: dict[bytes, list[Molecule]] = {}
        self._first_source: dict[str, Path] = {}
        self._named: dict[str, str] = {}
        self._taken: dict[tuple[str, bytes], str] = {}  # source or name, and atoms
        self._left: dict[tuple[Path, str, bytes], _Left] = {}

    def take(self, frames: RawFrames, positions: FloatArray) -> int:
        """Sort frames into molecules and return how many are of one.

        Parameters
        ----------
        frames
            As read, and found whole by :func:`check_values`.
        positions : (F, N, 3) float
            Theirs in Angstrom.

        Raises
        ------
        DataError
            Atoms in another order than in other frames of the molecule, or a name that is another
            molecule's.
        """
        atoms = frames.numbers.tobytes()
        open_ = np.ones(len(frames), dtype=bool)
        for molecule in self._by_numbers.get(atoms, ()):
            self._accept(molecule, frames, positions, open_)
        for index in range(len(frames)):
            found = self._recognise(frames, index, positions[index]) if open_[index] else None
            if found is not None:
                self._register(found, frames, index)
                self._accept(found, frames, positions, open_)
        return int(np.count_nonzero(~open_))

    def finish(self) -> tuple[tuple[str, str], ...]:
        """Return what was left, each with the reason.

        Raises
        ------
        DataError
            Frames that were left are frames of a molecule that was taken, with a broken bond.
        """
        for (source, name, atoms), left in self._left.items():
            known = self._taken.get((name or str(source), atoms))
            if known and not left.whole:
                raise DataError(
                    f"every bond of {known} in every frame",
                    f"{_worst_bond(self.molecules[known], left.positions)} "
                    f"in frame {left.frame} of {source}",
                    "A reaction is no sample of the molecule; remove such frames.",
                )
        return tuple(
            (f"{source.name}{f' ({name})' if name else ''}", f"{left.count} frames: {left.reason}")
            for (source, name, _), left in self._left.items()
        )

    def _accept(
        self, molecule: Molecule, frames: RawFrames, positions: FloatArray, open_: BoolArray
    ) -> None:
        """Keep those of the open frames that have the bonds of a molecule, and close them."""
        places = np.flatnonzero(open_)
        places = places[topology_kept(molecule, positions[places])]
        if not len(places):
            return
        self._check_name(molecule, frames)
        name = called(frames)
        self._taken[name or str(frames.source), frames.numbers.tobytes()] = molecule.name
        self._keep(molecule, frames, positions, places)
        open_[places] = False

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
        name = called(frames)
        known = self._named.setdefault(name, molecule.name) if name else molecule.name
        parts = _as_parts(name)
        if parts is not None and parts != molecule.name:
            known = parts
        if known != molecule.name:
            raise DataError(
                f"one molecule, {known}, under the name {name!r}",
                f"a geometry of {molecule.name} ({molecule.smiles}) under it in {frames.source}",
                "Correct the names, or remove them: molecules are recognised without.",
            )

    def _recognise(self, frames: RawFrames, index: int, positions: FloatArray) -> Molecule | None:
        """Return the molecule of a frame, or note why it is none."""
        numbers = frames.numbers
        small = len(numbers) <= LARGEST
        try:
            if small:
                return recognise_geometry(numbers, positions)
            reason = f"{len(numbers)} atoms, more than {LARGEST}"
        except (NotOfThisKindError, UnknownNameError) as error:
            reason = error.found
        key = (frames.source, called(frames), numbers.tobytes())
        whole = not small or _is_whole(numbers, positions)
        left = self._left.get(key)
        if left is None or (left.whole and not whole):
            count = left.count if left else 0
            left = _Left(reason, frames.first + index, positions.copy(), whole, count)
            self._left[key] = left
        left.count += 1
        return None


def called(frames: RawFrames) -> str:
    """Return what the frames' metadata or, in the form X-n-Y, their file's name call them."""
    if frames.name:
        return frames.name
    found = [name for name in _NAME.findall(frames.source.stem) if _as_parts(name)]
    return found[0] if len(found) == 1 else ""


def _as_parts(name: str) -> str | None:
    """Return the canonical form of a name X-n-Y, None for other names."""
    try:
        return parse_name(name).name
    except RequestError:
        return None


def _is_whole(numbers: IntArray, positions: FloatArray) -> bool:
    """Return whether a geometry is one molecule of complete atoms, of whichever kind."""
    try:
        read_tree(numbers, perceive_bonds(numbers, positions), None)
    except RequestError:
        return False
    return True


def check_values(frames: RawFrames) -> None:
    """Raise ``DataError`` where a shape does not fit or a number is not finite or no element."""
    if ((frames.numbers < 0) | (frames.numbers > HEAVIEST)).any():
        raise DataError(
            f"atomic numbers of elements in frame {frames.first} of {frames.source}",
            f"{frames.numbers.min()} to {frames.numbers.max()}",
        )
    shape = (len(frames), len(frames.numbers), 3)
    for what in ("positions", "forces"):
        found = getattr(frames, what).shape
        if found != shape:
            raise DataError(
                f"{what} of shape {shape[1:]} (atoms, 3) in frame {frames.first} of "
                f"{frames.source}",
                f"shape {found[1:]}",
            )
    for what in ("positions", "energy", "forces"):
        values = getattr(frames, what).reshape(len(frames), -1)
        wrong = ~np.isfinite(values)
        if wrong.any():
            index = int(np.argmax(wrong.any(axis=1)))
            value = values[index][wrong[index]][0]
            raise DataError(
                f"finite {what} in every frame of {frames.source}",
                f"{value} in frame {frames.first + index}",
                "Remove such frames or label them anew.",
            )


def _worst_bond(molecule: Molecule, positions: FloatArray) -> str:
    """Say which bond is longest, or which atoms that are not bonded are nearest, for their kind."""
    ratio = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    ratio = ratio / covalent_sums(molecule.numbers)
    i, j = molecule.bonds.T
    longest = int(np.argmax(ratio[i, j]))
    first, second = int(i[longest]), int(j[longest])
    distance = float(np.linalg.norm(positions[first] - positions[second]))
    return f"atoms {first} and {second}, which are bonded, {distance:.2f} Angstrom apart"
