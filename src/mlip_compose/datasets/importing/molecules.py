"""The molecule of each imported frame: from its geometry, held against the name it has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from mlip_compose.core.errors import DataError, NotOfThisKindError, RequestError
from mlip_compose.core.records import BoolArray, FloatArray, IntArray, Molecule
from mlip_compose.datasets.importing.bad_frames import BadFrames
from mlip_compose.molecules.geometry import most_changed_bond, topology_kept
from mlip_compose.molecules.mapping import order_as_in
from mlip_compose.molecules.perception import molecule_of_geometry, molecule_of_graph
from mlip_compose.molecules.series import parse_name
from mlip_compose.store.formats.base import RawFrames
from mlip_compose.store.schema import group_name

HEAVIEST: Final = 118
"""Largest atomic number, that of oganesson."""

_Atoms = tuple[bytes, int, int]
"""Atomic numbers in their order, total charge, and spin multiplicity."""

_NAME: Final = re.compile(r"(?<![A-Za-z0-9])[A-Z][A-Za-z0-9]*-[0-9]+-[A-Z][A-Za-z0-9]*")


def check_values(frames: RawFrames) -> None:
    """Check that atomic numbers are of elements, and shapes fit each other.

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


class SortedFrames(NamedTuple):
    """A molecule and its frames among those that were sorted.

    Attributes
    ----------
    molecule
        The molecule.
    rows : (F,) int
        Indices of its frames.
    order : (N,) int | None
        Order that turns their atoms into those of the molecule; None where they have it.
    """

    molecule: Molecule
    rows: IntArray
    order: IntArray | None = None


@dataclass
class _Unrecognised:
    """Frames of one source, name and order of atoms whose molecule was not found.

    Attributes
    ----------
    reason
        Why the first of the frames is none.
    positions : (N, 3) float
        The positions of this frame, Angstrom.
    frames
        Indices of the frames in their source.
    """

    reason: str
    positions: FloatArray
    frames: list[int]


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
        self._geometry: dict[str, FloatArray] = {}  # that of the first frame
        self._labelled: dict[str, set[str]] = {}  # molecules by their label
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
            Frames have the name of another molecule.
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
                known, order = self._register(recognised, frames, index, positions[index])
                groups += self._accepted(known, frames, positions, is_open, order)
        return groups

    def skipped(self, bad: BadFrames) -> tuple[tuple[str, str], ...]:
        """Return the frames whose molecule was not found: their source, and the reason.

        Frames that have the atoms of a molecule that others are of, and in which a bond broke or
        formed, are noted as bad ones.
        """
        left = []
        for (source, name, atoms), frames in self._unrecognised.items():
            molecule = self._molecule_in.get((name or str(source), atoms))
            if molecule:
                changed = most_changed_bond(self.molecules[molecule], frames.positions)
                several = len(frames.frames) > 1
                reason = f"{'a bond broke or formed, the first: ' if several else ''}{changed}"
                bad.add(source.name, reason, frames.frames)
            else:
                source_name = f"{source.name}{f' ({name})' if name else ''}"
                left.append((source_name, f"{len(frames.frames)} frames: {frames.reason}"))
        return tuple(left)

    def _accepted(
        self,
        molecule: Molecule,
        frames: RawFrames,
        positions: FloatArray,
        is_open: BoolArray,
        order: IntArray | None = None,
    ) -> list[SortedFrames]:
        """Take the open frames that have the bonds of a molecule in an order, and close them."""
        rows = np.flatnonzero(is_open)
        own = positions[rows] if order is None else positions[rows][:, order]
        rows = rows[topology_kept(molecule, own)]
        if not len(rows):
            return []
        self._check_name(molecule, frames)
        key = name_of(frames) or str(frames.source), _atoms_of(frames)
        self._molecule_in[key] = molecule.name
        is_open[rows] = False
        return [SortedFrames(molecule, rows, order)]

    def _register(
        self, molecule: Molecule, frames: RawFrames, index: int, positions: FloatArray
    ) -> tuple[Molecule, IntArray | None]:
        """Note a molecule; one that is known returns with the order of its atoms in the frame."""
        place = f"frame {frames.first + index} of {frames.source}"
        identity = molecule.smiles, molecule.inchikey, molecule.charge, molecule.spin
        if same := self._names.get(identity):
            known = self.molecules[same]
            return known, order_as_in(known, self._geometry[same], molecule, positions)
        other = self.molecules.get(molecule.name)
        if other and frames.is_label:
            molecule = molecule.called(_systematic_name(molecule))
        elif other:
            raise DataError(
                f"one molecule, {other.smiles}, under the name {other.name!r}",
                f"{molecule.smiles} under it in {place}",
                "Correct the names, or remove them: molecules are recognised without.",
            )
        self._names[identity] = molecule.name
        self.molecules[molecule.name] = molecule
        self._geometry[molecule.name] = positions.copy()
        self._by_atoms.setdefault(_atoms_of(frames), []).append(molecule)
        return molecule, None

    @property
    def labels(self) -> dict[str, int]:
        """Names that several molecules have, and so are none, with the number of molecules."""
        return {name: len(own) for name, own in self._labelled.items() if len(own) > 1}

    def final_name(self, name: str) -> str:
        """Return the name of a molecule once all frames are read: a label is none."""
        return _systematic_name(self.molecules[name]) if name in self.labels else name

    def _check_name(self, molecule: Molecule, frames: RawFrames) -> None:
        name = name_of(frames)
        if frames.is_label and not _canonical_name(name):
            self._labelled.setdefault(name, set()).add(molecule.name)
            return
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
        first = _Unrecognised(reason, positions.copy(), [])
        self._unrecognised.setdefault(key, first).frames.append(frames.first + index)
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


def _systematic_name(molecule: Molecule) -> str:
    """Return the name that a molecule has where nobody names it."""
    graph = molecule.numbers, molecule.bonds, molecule.bond_orders, molecule.charges
    return molecule_of_graph(*graph, spin=molecule.spin).name


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
