"""Which frame of a data set each foreign prediction is for: by what it says, never by its order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np

from mlip_compose.core.errors import CoverageError
from mlip_compose.core.records import MINIMUM, PRIMARY, SECONDARY, FloatArray
from mlip_compose.predictions.exchange.claims import Claim
from mlip_compose.predictions.exchange.split_document import parts_of
from mlip_compose.predictions.target import Target
from mlip_compose.store.reader import Store

TOLERANCE: Final = 1e-3
"""Angstrom; positions of one frame agree within this after a program has rounded them."""
SHOWN: Final = 10
WHOLE_OR_NONE: Final = ("train", MINIMUM)
"""Parts that may be absent as a whole: without them there are fewer numbers, not wrong ones."""
UNUSED: Final = "validation"


class Place(NamedTuple):
    """A frame of a data set."""

    molecule: str
    trajectory: str
    frame: int

    def __str__(self) -> str:
        return "/".join(map(str, self))


class Matches(NamedTuple):
    """Predictions by frame, validation frames left out, and the parts that are there."""

    claims: Mapping[Place, Claim]
    parts: tuple[str, ...]


def match(claims: Iterable[Claim], store: Store, target: Target) -> Matches:
    """Find the frame of each prediction, and hold them against the frames of a split.

    Raises
    ------
    CoverageError
        Predictions are for no frame, for one that is predicted twice or is not in the split, or
        frames of the split are missing. Names the first of each kind, and how many there are.
    """
    parts = {
        Place(each.molecule, each.trajectory, frame): part
        for part, molecules in parts_of(target.selection, store).items()
        for each in molecules
        for frame in each.frames
    }
    finder = _Finder(store)
    found: dict[Place, Claim] = {}
    wrong: list[str] = []
    twice: list[str] = []
    surplus: list[str] = []
    for claim in claims:
        place = finder.find(claim)
        if isinstance(place, str):
            wrong.append(f"{claim.where} ({place})")
        elif place in found:
            twice.append(f"{place} ({found[place].where}; {claim.where})")
        else:
            found[place] = claim
            if place not in parts:
                surplus.append(f"{place} ({claim.where})")
    present = Counter(parts[place] for place in found if place in parts)
    missing = [
        str(place)
        for place, part in parts.items()
        if place not in found and part != UNUSED and (present[part] or part not in WHOLE_OR_NONE)
    ]
    problems = {"wrong": wrong, "predicted twice": twice, "surplus": surplus, "missing": missing}
    if any(problems.values()):
        raise CoverageError(
            f"predictions of exactly the frames of the task {target.split.task!r}, level "
            f"{target.level}, in {store.name}, each once",
            "; ".join(_listed(what, names) for what, names in problems.items() if names),
            "Predict the files of `mlip-compose data export --task` of the task, level, seed and "
            "number of frames that were trained on.",
        )
    kept = {place: claim for place, claim in sorted(found.items()) if parts[place] != UNUSED}
    return Matches(kept, tuple(sorted(present)))


def _listed(what: str, names: list[str]) -> str:
    rest = f", and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{len(names)} {what}: {', '.join(names[:SHOWN])}{rest}"


class _Finder:
    """Finds frames of a store; positions of each trajectory are read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._positions: dict[tuple[str, str], FloatArray] = {}

    def find(self, claim: Claim) -> Place | str:
        """Return the frame that a prediction is for, or why there is no such."""
        if claim.molecule and claim.molecule not in self._store.molecules:
            return f"no molecule {claim.molecule!r} in {self._store.name}"
        if claim.molecule and (reason := self._other_atoms(claim, claim.molecule)):
            return reason
        if claim.molecule and claim.trajectory and claim.frame >= 0:
            place = Place(claim.molecule, claim.trajectory, claim.frame)
            if claim.frame >= len(self._of(claim.molecule, claim.trajectory)):
                return f"no frame {place} in {self._store.name}"
            if claim.positions is None or self._near(claim.positions, place):
                return place
            return f"other positions than {place}"
        if claim.positions is None:
            return "nothing says of which frame it is"
        near = list(self._like(claim, claim.positions))
        if len(near) == 1:
            return near[0]
        said = ", ".join(
            text
            for text in (
                claim.molecule,
                claim.trajectory,
                f"frame {claim.frame}" if claim.frame >= 0 else "",
            )
            if text
        )
        asked = f"of {said} " if said else ""
        if not near:
            return f"no frame {asked}has these positions within {TOLERANCE} Angstrom"
        return f"several frames {asked}have these positions: {', '.join(map(str, near[:3]))}"

    def _like(self, claim: Claim, positions: FloatArray) -> Iterator[Place]:
        """Yield the frames that agree with what is said, and with the positions."""
        for name in (claim.molecule,) if claim.molecule else self._store.molecules:
            if self._other_atoms(claim, name):
                continue
            for trajectory in (
                (claim.trajectory,) if claim.trajectory else (PRIMARY, SECONDARY, MINIMUM)
            ):
                there = self._of(name, trajectory)
                if not len(there):
                    continue
                near = (np.abs(there - positions) <= TOLERANCE).all(axis=(1, 2))
                for frame in np.flatnonzero(near):
                    if claim.frame in (-1, frame):
                        yield Place(name, trajectory, int(frame))

    def _other_atoms(self, claim: Claim, name: str) -> str:
        """Return how the atoms of a prediction differ from a molecule's; empty if not."""
        numbers = self._store.molecules[name].numbers
        if claim.numbers is not None and not np.array_equal(claim.numbers, numbers):
            same = np.array_equal(np.sort(claim.numbers), np.sort(numbers))
            return f"the atoms of {name} in another order" if same else f"not the atoms of {name}"
        for array in (claim.forces, claim.positions):
            if array is not None and array.shape != (len(numbers), 3):
                return f"{len(array)} atoms where {name} has {len(numbers)}"
        return ""

    def _near(self, positions: FloatArray, place: Place) -> bool:
        there = self._of(place.molecule, place.trajectory)[place.frame]
        return bool((np.abs(there - positions) <= TOLERANCE).all())

    def _of(self, molecule: str, trajectory: str) -> FloatArray:
        """Return positions of a trajectory, (F, N, 3); of no frames where there is none."""
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
