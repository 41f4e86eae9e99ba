"""The frame that each imported prediction is for: by its claim, never by its order.

Positions of a claim may be shifted, turned, rounded or in another order of atoms; its forces are
turned and put in order with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from mlip_compose.core.errors import CoverageError, NotOfThisKindError
from mlip_compose.core.records import MINIMUM, PRIMARY, SECONDARY, BoolArray, FloatArray
from mlip_compose.molecules.mapping import order_as_in, superposed
from mlip_compose.molecules.perception import molecule_of_geometry
from mlip_compose.predictions.exchange.claims import Claim
from mlip_compose.predictions.exchange.split_document import frames_by_part
from mlip_compose.predictions.target import Target
from mlip_compose.store.reader import Store
from mlip_compose.tasks.fingerprints import sorted_distances

TOLERANCE: Final = 1e-3
"""Angstrom; positions of one frame agree within this after a program has rounded them."""
MOVED_TOLERANCE: Final = 0.0075
"""Angstrom; atoms of one frame agree within this when the geometries are laid on each other.

Coordinates of two decimals are off by at most 0.005; frames of one trajectory by some tenths.
"""
SHOWN: Final = 10
WHOLE_OR_NONE: Final = ("train", MINIMUM)
"""Parts that may be absent as a whole: without them there are fewer numbers, not wrong ones."""
UNUSED: Final = "validation"


class FrameKey(NamedTuple):
    """A frame of a data set; written ``OH-4-H/primary/7``."""

    molecule: str
    trajectory: str
    frame: int

    def __str__(self) -> str:
        return "/".join(map(str, self))


class Matches(NamedTuple):
    """Claims by the frame that they are for, and the parts of the split that are there.

    Validation frames are left out. ``moved`` is the number of claims whose geometries were shifted,
    turned, rounded or in another order of atoms.
    """

    claims: Mapping[FrameKey, Claim]
    parts: tuple[str, ...]
    moved: int = 0


def match(claims: Iterable[Claim], store: Store, target: Target) -> Matches:
    """Find the frame of each claim, and hold the frames against those of a split.

    Raises
    ------
    CoverageError
        A claim is for no frame, for a frame that is predicted twice or is not in the split, or
        frames of the split are missing. The message names the first of each kind, and how many
        there are.
    """
    part_of = {
        FrameKey(frames.molecule, frames.trajectory, index): part
        for part, molecules in frames_by_part(target.selection, store).items()
        for frames in molecules
        for index in frames.frames
    }
    finder = _FrameFinder(store)
    moved = 0
    matches: dict[FrameKey, Claim] = {}
    wrong: list[str] = []
    repeated: list[str] = []
    surplus: list[str] = []
    for claim in claims:
        found = finder.find(claim)
        if isinstance(found, str):
            wrong.append(f"{claim.where} ({found})")
            continue
        key, fitted = found
        moved += fitted is not claim
        if key in matches:
            repeated.append(f"{key} ({matches[key].where}; {claim.where})")
        else:
            matches[key] = fitted
            if key not in part_of:
                surplus.append(f"{key} ({claim.where})")
    present = Counter(part_of[key] for key in matches if key in part_of)
    missing = [
        str(key)
        for key, part in part_of.items()
        if key not in matches and part != UNUSED and (present[part] or part not in WHOLE_OR_NONE)
    ]
    problems = {
        "wrong": wrong,
        "predicted twice": repeated,
        "surplus": surplus,
        "missing": missing,
    }
    if any(problems.values()):
        raise CoverageError(
            f"predictions of exactly the frames of the task {target.split.task!r}, level "
            f"{target.level}, in {store.name}, each once",
            "; ".join(_listed(problem, names) for problem, names in problems.items() if names),
            "Predict the files of `mlip-compose data export --task` of the task, level, seed and "
            "number of frames that were trained on.",
        )
    kept = {key: claim for key, claim in sorted(matches.items()) if part_of[key] != UNUSED}
    return Matches(kept, tuple(sorted(present)), moved)


def _listed(problem: str, names: list[str]) -> str:
    rest = f", and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{len(names)} {problem}: {', '.join(names[:SHOWN])}{rest}"


class _FrameFinder:
    """Finds frames of a store; reads the positions of each trajectory once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._positions: dict[tuple[str, str], FloatArray] = {}
        self._prints: dict[tuple[str, str], FloatArray] = {}

    def find(self, claim: Claim) -> tuple[FrameKey, Claim] | str:
        """Return the frame that a claim is for, with the claim as of that frame, or why not."""
        if claim.molecule and claim.molecule not in self._store.molecules:
            return f"no molecule {claim.molecule!r} in {self._store.name}"
        if claim.molecule and (reason := self._other_atoms(claim, claim.molecule)):
            return reason
        if claim.molecule and claim.trajectory and claim.frame >= 0:
            return self._named(claim, FrameKey(claim.molecule, claim.trajectory, claim.frame))
        if claim.positions is None:
            return "nothing says of which frame it is"
        near = list(self._near_frames(claim, claim.positions))
        near = near or list(self._alike_frames(claim, claim.positions))
        if len(near) == 1:
            return near[0]
        index = f"frame {claim.frame}" if claim.frame >= 0 else ""
        names = ", ".join(filter(None, (claim.molecule, claim.trajectory, index)))
        scope = f" of {names}" if names else ""
        if not near:
            return (
                f"no frame{scope} has these positions within {TOLERANCE} Angstrom, or "
                f"{MOVED_TOLERANCE} when laid on them"
            )
        keys = ", ".join(str(key) for key, _ in near[:3])
        return f"several frames{scope} have these positions: {keys}"

    def _named(self, claim: Claim, key: FrameKey) -> tuple[FrameKey, Claim] | str:
        """Return the frame that a claim names, if it exists and positions agree, or why not."""
        frames = self._trajectory(key.molecule, key.trajectory)
        if key.frame >= len(frames):
            return f"no frame {key} in {self._store.name}"
        fitted = self._fitted(claim, key.molecule, frames[key.frame])
        if fitted is not None:
            return key, fitted
        numbers = self._store.molecules[key.molecule].numbers
        if claim.numbers is not None and not np.array_equal(claim.numbers, numbers):
            return f"the atoms of {key.molecule} in another order, and no geometry of {key}"
        return f"other positions than {key}"

    def _near_frames(self, claim: Claim, positions: FloatArray) -> Iterator[tuple[FrameKey, Claim]]:
        """Yield the frames that agree with the names of a claim and with its positions."""
        for name, trajectory in self._scope(claim):
            numbers = self._store.molecules[name].numbers
            if claim.numbers is not None and not np.array_equal(claim.numbers, numbers):
                continue
            for index in np.flatnonzero(_are_near(self._trajectory(name, trajectory), positions)):
                if claim.frame in (-1, index):
                    yield FrameKey(name, trajectory, int(index)), claim

    def _alike_frames(
        self, claim: Claim, positions: FloatArray
    ) -> Iterator[tuple[FrameKey, Claim]]:
        """Yield the frames with the distances of a claim that can be laid on its positions."""
        for name, trajectory in self._scope(claim):
            numbers = self._store.molecules[name].numbers
            key = name, trajectory
            if key not in self._prints:
                self._prints[key] = sorted_distances(numbers, self._trajectory(*key))
            own = numbers if claim.numbers is None else claim.numbers
            off = self._prints[key] - sorted_distances(own, positions[None])
            for index in np.flatnonzero((np.abs(off) <= 4 * MOVED_TOLERANCE).all(axis=1)):
                frame = self._trajectory(name, trajectory)[index]
                fitted = self._fitted(claim, name, frame)
                if claim.frame in (-1, index) and fitted is not None:
                    yield FrameKey(name, trajectory, int(index)), fitted

    def _scope(self, claim: Claim) -> Iterator[tuple[str, str]]:
        """Yield the molecules and trajectories that agree with the names and atoms of a claim."""
        for name in (claim.molecule,) if claim.molecule else self._store.molecules:
            if self._other_atoms(claim, name):
                continue
            for trajectory in (
                (claim.trajectory,) if claim.trajectory else (PRIMARY, SECONDARY, MINIMUM)
            ):
                yield name, trajectory

    def _fitted(self, claim: Claim, name: str, frame: FloatArray) -> Claim | None:
        """Return a claim with the positions of a frame and its forces turned and put in order.

        None where its geometry is another one.
        """
        molecule = self._store.molecules[name]
        if claim.positions is None:
            same = claim.numbers is None or np.array_equal(claim.numbers, molecule.numbers)
            return claim if same else None
        positions, forces = claim.positions, claim.forces
        order = None
        if claim.numbers is not None and not np.array_equal(claim.numbers, molecule.numbers):
            try:
                own = molecule_of_geometry(
                    claim.numbers, positions, molecule.charge, "", molecule.spin
                )
                order = order_as_in(molecule, frame, own, positions)
            except (NotOfThisKindError, ValueError):
                return None
            positions, forces = positions[order], forces[order]
        if _are_near(frame, positions):
            return claim if order is None else replace(claim, positions=positions, forces=forces)
        rotation, shift = superposed(frame, positions)
        moved = positions @ rotation + shift
        if not (np.abs(moved - frame) <= MOVED_TOLERANCE).all():
            return None
        return replace(claim, positions=moved, forces=forces @ rotation)

    def _other_atoms(self, claim: Claim, name: str) -> str:
        """Return how the atoms of a claim differ from a molecule's; empty where they do not."""
        numbers = self._store.molecules[name].numbers
        if claim.numbers is not None and not np.array_equal(claim.numbers, numbers):
            same = np.array_equal(np.sort(claim.numbers), np.sort(numbers))
            if not same:
                return f"not the atoms of {name}"
            if claim.positions is None:
                return f"the atoms of {name} in another order"
        for array in (claim.forces, claim.positions):
            if array is not None and array.shape != (len(numbers), 3):
                return f"{len(array)} atoms where {name} has {len(numbers)}"
        return ""

    def _trajectory(self, molecule: str, trajectory: str) -> FloatArray:
        """Return the positions of a trajectory, (F, N, 3); F is 0 where the store has none."""
        key = molecule, trajectory
        if key not in self._positions:
            self._positions[key] = self._read(molecule, trajectory).astype(np.float64)
        return self._positions[key]

    def _read(self, molecule: str, trajectory: str) -> FloatArray:
        store = self._store
        if trajectory == MINIMUM and store.has_minimum(molecule):
            return store.minimum(molecule).positions
        if trajectory != MINIMUM and store.n_frames(molecule, trajectory):
            return store.frames(molecule, trajectory).positions
        return np.empty((0, store.molecules[molecule].n_atoms, 3))


def _are_near(frames: FloatArray, positions: FloatArray) -> BoolArray:
    """Return whether positions (N, 3) are those of a frame (N, 3), or of each of several."""
    return np.asarray((np.abs(frames - positions) <= TOLERANCE).all(axis=(-2, -1)))
