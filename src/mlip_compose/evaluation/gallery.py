"""The gallery: a few frames of every tested molecule, with the forces of all potentials.

Of each molecule that a task tests on at most two frames are kept: the one with the median error and
the one with the largest (:func:`choose`). Positions and forces are whole numbers of 16 bits,
compressed, so that the frames of a study weigh a few megabytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from mlip_compose.core.documents import Strict
from mlip_compose.core.packing import pack, unpack
from mlip_compose.core.records import FloatArray, Role, TestPart

GALLERY_SCHEMA: Final = 1
LENGTH_STEP: Final = 1e-3  # Angstrom
FORCE_STEP: Final = 1e-3  # eV/Angstrom
LARGEST: Final = 32767
"""Steps; what is larger is clipped to it: 32.8 Angstrom and 32.8 eV/Angstrom."""

FAILED: Final = -32768
"""Stands for a component of a prediction that failed."""

Why = Literal["median", "largest"]
Atom = Annotated[int, Field(ge=0)]
Codes = NDArray[np.int16]


class GalleryMolecule(Strict):
    """The graph of a molecule: elements, and bonds as (atom, atom, order).

    Aromatic bonds are written as single and double ones. Formal charges stand in it where there are
    any.
    """

    name: str
    smiles: str
    numbers: tuple[Annotated[int, Field(ge=1, le=118)], ...] = Field(min_length=1)
    bonds: tuple[tuple[Atom, Atom, Annotated[int, Field(ge=1, le=3)]], ...]
    charges: tuple[int, ...] = Field(default=(), exclude_if=lambda charges: not charges)

    @model_validator(mode="after")
    def _of_its_atoms(self) -> Self:
        pairs = [(a, b) for a, b, _ in self.bonds]
        if any(max(pair) >= len(self.numbers) or pair[0] == pair[1] for pair in pairs):
            raise ValueError(f"bonds of other atoms than those of {self.name}")
        if len({frozenset(pair) for pair in pairs}) < len(pairs):
            raise ValueError(f"a bond of {self.name} twice")
        return self


class GalleryPotential(Strict):
    """A potential whose forces are in a set, under the name of its row."""

    name: str
    role: Role


class GalleryFrame(Strict):
    """One frame of a molecule.

    Attributes
    ----------
    frame
        Index in its trajectory.
    why
        ``median`` or ``largest``: its place among the molecule's test frames (see ``choose``).
    errors
        Force MAE of this frame, meV/Angstrom, in the order of the set's potentials; None where the
        prediction failed.
    """

    trajectory: str
    frame: int
    why: Why
    errors: tuple[float | None, ...]


class GalleryMember(Strict):
    """A molecule in a set: on which side it is tested, its novel atoms, and its frames."""

    molecule: str
    part: TestPart
    novel: tuple[Atom, ...]
    frames: tuple[GalleryFrame, ...]


class GallerySet(Strict):
    """The frames of one task at one level, as potentials trained with one seed predict them.

    Attributes
    ----------
    coverage_radius
        r*; atoms are novel by their environment one bond further.
    values
        Numbers as :func:`encode` writes them: positions (in ``LENGTH_STEP``), reference forces and,
        for each potential, predicted minus reference forces (in ``FORCE_STEP``). A potential of the
        role ``scale`` has its predicted forces, which are mostly zero. Each is (atoms of all
        frames, 3), with frames in the order of the members.
    clipped
        Number of these numbers that were too large and were clipped.
    """

    task: str
    level: int
    seed: int
    coverage_radius: int
    potentials: tuple[GalleryPotential, ...]
    members: tuple[GalleryMember, ...]
    values: str
    clipped: int = 0


class Gallery(Strict):
    """The gallery of a study, one set for each task and level.

    ``sources`` maps the ids of what was predicted to the checksums of the predictions: they say
    whether the gallery is still that of the study.
    """

    schema_version: Literal[1] = GALLERY_SCHEMA
    dataset_sha256: str
    sources: dict[str, str]
    molecules: tuple[GalleryMolecule, ...] = ()
    sets: tuple[GallerySet, ...] = Field(default=())

    @model_validator(mode="after")
    def _whole(self) -> Self:
        atoms = {molecule.name: len(molecule.numbers) for molecule in self.molecules}
        for frames in self.sets:
            if lacking := [m.molecule for m in frames.members if m.molecule not in atoms]:
                raise ValueError(f"no graph of {', '.join(lacking)}")
            if any(max(m.novel, default=0) >= atoms[m.molecule] for m in frames.members):
                raise ValueError(f"novel atoms of {frames.task} that there are not")
            n_errors = {len(frame.errors) for m in frames.members for frame in m.frames}
            if n_errors - {len(frames.potentials)}:
                raise ValueError(f"errors of {frames.task} of other than its potentials")
            rows = sum(atoms[m.molecule] * len(m.frames) for m in frames.members)
            expected = 3 * rows * (2 + len(frames.potentials))
            if (size := len(decode(frames.values, expected))) != expected:
                raise ValueError(f"{size} values of {frames.task}, not {expected}")
        return self


def choose(errors: NDArray[np.float64], roles: Sequence[str]) -> list[tuple[int, Why]]:
    """Choose the frames of a molecule that are worth a look.

    Frames are ordered by the mean of the force errors of the learned potentials; where there is
    none, of the feasibility rows, and of all where there are none of these either. A prediction
    that failed counts as larger than any error.

    Parameters
    ----------
    errors : (potentials, F) float
        Force error of each frame; NaN where the prediction failed.
    roles
        Roles of the potentials.

    Returns
    -------
    list
        The frame with the median error (of an even number the lower of the middle two), then the
        one with the largest, where that is another; ties go to the first frame.
    """
    rows = [i for i, role in enumerate(roles) if role == "learned"]
    rows = rows or [i for i, role in enumerate(roles) if role == "feasibility"]
    rows = rows or list(range(len(roles)))
    mean = np.nan_to_num(errors[rows].mean(axis=0), nan=np.inf)
    order = np.argsort(mean, kind="stable")
    median = int(order[(len(order) - 1) // 2])
    largest = int(np.argmax(mean))
    chosen: list[tuple[int, Why]] = [(median, "median")]
    return chosen if largest == median else [*chosen, (largest, "largest")]


def quantise(values: FloatArray, step: float) -> tuple[Codes, int]:
    """Return values in whole steps, and the number that were clipped; NaN is ``FAILED``."""
    steps = np.asarray(values, dtype=np.float64) / step
    finite = np.isfinite(steps)
    whole = np.rint(np.where(finite, steps, 0.0))
    clipped = int(np.count_nonzero(np.abs(whole) > LARGEST))
    codes = np.clip(whole, -LARGEST, LARGEST).astype(np.int16)
    return np.where(finite, codes, np.int16(FAILED)), clipped


def encode(codes: Codes) -> str:
    """Compress whole numbers to text.

    The low bytes of all numbers, then the high ones, of 2 v for v >= 0 and of -2 v - 1 below
    (numbers of either sign that are small have a high byte of 0); packed as text.
    """
    wide = codes.astype(np.int32)
    folded = np.where(wide < 0, -2 * wide - 1, 2 * wide).astype(np.uint16)
    planes = np.concatenate([folded & 0xFF, folded >> 8]).astype(np.uint8)
    return pack(planes.tobytes())


def decode(text: str, most: int | None = None) -> Codes:
    """Return the whole numbers that ``encode`` was given.

    Parameters
    ----------
    text
        Text that ``encode`` returned.
    most
        Number of numbers that a text of others may hold; None for a text of our own.

    Raises
    ------
    ValueError
        The text is damaged, or of more numbers.
    """
    content = unpack(text, None if most is None else 2 * most)
    if len(content) % 2:
        raise ValueError(f"damaged values: {len(content)} bytes, not two for each number")
    low, high = np.frombuffer(content, np.uint8).reshape(2, -1).astype(np.int32)
    folded = low | high << 8
    return np.where(folded & 1, -(folded + 1) // 2, folded // 2).astype(np.int16)
